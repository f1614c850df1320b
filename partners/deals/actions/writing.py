"""How every verb of a deal begins and ends: the locked row, and the write with its event."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, models, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.deals.enums import (
    ASKING,
    OPEN_STAGES,
    REVERSIBLE_STATUSES,
    TRANSITIONS,
    SalesStage,
)
from partners.deals.models import Deal
from partners.deals.queries import holder_of
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.formats import short_date

Changes = dict[str, Any]

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
    "extend": gettext_lazy("be extended"),
    "appeal": gettext_lazy("be appealed"),
    "grant_appeal": gettext_lazy("be approved on appeal"),
    "uphold": gettext_lazy("be upheld"),
    "ask_extension": gettext_lazy("get more time"),
    "decline_extension": gettext_lazy("be refused more time"),
}
_PERMISSION = {"start_review": "review"}


def lock(deal: Deal) -> Deal:
    """The row as it is now, held until the transaction ends."""
    return (
        Deal.objects.select_for_update(of=("self",))
        .select_related("partner", "customer", "product__family")
        .get(pk=deal.pk)
    )


def begin(deal: Deal, verb: str, by: Membership, version: int | None) -> Deal:
    """The locked row, once the member may do this to it and its status allows it."""
    locked = lock(deal)
    check(by, f"deals.{_PERMISSION.get(verb, verb)}_deal", locked)
    sources, target = TRANSITIONS[verb] if verb in TRANSITIONS else (ASKING[verb], None)
    is_over = locked.status == target and target not in sources
    if version is not None and version != locked.version and is_over:
        raise ActionRefused(
            _("This has been done already: the deal is %s.") % locked.state_label, code="done"
        )
    refuse_if_stale(locked, version)
    if locked.status not in sources:
        raise _not_from_here(locked, verb)
    return locked


def begin_outcome(
    deal: Deal, verb: str, by: Membership, version: int | None, permission: str | None = None
) -> Deal:
    """As `_begin`, for verbs that deals without a registration have too: those go by their stage."""
    locked = lock(deal)
    check(by, permission or f"deals.{verb}_deal", locked)
    if version is not None and version != locked.version and not locked.is_open and verb != "reverse":
        raise ActionRefused(
            _("This has been done already: the deal is %s.") % locked.state_label, code="done"
        )
    refuse_if_stale(locked, version)
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


def refuse_if_stale(deal: Deal, version: int | None) -> None:
    """Nobody decides on what they have not seen."""
    if version is not None and version != deal.version:
        raise ActionRefused(
            _("Someone changed this deal while you had it open. Look at it again before you go on."),
            code="stale",
        )


def refuse_if_held(deal: Deal, now: datetime) -> None:
    """Say who holds protection for this customer and product family; for the vendor's eyes."""
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
                "end": short_date(holder.protection.upper),
            },
            code="held",
        )


def write_exclusively(deal: Deal, event: str, by: Membership | None, changes: Changes, **data: Any) -> Deal:
    """Write what the exclusion constraint guards. Its refusal, too, is a sentence."""
    try:
        with transaction.atomic():
            return write(deal, event, by, changes, **data)
    except (IntegrityError, OperationalError) as error:
        if getattr(error.__cause__, "sqlstate", None) not in (EXCLUSION_VIOLATION, DEADLOCK, SERIALIZATION):
            raise
        refuse_if_held(deal, timezone.now())
        raise ActionRefused(
            _("Another registration for this customer has just been decided. Look at it and try again."),
            code="held",
        ) from error


def write(deal: Deal, event: str, by: Membership | None, changes: Changes, **data: Any) -> Deal:
    """Set the fields, and record what they were and what they are."""
    old = values(deal, changes)
    for name, value in changes.items():
        setattr(deal, name, value)
    save(deal, list(changes))
    new = values(deal, changes)
    moved = [name for name in changes if old[name] != new[name]]
    data |= {"old": {name: old[name] for name in moved}, "new": {name: new[name] for name in moved}}
    record(event, subject=deal, by=by, partner_id=deal.partner_id, data=data)
    return deal


def save(deal: Deal, names: list[str]) -> None:
    """Write the named fields and the next version."""
    deal.version += 1
    deal.save(update_fields=[*names, "version", "updated_at"])


def values(deal: models.Model, names: Any) -> dict[str, Any]:
    """The named fields, as an event keeps them."""
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
