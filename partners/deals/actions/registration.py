"""Asking for protection, and what partner and manager do before it is decided."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deals.actions.deciding import approve_at_once, keep_decision
from partners.deals.actions.drafts import create_draft
from partners.deals.actions.writing import Changes, begin, write
from partners.deals.approvals.queries import plan_for
from partners.deals.enums import Decision, Missing, Notice, RegistrationStatus
from partners.deals.limits import (
    refuse_beyond_open,
    refuse_passed_close,
    refuse_unless_complete,
    refuse_unless_writing,
)
from partners.deals.models import Deal, DealPolicy
from partners.deals.queries import policy
from partners.deals.workdays import local_day
from partners.directory.models import Partner
from partners.matching.actions import index_customers, lock_customers
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.scope import current_tenant_id, tenant_scope

Status = RegistrationStatus
NOTHING_AWAITED: Changes = {"waiting_since": None, "answer_due_at": None, "notice": Notice.NONE}


def submit(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Ask the vendor to decide. Complete, within the programme's limits, and at most as many times again as the
    policy allows.

    The first approval rule that fits is written down with who decides and until when. Where it approves by
    itself, the deal comes back approved.
    """
    # One after the other, so that of two submissions at one moment the second sees the first.
    lock_customers()
    deal = begin(deal, "submit", by, version)
    refuse_unless_writing(deal.partner)
    rules = policy()
    refuse_unless_complete(deal, rules)
    refuse_passed_close(deal, by.tenant)
    again = deal.status == Status.RETURNED
    _refuse_once_too_often(deal, rules)
    refuse_beyond_open(deal, rules)
    assert deal.customer_id is not None  # it is complete
    # From now on the deal stands against others, who are to find it at once.
    index_customers([deal.customer_id])
    now = timezone.now()
    # The rules look at what the partner may not see, so they are asked on the vendor's side.
    with tenant_scope(current_tenant_id()):
        plan = plan_for(deal, now, by.tenant)
    changes: Changes = {
        "status": Status.SUBMITTED,
        "submitted_at": now,
        "first_submitted_at": deal.first_submitted_at or now,
        "engaged_on": deal.engaged_on or local_day(now, by.tenant),
        "resubmissions": deal.resubmissions + again,
        "decision_reason": "",
        "missing": [],
        "rule_name": plan.rule.name if plan.rule else "",
        "decision_asked": plan.decision,
        "deciders": plan.deciders,
        "conflict_seen": plan.conflict,
        "first_approver_id": None,
        "waiting_since": now,
        "answer_due_at": plan.due_at,
        "notice": Notice.NONE,
    }
    deal = write(deal, "deal.submitted", by, changes)
    return approve_at_once(deal) if plan.decision == Decision.AUTO else deal


def _refuse_once_too_often(deal: Deal, rules: DealPolicy) -> None:
    if deal.status != Status.RETURNED or deal.resubmissions < rules.max_resubmissions:
        return
    raise ActionRefused(
        ngettext(
            "This registration has been submitted again %(count)s time already, which is the most allowed.",
            "This registration has been submitted again %(count)s times already, which is the most allowed.",
            rules.max_resubmissions,
        )
        % {"count": rules.max_resubmissions}
    )


def register(partner: Partner, *, by: Membership, deal_id: UUID | None = None, **fields: object) -> Deal:
    """Draft and submit in one step: both happen or neither."""
    with transaction.atomic():
        lock_customers()  # before the draft holds on to its customer, which a merge may be about to lock
        deal = create_draft(partner, by=by, deal_id=deal_id, **fields)
        return deal if deal.status != Status.DRAFT else submit(deal, by=by)


def start_review(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Take a submitted registration in hand, so that the partner sees that someone looks at it."""
    deal = begin(deal, "start_review", by, version)
    return write(deal, "deal.review_started", by, {"status": Status.IN_REVIEW})


def return_for_changes(
    deal: Deal,
    *,
    by: Membership,
    reason: str = "",
    missing: tuple[str, ...] | list[str] = (),
    version: int | None = None,
) -> Deal:
    """Give a registration back, saying what is missing: picked from a list, in words, or both."""
    deal = begin(deal, "return", by, version)
    picked = [name for name in Missing.values if name in missing]
    if not picked and not reason.strip():
        raise ActionRefused(_("Say what is missing, so that the partner can complete it."), field="reason")
    keep_decision(deal, "return", by, reason.strip())
    changes: Changes = {
        "status": Status.RETURNED,
        "decision_reason": reason.strip(),
        "missing": picked,
        "first_approver_id": None,
        **NOTHING_AWAITED,
    }
    return write(deal, "deal.returned", by, changes)


def withdraw(deal: Deal, *, by: Membership, reason: str = "", version: int | None = None) -> Deal:
    """Take a registration back before it is decided."""
    deal = begin(deal, "withdraw", by, version)
    refuse_unless_writing(deal.partner)
    changes = {"status": Status.WITHDRAWN, "first_approver_id": None, **NOTHING_AWAITED}
    return write(deal, "deal.withdrawn", by, changes, reason=reason.strip())
