"""Asking for protection, and deciding about it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deals.actions.drafts import create_draft
from partners.deals.actions.writing import Changes, begin, refuse_if_held, write, write_exclusively
from partners.deals.enums import (
    RegistrationStatus,
)
from partners.deals.limits import (
    refuse_unless_complete,
    refuse_unless_writing,
    refuse_without,
)
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.deals.workdays import local_day
from partners.directory.models import Customer, Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused

Status = RegistrationStatus


def submit(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Ask the vendor to decide. Complete, and at most as many times again as the policy allows."""
    deal = begin(deal, "submit", by, version)
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
    return write(deal, "deal.submitted", by, changes)


def register(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: Any) -> Deal:
    """Draft and submit in one step: both happen or neither."""
    with transaction.atomic():
        deal = create_draft(partner, by=by, deal_id=deal_id, **fields)
        return deal if deal.status != Status.DRAFT else submit(deal, by=by)


def start_review(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Take a submitted registration in hand, so that the partner sees that someone looks at it."""
    deal = begin(deal, "start_review", by, version)
    return write(deal, "deal.review_started", by, {"status": Status.IN_REVIEW})


def approve(deal: Deal, *, by: Membership, note: str = "", version: int | None = None) -> Deal:
    """Grant protection from now on. The customer and product family must be free of another holder."""
    deal = begin(deal, "approve", by, version)
    refuse_unless_writing(deal.partner)
    rules = policy()
    refuse_unless_complete(deal, rules, minimum=False)
    # Approvals of one customer queue here. Without it, two that insert at once into the exclusion index
    # can wait for each other, and one of them dies of a deadlock instead of a clear answer.
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.customer_id)
    now = timezone.now()
    refuse_if_held(deal, now)
    changes: Changes = {
        "status": Status.APPROVED,
        "decided_at": now,
        "decided_by_id": by.pk,
        "decision_reason": note,
        "protection": DateTimeTZRange(now, now + timedelta(days=rules.protection_days), "[)"),
    }
    return write_exclusively(deal, "deal.approved", by, changes)


def return_for_changes(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Give a registration back, saying what is missing."""
    deal = begin(deal, "return", by, version)
    refuse_without(reason, _("Say what is missing, so that the partner can complete it."))
    return write(deal, "deal.returned", by, {"status": Status.RETURNED, "decision_reason": reason.strip()})


def reject(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Refuse a registration for good."""
    deal = begin(deal, "reject", by, version)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    changes = {
        "status": Status.REJECTED,
        "decided_at": timezone.now(),
        "decided_by_id": by.pk,
        "decision_reason": reason.strip(),
    }
    return write(deal, "deal.rejected", by, changes)


def withdraw(deal: Deal, *, by: Membership, reason: str = "", version: int | None = None) -> Deal:
    """Take a registration back before it is decided."""
    deal = begin(deal, "withdraw", by, version)
    refuse_unless_writing(deal.partner)
    return write(deal, "deal.withdrawn", by, {"status": Status.WITHDRAWN}, reason=reason.strip())


def cancel(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """End an approved registration and its protection before its time."""
    deal = begin(deal, "cancel", by, version)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    changes = {"status": Status.CANCELLED, "decision_reason": reason.strip(), "win_claim": None}
    return write(deal, "deal.cancelled", by, changes)
