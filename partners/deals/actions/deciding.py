"""Decisions on registrations, each kept with its grounds and with the conflicts that were seen."""

from datetime import timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.actions.writing import (
    Changes,
    begin,
    lock,
    refuse_if_held,
    write,
    write_exclusively,
)
from partners.deals.approvals.models import DealDecision, RejectionReason
from partners.deals.approvals.queries import standing_against
from partners.deals.enums import Decision, RegistrationStatus
from partners.deals.limits import refuse_unless_complete, refuse_unless_writing, refuse_without
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.directory.models import Customer
from partners.matching.actions import lock_customers, settle
from partners.matching.queries import Conflict
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.scope import current_tenant_id, tenant_scope

Status = RegistrationStatus
# More conflicts than anyone compares; the deal's page counts them all.
KEPT_CONFLICTS = 20


def approve(deal: Deal, *, by: Membership, note: str = "", version: int | None = None) -> Deal:
    """Grant protection from now on. The customer and product family must be free of another holder.

    Where the rule asks for two people, the first approval is only noted, and a different person completes it.
    """
    lock_customers()
    deal = begin(deal, "approve", by, version)
    refuse_unless_writing(deal.partner)
    refuse_unless_complete(deal, policy(), minimum=False)
    if deal.needs_two and deal.first_approver_id is None:
        refuse_if_held(deal, timezone.now())
        keep_decision(deal, "first_approve", by, note)
        return write(deal, "deal.first_approved", by, {"first_approver_id": by.pk}, note=note.strip())
    if deal.needs_two and deal.first_approver_id == by.pk:
        raise ActionRefused(
            _("You have approved this registration. The rule asks for a second, different person."),
            code="second_person",
        )
    return grant_protection(deal, "approve", "deal.approved", by, note)


def approve_at_once(deal: Deal) -> Deal:
    """What a rule approves by itself, right after its submission, in the partner's own session.

    Where someone else got there first the registration is left to a person: to the partner that is no error.
    """
    try:
        with tenant_scope(current_tenant_id()):
            return grant_protection(deal, "auto", "deal.approved", None, "")
    except ActionRefused as refusal:
        if refusal.code != "held":
            raise
    changes: Changes = {"decision_asked": Decision.ONE, "conflict_seen": True}
    return write(lock(deal), "deal.left_to_person", None, changes)


def grant_protection(
    deal: Deal, verb: str, event: str, by: Membership | None, note: str, **more: Any
) -> Deal:
    """Approve the locked deal, whoever or whatever decided it.

    The customer, until now as the partner named it, becomes the vendor's own record of that company. Whoever
    calls this has `lock_customers` before the deal is locked.
    """
    assert deal.customer is not None  # it is complete
    deal.customer = settle(deal.customer, by=by)
    # Approvals of one customer queue here. Without it, two that insert at once into the exclusion index
    # can wait for each other, and one of them dies of a deadlock instead of a clear answer.
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.customer_id)
    now = timezone.now()
    refuse_if_held(deal, now)
    changes: Changes = {
        # What is protected is the record that stands, even where the row still named one merged meanwhile.
        "customer_id": deal.customer.pk,
        "status": Status.APPROVED,
        "decided_at": now,
        "decided_by_id": by.pk if by else None,
        "decision_reason": note.strip(),
        "protection": DateTimeTZRange(now, now + timedelta(days=policy().protection_days), "[)"),
        "protection_notice": 0,
        "waiting_since": None,
        **more,
    }
    deal = write_exclusively(deal, event, by, changes, rule=deal.rule_name)
    keep_decision(deal, verb, by, note)
    return deal


def reject(
    deal: Deal,
    *,
    by: Membership,
    reason: str = "",
    choice: RejectionReason | None = None,
    version: int | None = None,
) -> Deal:
    """Refuse a registration: a reason from the programme's list, words of one's own, or both.

    It is final but for one appeal.
    """
    deal = begin(deal, "reject", by, version)
    words = ": ".join(part for part in (choice.name if choice else "", reason.strip()) if part)
    refuse_without(words, _("Give the reason; the partner will read it."))
    keep_decision(deal, "reject", by, words)
    changes = {
        "status": Status.REJECTED,
        "decided_at": timezone.now(),
        "decided_by_id": by.pk,
        "decision_reason": words,
        "first_approver_id": None,
        "waiting_since": None,
    }
    return write(deal, "deal.rejected", by, changes)


def keep_decision(deal: Deal, verb: str, by: Membership | None, reason: str) -> None:
    """Write down who decides what by which rule, and with which conflicts before their eyes."""
    seen = standing_against(deal)[:KEPT_CONFLICTS]
    DealDecision.objects.create(
        deal=deal,
        verb=verb,
        by=by,
        rule_name=deal.rule_name,
        reason=reason.strip(),
        conflicts=[_as_seen(other) for other in seen],
    )


def _as_seen(conflict: Conflict) -> dict[str, Any]:
    seen: dict[str, Any] = {"kind": conflict.kind, "likeness": conflict.likeness}
    if conflict.deal is None:
        return {**seen, "account": str(conflict.account)}
    other = conflict.deal
    return {
        **seen,
        "id": str(other.pk),
        "number": other.number,
        "partner": other.partner.name,
        "customer": str(conflict.customer),
        "status": other.status,
        "submitted_at": other.submitted_at.isoformat() if other.submitted_at else None,
        "until": other.protection.upper.isoformat() if other.protection else None,
    }
