"""Tiers by hand: one person proposes, another approves, and on the last day the partner falls back."""

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.locks import lock_partners
from incentives.tiers import queries
from incentives.tiers.actions import Move, assign_tiers, close_expired_overrides, evaluate_tiers
from incentives.tiers.enums import OVERRIDE_TRANSITIONS, OverrideStatus
from incentives.tiers.models import Tier, TierAssignment, TierOverride
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@transaction.atomic
def propose_override(
    partner: Partner, tier: Tier, *, ends_on: dt.date, reason: str, by: Membership
) -> TierOverride:
    """Propose that the partner holds the tier until a day, whatever its figures say. Somebody else approves it."""
    check(by, "incentives.propose_override", partner)
    if not reason.strip():
        raise ActionRefused(_("Give the reason, for who approves it and for later."), field="reason")
    if ends_on <= queries.today():
        raise ActionRefused(_("The last day must lie ahead."), field="ends_on")
    lock_partners("tiers", [partner.pk])
    close_expired_overrides([partner.pk], queries.today())
    _refuse_second(partner, {OverrideStatus.WAITING, OverrideStatus.APPROVED})
    _refuse_same(partner, tier)
    found = TierOverride.objects.create(
        partner=partner, tier=tier, ends_on=ends_on, reason=reason.strip(), proposed_by=by
    )
    record("tier.override_proposed", subject=found, by=by, data=_said(found))
    return found


@transaction.atomic
def approve_override(override: TierOverride, *, by: Membership) -> TierOverride:
    """The partner holds the tier from today on, and what it held before again from the end. Never by who proposed it."""
    check(by, "incentives.assign_tier", override.partner)
    found, today = _locked(override, OverrideStatus.APPROVED), queries.today()
    if found.proposed_by_id == by.pk:
        raise ActionRefused(_("Somebody else must approve what you have proposed."), code="own")
    if found.ends_on <= today:
        raise ActionRefused(_("Its last day has passed. Propose it anew with another one."))
    close_expired_overrides([found.partner_id], today)
    _refuse_second(found.partner, {OverrideStatus.APPROVED})
    _refuse_same(found.partner, found.tier)
    found.fallback, found.starts_on = queries.tier_on(found.partner_id, today), today
    _decide(found, OverrideStatus.APPROVED, by)
    assign_tiers([Move(found.partner, found.tier, today, found.reason, by=by)])
    _fall_back(found)
    record("tier.override_approved", subject=found, by=by, partner_id=found.partner_id, data=_said(found))
    evaluate_tiers([found.partner_id])
    return found


@transaction.atomic
def decline_override(override: TierOverride, *, answer: str, by: Membership) -> TierOverride:
    """Say no, with the reason; who proposed it withdraws instead."""
    check(by, "incentives.assign_tier", override.partner)
    found = _locked(override, OverrideStatus.DECLINED)
    if not answer.strip():
        raise ActionRefused(_("Say why, for who proposed it."), field="answer")
    _decide(found, OverrideStatus.DECLINED, by, answer.strip())
    record("tier.override_declined", subject=found, by=by, data=_said(found))
    return found


@transaction.atomic
def withdraw_override(override: TierOverride, *, by: Membership) -> TierOverride:
    """Take one's own proposal back."""
    check(by, "incentives.propose_override", override.partner)
    found = _locked(override, OverrideStatus.WITHDRAWN)
    if found.proposed_by_id != by.pk:
        raise PermissionDenied("incentives.withdraw_override")
    _decide(found, OverrideStatus.WITHDRAWN, by)
    record("tier.override_withdrawn", subject=found, by=by, data=_said(found))
    return found


def _fall_back(found: TierOverride) -> None:
    """From the end on the partner holds again what it held before."""
    row = TierAssignment.objects.select_for_update(of=("self",)).get(
        partner_id=found.partner_id, during__endswith__isnull=True, during__isempty=False
    )
    row.during = DateRange(row.during.lower, found.ends_on)
    row.save(update_fields=["during"])
    TierAssignment.objects.create(
        partner_id=found.partner_id,
        tier_id=found.fallback_id,
        during=DateRange(found.ends_on, None),
        reason=_("The tier by hand is over."),
    )


def _refuse_second(partner: Partner, statuses: set[OverrideStatus]) -> None:
    other = TierOverride.objects.filter(partner=partner, status__in=statuses).select_related("tier").first()
    if other:
        raise ActionRefused(
            _("There is one for %(tier)s already, which is waiting or has not ended yet.")
            % {"tier": other.tier.name}
        )


def _refuse_same(partner: Partner, tier: Tier) -> None:
    held = queries.tier_on(partner.pk, queries.today())
    if held is not None and held.pk == tier.pk:
        raise ActionRefused(_("The partner holds this tier already."), field="tier")


def _locked(override: TierOverride, to: OverrideStatus) -> TierOverride:
    lock_partners("tiers", [override.partner_id])
    found = (
        TierOverride.objects.select_for_update(of=("self",))
        .select_related("partner", "tier")
        .get(pk=override.pk)
    )
    if to not in OVERRIDE_TRANSITIONS.get(OverrideStatus(found.status), set()):
        raise ActionRefused(_("It has been decided already."), code="state")
    return found


def _decide(found: TierOverride, status: OverrideStatus, by: Membership, answer: str = "") -> None:
    found.status, found.decided_by, found.decided_at, found.answer = status, by, timezone.now(), answer
    found.save(update_fields=["status", "decided_by", "decided_at", "answer", "starts_on", "fallback"])


def _said(found: TierOverride) -> dict[str, Any]:
    return {
        "partner": found.partner.name,
        "tier": found.tier.name,
        "until": str(found.ends_on),
        "reason": found.reason,
        "answer": found.answer,
        "proposed_by": str(found.proposed_by_id),
    }
