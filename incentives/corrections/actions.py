"""Adjustments by hand, which two people make together, and partners' disputes."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.ledger.enums import (
    ADJUSTMENT_MOVES,
    DISPUTE_MOVES,
    AdjustmentStatus,
    DisputeStatus,
    EntryKind,
)
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.locks import lock_partners
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import calendar_of
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@transaction.atomic
def propose_adjustment(
    partner: Partner,
    *,
    amount: int,
    currency: str,
    reason: str,
    entry: LedgerEntry | None = None,
    by: Membership,
) -> Adjustment:
    """Propose to post an amount (minor units, below zero to take back). Somebody else approves it."""
    check(by, "incentives.propose_adjustment")
    if not amount:
        raise ActionRefused(_("Give an amount other than 0."), field="amount")
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the partner will read it."), field="reason")
    if entry is not None and (entry.partner_id != partner.pk or entry.currency != currency):
        raise ActionRefused(_("The entry is another partner’s, or in another currency."))
    found = Adjustment.objects.create(
        partner=partner,
        entry=entry,
        amount=amount,
        currency=currency,
        reason=reason.strip(),
        proposed_by=by,
    )
    record("adjustment.proposed", subject=found, by=by, data=_said(found))
    return found


@transaction.atomic
def approve_adjustment(adjustment: Adjustment, *, by: Membership) -> LedgerEntry:
    """Post it. Never by who proposed it, and once however many approve at the same moment."""
    check(by, "incentives.approve_adjustment")
    found = _locked(adjustment, AdjustmentStatus.APPROVED)
    if found.proposed_by_id == by.pk:
        raise ActionRefused(_("Somebody else must approve what you have proposed."), code="own")
    _decide(found, AdjustmentStatus.APPROVED, by, "")
    lock_partners("ledger", [found.partner_id])
    today = calendar_of(tenant_in_scope()).today()
    entry = LedgerEntry.objects.create(
        partner_id=found.partner_id,
        item=found.pk,
        label=_label(found),
        kind=EntryKind.MANUAL,
        amount=found.amount,
        currency=found.currency,
        base=0,
        rate=0,
        exchange_rate=1,
        occurred_on=today,
        booked_on=today,
        payable_on=today,
        posted_on=today,
        sequence=1,
        explanation={
            "reason": found.reason,
            "proposed_by": str(found.proposed_by_id),
            "approved_by": str(by.pk),
            "entry": str(found.entry_id) if found.entry_id else "",
        },
    )
    record("adjustment.approved", subject=found, by=by, data=_said(found))
    record(
        "ledger.posted",
        subject=found.partner,
        by=by,
        partner_id=found.partner_id,
        data={"amounts": {found.currency: found.amount}, "entries": 1},
    )
    return entry


@transaction.atomic
def decline_adjustment(adjustment: Adjustment, *, answer: str, by: Membership) -> Adjustment:
    """Say no, with the reason; who proposed it withdraws instead."""
    check(by, "incentives.approve_adjustment")
    found = _locked(adjustment, AdjustmentStatus.DECLINED)
    if not answer.strip():
        raise ActionRefused(_("Say why, for who proposed it."), field="answer")
    _decide(found, AdjustmentStatus.DECLINED, by, answer.strip())
    record("adjustment.declined", subject=found, by=by, data=_said(found))
    return found


@transaction.atomic
def withdraw_adjustment(adjustment: Adjustment, *, by: Membership) -> Adjustment:
    """Take one's own proposal back."""
    check(by, "incentives.propose_adjustment")
    found = _locked(adjustment, AdjustmentStatus.WITHDRAWN)
    if found.proposed_by_id != by.pk:
        raise PermissionDenied("incentives.withdraw_adjustment")
    _decide(found, AdjustmentStatus.WITHDRAWN, by, "")
    record("adjustment.withdrawn", subject=found, by=by, data=_said(found))
    return found


def _locked(adjustment: Adjustment, to: AdjustmentStatus) -> Adjustment:
    found = Adjustment.objects.select_for_update(of=("self",)).select_related("partner").get(pk=adjustment.pk)
    if to not in ADJUSTMENT_MOVES.get(AdjustmentStatus(found.status), ()):
        raise ActionRefused(_("It has been decided already."), code="state")
    return found


def _decide(found: Adjustment, status: AdjustmentStatus, by: Membership, answer: str) -> None:
    found.status, found.decided_by, found.decided_at, found.answer = status, by, timezone.now(), answer
    found.save(update_fields=["status", "decided_by", "decided_at", "answer"])


def _label(found: Adjustment) -> str:
    if found.entry is not None:
        return (_("Adjustment of %(what)s") % {"what": found.entry.headline})[:250]
    return _("Adjustment")


def _said(found: Adjustment) -> dict[str, Any]:
    return {
        "partner": found.partner.name,
        "amount": found.amount,
        "currency": found.currency,
        "reason": found.reason,
        "answer": found.answer,
        "proposed_by": str(found.proposed_by_id),
    }


# --- disputes -----------------------------------------------------------------------------------


@transaction.atomic
def raise_dispute(entry: LedgerEntry, *, text: str, expected: int | None = None, by: Membership) -> Dispute:
    """Say that an entry is wrong. One is open at a time for an entry."""
    check(by, "incentives.raise_dispute", entry)
    if not text.strip():
        raise ActionRefused(_("Say what is wrong."), field="text")
    try:
        with transaction.atomic():
            found = Dispute.objects.create(
                partner_id=entry.partner_id, entry=entry, text=text.strip(), expected=expected, raised_by=by
            )
    except IntegrityError as error:
        raise ActionRefused(_("There is an open dispute about this entry already.")) from error
    record("dispute.raised", subject=found, by=by, partner_id=found.partner_id, data={"for": entry.headline})
    return found


@transaction.atomic
def answer_dispute(dispute: Dispute, *, accept: bool, answer: str, by: Membership) -> Dispute:
    """Decide with an answer that the partner reads. What must be put right is proposed as an adjustment."""
    check(by, "incentives.answer_dispute")
    status = DisputeStatus.ACCEPTED if accept else DisputeStatus.REJECTED
    found = _locked_dispute(dispute, status)
    if not answer.strip():
        raise ActionRefused(_("Give the answer that the partner will read."), field="answer")
    _close(found, status, by, answer.strip())
    record(
        "dispute.accepted" if accept else "dispute.rejected",
        subject=found,
        by=by,
        partner_id=found.partner_id,
        data={"for": found.entry.headline, "answer": found.answer},
    )
    return found


@transaction.atomic
def withdraw_dispute(dispute: Dispute, *, by: Membership) -> Dispute:
    check(by, "incentives.raise_dispute", dispute)
    found = _locked_dispute(dispute, DisputeStatus.WITHDRAWN)
    _close(found, DisputeStatus.WITHDRAWN, by, "")
    record(
        "dispute.withdrawn",
        subject=found,
        by=by,
        partner_id=found.partner_id,
        data={"for": found.entry.headline},
    )
    return found


def _locked_dispute(dispute: Dispute, to: DisputeStatus) -> Dispute:
    found = Dispute.objects.select_for_update(of=("self",)).select_related("entry__deal").get(pk=dispute.pk)
    if to not in DISPUTE_MOVES.get(DisputeStatus(found.status), ()):
        raise ActionRefused(_("It has been decided already."), code="state")
    return found


def _close(found: Dispute, status: DisputeStatus, by: Membership, answer: str) -> None:
    found.status, found.decided_by, found.decided_at, found.answer = status, by, timezone.now(), answer
    found.save(update_fields=["status", "decided_by", "decided_at", "answer"])
