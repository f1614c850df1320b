"""The verbs of a deal. Each locks the row, decides on what it then reads, writes, and records an event.

All raise PermissionDenied when the member may not, and ActionRefused (with a sentence for the person who
asked) when the programme's rules forbid it now. `version`, where given, is the version the person was
looking at: an older one is refused, so that nobody decides on what they have not seen.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.deals.enums import (
    OPEN_STAGES,
    REVERSED_STATUSES,
    REVERSIBLE_STATUSES,
    TRANSITIONS,
    RegistrationStatus,
    SalesStage,
)
from partners.deals.limits import (
    refuse_unless_complete,
    refuse_unless_writing,
    refuse_without,
    refuse_wrong_day,
)
from partners.deals.models import Deal, DealPolicy
from partners.deals.queries import holder_of, policy
from partners.deals.workdays import local_day, today
from partners.directory.actions import link_customer
from partners.directory.models import Customer, Partner
from portal.accounts.access import can, check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.money import convert
from portal.tenancy.sequences import next_number

Status = RegistrationStatus
Changes = dict[str, Any]

DRAFT_FIELDS = frozenset(
    {"title", "customer", "product", "amount", "expected_close", "stage", "notes", "owner"}
)
OPEN_FIELDS = frozenset({"amount", "expected_close", "notes", "owner"})
EXCLUSION_VIOLATION, DEADLOCK, SERIALIZATION = "23P01", "40P01", "40001"

_CANNOT: dict[str, Promise] = {
    "submit": gettext_lazy("be submitted"),
    "start_review": gettext_lazy("be taken into review"),
    "approve": gettext_lazy("be approved"),
    "return": gettext_lazy("be returned"),
    "reject": gettext_lazy("be rejected"),
    "withdraw": gettext_lazy("be withdrawn"),
    "win": gettext_lazy("be reported won"),
    "lose": gettext_lazy("be reported lost"),
    "expire": gettext_lazy("expire"),
    "cancel": gettext_lazy("be cancelled"),
    "reverse": gettext_lazy("be reversed"),
}


# --- writing it down ---------------------------------------------------------------------------


def create_draft(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: Any) -> Deal:
    """A new registration, not yet submitted. `amount` is in minor units of the tenant's currency.

    A form gives its own `deal_id`, so that sending it twice makes one deal.
    """
    check(by, "deals.add_deal", Deal(partner=partner))
    refuse_unless_writing(partner)
    _only(fields, DRAFT_FIELDS)
    tenant = by.tenant
    deal = Deal(
        partner=partner,
        number=next_number("DR", year=today(tenant).year),
        status=Status.DRAFT,
        currency=tenant.currency,
        owner=fields.pop("owner", by if by.is_partner else None),
        **fields,
    )
    if deal_id:
        deal.id = deal_id
    _derive(deal, tenant.currency)
    try:
        with transaction.atomic():
            deal.save(force_insert=True)
    except IntegrityError:
        if deal_id is None:
            raise
        # The same form a second time: the first one has won.
        first = Deal.objects.filter(pk=deal_id, partner=partner).first()
        if first is None:
            raise
        return first
    record("deal.created", subject=deal, by=by, partner_id=partner.pk, data={"new": _values(deal, _WRITTEN)})
    return deal


def update_deal(deal: Deal, *, by: Membership, version: int | None = None, **fields: Any) -> Deal:
    """Change what a draft or a returned registration says, or an open deal's forecast.

    An approved registration keeps the customer, product and title it was approved with.
    """
    deal = _lock(deal)
    check(by, "deals.change_deal", deal)
    _refuse_if_stale(deal, version)
    refuse_unless_writing(deal.partner)
    if deal.is_editable:
        _only(fields, DRAFT_FIELDS)
    elif deal.is_live:
        _only(fields, OPEN_FIELDS)
    else:
        raise ActionRefused(
            _("A deal that is %(state)s can no longer be changed.") % {"state": deal.state_label}
        )
    before = _values(deal, _WRITTEN)
    for name, value in fields.items():
        setattr(deal, name, value)
    _derive(deal, by.tenant.currency)
    after = _values(deal, _WRITTEN)
    changed = [name for name in _WRITTEN if before[name] != after[name]]
    if not changed:
        return deal
    if deal.status == Status.APPROVED and "amount" in changed and deal.amount is None:
        raise ActionRefused(_("Say what the deal is worth."), field="amount")
    _save(deal, changed)
    data = {"old": {name: before[name] for name in changed}, "new": {name: after[name] for name in changed}}
    record("deal.updated", subject=deal, by=by, partner_id=deal.partner_id, data=data)
    return deal


def move_stage(deal: Deal, stage: SalesStage, *, by: Membership, version: int | None = None) -> Deal:
    """Say how far the sale is. Winning and losing have verbs of their own."""
    deal = _lock(deal)
    check(by, "deals.move_deal", deal)
    _refuse_if_stale(deal, version)
    refuse_unless_writing(deal.partner)
    if stage not in OPEN_STAGES:
        raise ActionRefused(_("Report the deal won or lost to close it."), field="stage")
    if not deal.is_live:
        raise ActionRefused(
            _("The stage of a deal that is %(state)s can no longer change.") % {"state": deal.state_label}
        )
    if deal.stage == stage:
        return deal
    return _write(deal, "deal.stage_moved", by, {"stage": SalesStage(stage)})


# --- registration ------------------------------------------------------------------------------


def submit(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Ask the vendor to decide. Complete, and at most as many times again as the policy allows."""
    deal = _begin(deal, "submit", by, version)
    refuse_unless_writing(deal.partner)
    rules = policy()
    refuse_unless_complete(deal, rules)
    again = deal.status == Status.RETURNED
    if again and deal.resubmissions >= rules.max_resubmissions:
        raise ActionRefused(
            ngettext(
                "This registration has been submitted again %(count)s time already, which is the most allowed.",
                "This registration has been submitted again %(count)s times already, which is the most allowed.",
                rules.max_resubmissions,
            )
            % {"count": rules.max_resubmissions}
        )
    now = timezone.now()
    changes: Changes = {
        "status": Status.SUBMITTED,
        "submitted_at": now,
        "first_submitted_at": deal.first_submitted_at or now,
        "engaged_on": deal.engaged_on or local_day(now, by.tenant),
        "resubmissions": deal.resubmissions + again,
        "decision_reason": "",
    }
    return _write(deal, "deal.submitted", by, changes)


def register(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: Any) -> Deal:
    """Draft and submit in one step: both happen or neither."""
    with transaction.atomic():
        deal = create_draft(partner, by=by, deal_id=deal_id, **fields)
        return deal if deal.status != Status.DRAFT else submit(deal, by=by)


def start_review(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Take a submitted registration in hand, so that the partner sees that someone looks at it."""
    deal = _begin(deal, "start_review", by, version)
    return _write(deal, "deal.review_started", by, {"status": Status.IN_REVIEW})


def approve(deal: Deal, *, by: Membership, note: str = "", version: int | None = None) -> Deal:
    """Grant protection from now on. The customer and product family must be free of another holder."""
    deal = _begin(deal, "approve", by, version)
    refuse_unless_writing(deal.partner)
    rules = policy()
    refuse_unless_complete(deal, rules, minimum=False)
    # Approvals of one customer queue here. Without it, two that insert at once into the exclusion index
    # can wait for each other, and one of them dies of a deadlock instead of a clear answer.
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.customer_id)
    now = timezone.now()
    _refuse_if_held(deal, now)
    changes: Changes = {
        "status": Status.APPROVED,
        "decided_at": now,
        "decided_by_id": by.pk,
        "decision_reason": note,
        "protection": DateTimeTZRange(now, now + timedelta(days=rules.protection_days), "[)"),
    }
    return _write_exclusively(deal, "deal.approved", by, changes)


def return_for_changes(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Give a registration back, saying what is missing."""
    deal = _begin(deal, "return", by, version)
    refuse_without(reason, _("Say what is missing, so that the partner can complete it."))
    return _write(deal, "deal.returned", by, {"status": Status.RETURNED, "decision_reason": reason.strip()})


def reject(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Refuse a registration for good."""
    deal = _begin(deal, "reject", by, version)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    changes = {
        "status": Status.REJECTED,
        "decided_at": timezone.now(),
        "decided_by_id": by.pk,
        "decision_reason": reason.strip(),
    }
    return _write(deal, "deal.rejected", by, changes)


def withdraw(deal: Deal, *, by: Membership, reason: str = "", version: int | None = None) -> Deal:
    """Take a registration back before it is decided."""
    deal = _begin(deal, "withdraw", by, version)
    refuse_unless_writing(deal.partner)
    return _write(deal, "deal.withdrawn", by, {"status": Status.WITHDRAWN}, reason=reason.strip())


def cancel(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """End an approved registration and its protection before its time."""
    deal = _begin(deal, "cancel", by, version)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    changes = {"status": Status.CANCELLED, "decision_reason": reason.strip(), "win_claim": None}
    return _write(deal, "deal.cancelled", by, changes)


# --- outcome -----------------------------------------------------------------------------------


def win(
    deal: Deal,
    *,
    by: Membership,
    revenue: int,
    won_on: date,
    customer: Customer | None = None,
    version: int | None = None,
) -> Deal:
    """Report the deal won: revenue in minor units of the deal's currency, the day, and who bought.

    The customer is the deal's own; a deal that came without one needs it now. Where the tenant has wins confirmed, a report by someone who does not decide is kept as a claim until
    `confirm_win` or `decline_win`.
    """
    deal = _begin_outcome(deal, "win", by, version)
    refuse_unless_writing(deal.partner)
    refuse_wrong_day(won_on, deal, by, "won_on")
    if revenue <= 0:
        raise ActionRefused(_("The amount must be more than zero."), field="revenue")
    customer = customer or deal.customer
    if customer is None:
        raise ActionRefused(_("Say which customer bought."), field="customer")
    if deal.customer_id and customer.pk != deal.customer_id:
        raise ActionRefused(
            _("This deal is for %s. Register a sale to another customer as a deal of its own.")
            % deal.customer,
            field="customer",
        )
    link_customer(customer, deal.partner)
    if policy().confirm_wins and not can(by, "deals.approve_deal", deal):
        claim = {"revenue": revenue, "won_on": won_on.isoformat(), "customer_id": str(customer.pk)}
        return _write(deal, "deal.win_reported", by, {"win_claim": claim})
    return _won(deal, by, revenue, won_on, customer.pk)


def confirm_win(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Accept the win that the partner has reported."""
    deal = _begin_outcome(deal, "win", by, version, permission="deals.approve_deal")
    claim = _claim(deal)
    return _won(deal, by, claim["revenue"], date.fromisoformat(claim["won_on"]), UUID(claim["customer_id"]))


def decline_win(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Turn down the win that the partner has reported; the deal stays open."""
    deal = _begin_outcome(deal, "win", by, version, permission="deals.approve_deal")
    _claim(deal)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    return _write(deal, "deal.win_declined", by, {"win_claim": None}, reason=reason.strip())


def lose(
    deal: Deal,
    *,
    by: Membership,
    reason: str,
    competitor: str = "",
    lost_on: date | None = None,
    version: int | None = None,
) -> Deal:
    """Report the deal lost, why, and to whom."""
    deal = _begin_outcome(deal, "lose", by, version)
    refuse_unless_writing(deal.partner)
    refuse_without(reason, _("Say why the deal was lost."))
    lost_on = lost_on or today(by.tenant)
    refuse_wrong_day(lost_on, deal, by, "lost_on")
    changes = {
        "stage": SalesStage.LOST,
        "closed_on": lost_on,
        "loss_reason": reason.strip(),
        "competitor": competitor.strip(),
        "win_claim": None,
    }
    return _write(deal, "deal.lost", by, changes | _status(deal, Status.LOST))


def reverse(
    deal: Deal, to: RegistrationStatus, *, by: Membership, reason: str, version: int | None = None
) -> Deal:
    """Undo a win: the deal is open again (`APPROVED`) or was lost after all (`LOST`)."""
    deal = _begin_outcome(deal, "reverse", by, version)
    refuse_without(reason, _("Give the reason; it stays with the deal."))
    if to not in REVERSED_STATUSES:
        raise ActionRefused(_("A win can be turned into an open deal or a lost one."), field="to")
    lost = to == Status.LOST
    changes = {
        "stage": SalesStage.LOST if lost else SalesStage.NEGOTIATION,
        "revenue": None,
        "revenue_base": None,
        "closed_on": deal.closed_on if lost else None,
        "loss_reason": reason.strip() if lost else "",
    }
    return _write_exclusively(deal, "deal.reversed", by, changes | _status(deal, to), reason=reason.strip())


def expire_due(now: datetime, *, limit: int = 500) -> int:
    """Expire approved registrations whose protection has ended; the number expired, at most `limit`.

    Rows that someone is working on are left for the next run, and so are wins that wait for confirmation.
    """
    due = list(
        Deal.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=Status.APPROVED, protection__endswith__lte=now, win_claim__isnull=True)
        .order_by("pk")[:limit]
    )
    for deal in due:
        deal.status = Status.EXPIRED
        deal.version += 1
        deal.updated_at = now
    Deal.objects.bulk_update(due, ["status", "version", "updated_at"], batch_size=500)
    record_many(
        EventDraft(
            "deal.expired",
            deal,
            partner_id=deal.partner_id,
            data={"old": {"status": Status.APPROVED}, "new": {"status": Status.EXPIRED}},
        )
        for deal in due
    )
    return len(due)


def change_policy(*, by: Membership, **fields: Any) -> DealPolicy:
    """Set the programme's rules for registrations."""
    check(by, "deals.change_policy")
    DealPolicy.objects.get_or_create()
    rules = DealPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(rules, name) for name in fields}
    for name, value in fields.items():
        setattr(rules, name, value)
    rules.save(update_fields=list(fields))
    record("deals.policy_changed", subject=rules, by=by, data={"old": old, "new": fields})
    return rules


# --- the parts ---------------------------------------------------------------------------------

_WRITTEN = (
    "title",
    "customer_id",
    "product_id",
    "family_id",
    "amount",
    "amount_base",
    "expected_close",
    "stage",
    "notes",
    "owner_id",
)
_PERMISSION = {"start_review": "review"}


def _lock(deal: Deal) -> Deal:
    return (
        Deal.objects.select_for_update(of=("self",))
        .select_related("partner", "customer", "product__family")
        .get(pk=deal.pk)
    )


def _begin(deal: Deal, verb: str, by: Membership, version: int | None) -> Deal:
    """The locked row, once the member may do this to it and its status allows it."""
    locked = _lock(deal)
    check(by, f"deals.{_PERMISSION.get(verb, verb)}_deal", locked)
    sources, target = TRANSITIONS[verb]
    if version is not None and version != locked.version and locked.status == target:
        raise ActionRefused(
            _("This has been done already: the deal is %s.") % locked.state_label, code="done"
        )
    _refuse_if_stale(locked, version)
    if locked.status not in sources:
        raise _not_from_here(locked, verb)
    return locked


def _begin_outcome(
    deal: Deal, verb: str, by: Membership, version: int | None, permission: str | None = None
) -> Deal:
    """As `_begin`, for verbs that deals without a registration have too: those go by their stage."""
    locked = _lock(deal)
    check(by, permission or f"deals.{verb}_deal", locked)
    if version is not None and version != locked.version and not locked.is_open and verb != "reverse":
        raise ActionRefused(
            _("This has been done already: the deal is %s.") % locked.state_label, code="done"
        )
    _refuse_if_stale(locked, version)
    if locked.status:
        allowed = locked.status in (REVERSIBLE_STATUSES if verb == "reverse" else TRANSITIONS[verb][0])
    elif verb == "reverse":
        allowed = locked.stage == SalesStage.WON
    else:
        allowed = locked.stage in OPEN_STAGES
    if not allowed:
        raise _not_from_here(locked, verb)
    return locked


def _not_from_here(deal: Deal, verb: str) -> ActionRefused:
    return ActionRefused(
        _("A deal that is %(state)s cannot %(verb)s.") % {"state": deal.state_label, "verb": _CANNOT[verb]},
        code="state",
    )


def _refuse_if_stale(deal: Deal, version: int | None) -> None:
    if version is not None and version != deal.version:
        raise ActionRefused(
            _("Someone changed this deal while you had it open. Look at it again before you go on."),
            code="stale",
        )


def _refuse_if_held(deal: Deal, now: datetime) -> None:
    holder = holder_of(deal.customer_id, deal.family_id, now, but=deal)
    if holder is not None:
        raise ActionRefused(
            _(
                "Another registration for this customer already holds protection:"
                " %(number)s of %(partner)s, until %(end)s."
            )
            % {
                "number": holder.number,
                "partner": holder.partner.name,
                "end": date_format(timezone.localtime(holder.protection.upper), "DATE_FORMAT"),
            },
            code="held",
        )


def _only(fields: Mapping[str, Any], allowed: frozenset[str]) -> None:
    refused = sorted(set(fields) - allowed)
    if refused:
        raise ActionRefused(
            _("This can no longer be changed once the deal is approved: %s.") % ", ".join(refused),
            field=refused[0],
        )
    if fields.get("stage", SalesStage.PROSPECTING) not in OPEN_STAGES:
        raise ActionRefused(_("Report the deal won or lost to close it."), field="stage")


def _derive(deal: Deal, base_currency: str) -> None:
    """Fields that follow from others: the family of the product, the amount in the tenant's currency."""
    if deal.is_editable:
        # An approved registration keeps the family that it protects, wherever the product goes.
        deal.family = deal.product.family if deal.product else None
    if deal.amount is None:
        deal.amount_base = None
    else:
        deal.amount_base = convert(deal.amount, deal.rate, deal.currency, base_currency)
    if deal.customer is not None:
        link_customer(deal.customer, deal.partner)
    if not deal.title:
        names = [str(part) for part in (deal.customer, deal.product) if part]
        deal.title = " – ".join(names)


def _claim(deal: Deal) -> dict[str, Any]:
    if not deal.win_claim:
        raise ActionRefused(_("No win has been reported for this deal."), code="state")
    return deal.win_claim


def _won(deal: Deal, by: Membership, revenue: int, won_on: date, customer_id: UUID) -> Deal:
    changes = {
        "stage": SalesStage.WON,
        "revenue": revenue,
        "revenue_base": convert(revenue, deal.rate, deal.currency, by.tenant.currency),
        "closed_on": won_on,
        "customer_id": customer_id,
        "win_claim": None,
    }
    return _write(deal, "deal.won", by, changes | _status(deal, Status.WON))


def _status(deal: Deal, status: RegistrationStatus) -> Changes:
    """Deals without a registration have no status and get none."""
    return {"status": status} if deal.status else {}


def _write_exclusively(deal: Deal, event: str, by: Membership, changes: Changes, **data: Any) -> Deal:
    """Write what the exclusion constraint guards. Its refusal, too, is a sentence."""
    try:
        with transaction.atomic():
            return _write(deal, event, by, changes, **data)
    except (IntegrityError, OperationalError) as error:
        if getattr(error.__cause__, "sqlstate", None) not in (EXCLUSION_VIOLATION, DEADLOCK, SERIALIZATION):
            raise
        _refuse_if_held(deal, timezone.now())
        raise ActionRefused(
            _("Another registration for this customer has just been decided. Look at it and try again."),
            code="held",
        ) from error


def _write(deal: Deal, event: str, by: Membership, changes: Changes, **data: Any) -> Deal:
    """Set the fields, and record what they were and what they are."""
    old = _values(deal, changes)
    for name, value in changes.items():
        setattr(deal, name, value)
    _save(deal, list(changes))
    new = _values(deal, changes)
    moved = [name for name in changes if old[name] != new[name]]
    data |= {"old": {name: old[name] for name in moved}, "new": {name: new[name] for name in moved}}
    record(event, subject=deal, by=by, partner_id=deal.partner_id, data=data)
    return deal


def _save(deal: Deal, names: list[str]) -> None:
    deal.version += 1
    deal.save(update_fields=[*names, "version", "updated_at"])


def _values(deal: models.Model, names: Any) -> dict[str, Any]:
    return {name: _plain(getattr(deal, name)) for name in names}


def _plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, DateTimeTZRange):
        return [_plain(value.lower), _plain(value.upper)]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return value
