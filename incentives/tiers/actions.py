"""Evaluating, proposing, deciding and assigning tiers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.locks import lock_partners
from incentives.tiers import queries
from incentives.tiers.appraisal import Evaluation, Moment, appraise, decisions
from incentives.tiers.decisions import Decision
from incentives.tiers.enums import (
    PROPOSAL_TRANSITIONS,
    Direction,
    OverrideStatus,
    PromotionTime,
    ProposalStatus,
)
from incentives.tiers.models import Tier, TierAssignment, TierOverride, TierPolicy, TierProposal, TierStanding
from incentives.tiers.requirements import dump_result
from metrics.periods import calendar_of
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many


@dataclass(frozen=True, slots=True)
class Move:
    """A partner to hold a tier from a day on."""

    partner: Partner
    tier: Tier
    on: dt.date
    reason: str = ""
    proposal: TierProposal | None = None
    by: Membership | None = None


def evaluate_tiers(partner_ids: Iterable[UUID] | None = None, today: dt.date | None = None) -> int:
    """Evaluate partners (None: all), save where they stand, and propose or make the moves that follow.

    Evaluating again without news changes nothing. Returns how many proposals were made.
    """
    ladder = queries.tiers()
    if not ladder:
        return 0
    wanted = Partner.objects.filter(status__in=TRADING_STATUSES)
    if partner_ids is not None:
        wanted = wanted.filter(pk__in=list(partner_ids))
    partners = {partner.pk: partner for partner in wanted.order_by("pk")}
    if not partners:
        return 0
    lock_partners("tiers", partners)
    moment = Moment.now(today)
    close_expired_overrides(partners, moment.today)
    evaluations = appraise(ladder, partners, moment.calendar, moment.today, moment.last_day)
    decided = decisions(ladder, evaluations, moment)
    moves, made = _propose(ladder, partners, evaluations, decided, moment)
    held = {move.partner.pk: move for move in assign_tiers(moves) if move.on <= moment.today}
    _save_standings(ladder, evaluations, decided, held)
    return made


def close_expired_overrides(partner_ids: Collection[UUID], today: dt.date) -> None:
    """Say of tiers by hand that they are over; who held one has what it held before, since that day."""
    over = list(
        TierOverride.objects.select_for_update(of=("self",))
        .filter(partner_id__in=partner_ids, status=OverrideStatus.APPROVED, ends_on__lte=today)
        .select_related("partner", "tier", "fallback")
        .order_by("pk")
    )
    if not over:
        return
    TierOverride.objects.filter(pk__in=[row.pk for row in over]).update(status=OverrideStatus.ENDED)
    held = queries.histories([row.partner_id for row in over], None)
    for row in over:
        record(
            "tier.override_ended",
            subject=row,
            partner_id=row.partner_id,
            data={"tier": row.tier.name, "until": str(row.ends_on)},
        )
        # A promotion in the meantime has taken the place of falling back.
        if row.fallback and held[row.partner_id].on(row.ends_on) == row.fallback_id:
            record(
                "tier.assigned",
                subject=row.partner,
                partner_id=row.partner_id,
                data={
                    "tier": row.fallback.name,
                    "tier_id": str(row.fallback_id),
                    "on": str(row.ends_on),
                    "reason": _("The tier by hand is over."),
                },
            )


def _propose(
    ladder: Sequence[Tier],
    partners: Mapping[UUID, Partner],
    evaluations: Mapping[UUID, Evaluation],
    decisions: Mapping[UUID, Decision],
    moment: Moment,
) -> tuple[list[Move], int]:
    """Bring the waiting proposals in line with the decisions.

    Returns the automatic moves and the number of new proposals.
    """
    tiers = {tier.pk: tier for tier in ladder}
    waiting = {
        row.partner_id: row
        for row in TierProposal.objects.select_for_update(of=("self",)).filter(
            partner_id__in=partners, status=ProposalStatus.WAITING
        )
    }
    declined = set(
        TierProposal.objects.filter(
            partner_id__in=partners, status=ProposalStatus.DECLINED, period_start=moment.period_start
        ).values_list("partner_id", "to_tier_id")
    )
    gone: list[TierProposal] = []
    ripe: list[TierProposal] = []
    drafts: list[TierProposal] = []
    for partner_id, decision in decisions.items():
        proposal = waiting.get(partner_id)
        if proposal and _stands(proposal, decision, evaluations[partner_id], moment):
            # It was proposed before the programme chose to decide by itself.
            if decision.direction == proposal.direction and _is_automatic(decision.direction, moment):
                ripe.append(proposal)
            continue
        if proposal:
            gone.append(proposal)
        if decision.direction is None or (partner_id, decision.tier_id) in declined:
            continue
        drafts.append(_draft(partners[partner_id], evaluations[partner_id], decision, tiers, moment))
    if gone:
        TierProposal.objects.filter(pk__in=[row.pk for row in gone]).update(
            status=ProposalStatus.WITHDRAWN, decided_at=timezone.now()
        )
    if ripe:
        TierProposal.objects.filter(pk__in=[row.pk for row in ripe]).update(
            status=ProposalStatus.CONFIRMED, decided_at=timezone.now(), reason=_("Automatic")
        )
    TierProposal.objects.bulk_create(drafts, batch_size=500)
    automatic = [row for row in drafts if row.status == ProposalStatus.CONFIRMED]
    record_many(
        EventDraft("tier.proposed", row.partner, partner_id=row.partner_id, data=_move_data(row))
        for row in drafts
        if row.status == ProposalStatus.WAITING
    )
    moves = [Move(row.partner, row.to_tier, row.effective_on, row.reason, row) for row in automatic]
    for row in ripe:
        demotion = row.direction == Direction.DEMOTION
        on = max(row.effective_on, moment.today) if demotion else row.effective_on
        moves.append(Move(partners[row.partner_id], tiers[row.to_tier_id], on, _("Automatic"), row))
    return moves, len(drafts)


def _is_automatic(direction: str, moment: Moment) -> bool:
    if direction == Direction.PROMOTION:
        return moment.policy.automatic_promotion
    return moment.policy.automatic_demotion


def _stands(proposal: TierProposal, decision: Decision, evaluation: Evaluation, moment: Moment) -> bool:
    """Whether a waiting proposal goes on waiting.

    A promotion that was earned in a period that has ended is not lost because nobody has decided yet.
    """
    if evaluation.held.pk != proposal.from_tier_id:
        return False
    if decision.direction == proposal.direction and decision.tier_id == proposal.to_tier_id:
        return True
    if proposal.direction == Direction.PROMOTION and decision.direction != Direction.PROMOTION:
        return proposal.period_start < moment.period_start
    return False


def _draft(
    partner: Partner, evaluation: Evaluation, decision: Decision, tiers: Mapping[UUID, Tier], moment: Moment
) -> TierProposal:
    promotion = decision.direction == Direction.PROMOTION
    automatic = _is_automatic(Direction.PROMOTION if promotion else Direction.DEMOTION, moment)
    at_once = promotion and moment.policy.promotion == PromotionTime.AT_ONCE
    evidence = evaluation.now if at_once else evaluation.then
    target = tiers[decision.tier_id] if decision.tier_id else evaluation.held
    shown = target.pk if promotion else evaluation.held.pk
    return TierProposal(
        partner=partner,
        direction=decision.direction,
        from_tier=evaluation.held,
        to_tier=target,
        status=ProposalStatus.CONFIRMED if automatic else ProposalStatus.WAITING,
        decided_at=timezone.now() if automatic else None,
        reason=_("Automatic") if automatic else "",
        period_start=moment.period_start,
        effective_on=decision.effective_on,
        evidence={"tier": str(shown), "result": dump_result(evidence[shown])},
    )


def _save_standings(
    ladder: Sequence[Tier],
    evaluations: Mapping[UUID, Evaluation],
    decisions: Mapping[UUID, Decision],
    moved: Mapping[UUID, Move],
) -> None:
    now = timezone.now()
    rows = []
    for partner_id, evaluation in evaluations.items():
        move = moved.get(partner_id)
        held = move.tier if move else evaluation.held
        above = next((tier for tier in ladder if tier.rank > held.rank), None)
        rows.append(
            TierStanding(
                partner_id=partner_id,
                tier=held,
                next_tier=above,
                reached_tier=evaluation.reached(ladder),
                held_since=move.on if move else evaluation.held_since,
                progress=round(evaluation.now[above.pk].progress, 6) if above else 1,
                results={str(tier_id): dump_result(result) for tier_id, result in evaluation.now.items()},
                below_since=None if move else decisions[partner_id].below_since,
                evaluated_at=now,
            )
        )
    TierStanding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["tenant", "partner"],
        update_fields=[
            "tier",
            "next_tier",
            "reached_tier",
            "held_since",
            "progress",
            "results",
            "below_since",
            "evaluated_at",
        ],
        batch_size=500,
    )


# --- assignments ------------------------------------------------------------------------------


@transaction.atomic
def assign_tiers(moves: Sequence[Move]) -> list[Move]:
    """Have each partner hold the tier from the day on, over anything assigned for later; asks no permission.

    Returns the moves that changed something. Other days keep their tier, so past deals keep their rate.
    """
    if not moves:
        return []
    lock_partners("tiers", [move.partner.pk for move in moves])
    existing: dict[UUID, list[TierAssignment]] = defaultdict(list)
    for row in TierAssignment.objects.select_for_update(of=("self",)).filter(
        partner_id__in=[move.partner.pk for move in moves], during__isempty=False
    ):
        existing[row.partner_id].append(row)
    removed, ended, created, done = [], [], [], []
    for move in moves:
        rows = existing[move.partner.pk]
        later = [row for row in rows if row.during.lower is not None and row.during.lower >= move.on]
        current = next((row for row in rows if row not in later and _reaches(row, move.on)), None)
        if current and current.tier_id == move.tier.pk and current.during.upper is None and not later:
            continue
        removed.extend(later)
        done.append(move)
        if current and current.tier_id == move.tier.pk:
            current.during = DateRange(current.during.lower, None)
            ended.append(current)
            continue
        if current:
            current.during = DateRange(current.during.lower, move.on)
            ended.append(current)
        created.append(
            TierAssignment(
                partner=move.partner,
                tier=move.tier,
                during=DateRange(move.on, None),
                reason=move.reason,
                proposal=move.proposal,
                assigned_by=move.by,
            )
        )
    TierAssignment.objects.filter(pk__in=[row.pk for row in removed]).delete()
    TierAssignment.objects.bulk_update(ended, ["during"], batch_size=500)
    TierAssignment.objects.bulk_create(created, batch_size=500)
    record_many(
        EventDraft(
            "tier.assigned",
            move.partner,
            by=move.by,
            partner_id=move.partner.pk,
            data={
                "tier": move.tier.name,
                "tier_id": str(move.tier.pk),
                "on": str(move.on),
                "reason": move.reason,
            },
        )
        for move in done
    )
    return done


def _reaches(row: TierAssignment, day: dt.date) -> bool:
    return row.during.upper is None or row.during.upper > day


def assign_tier(
    partner: Partner, tier: Tier, *, on: dt.date, by: Membership | None = None, reason: str = ""
) -> None:
    """Assign by hand, as an admin or from a migration of history (`by` None), and evaluate anew."""
    if by is not None:
        check(by, "incentives.assign_tier", partner)
    assign_tiers([Move(partner, tier, on, reason, by=by)])
    evaluate_tiers([partner.pk])


# --- proposals --------------------------------------------------------------------------------


@transaction.atomic
def confirm_proposal(proposal: TierProposal, *, by: Membership, reason: str = "") -> TierProposal:
    """Make the move. A promotion counts from the day it was earned, a demotion from today at the earliest."""
    lock_partners("tiers", [proposal.partner_id])
    proposal = _lock_proposal(proposal, ProposalStatus.CONFIRMED, by)
    today = calendar_of(queries.tenant_in_scope()).today()
    demotion = proposal.direction == Direction.DEMOTION
    on = max(proposal.effective_on, today) if demotion else proposal.effective_on
    _close_proposal(proposal, ProposalStatus.CONFIRMED, by, reason)
    assign_tiers([Move(proposal.partner, proposal.to_tier, on, reason, proposal, by)])
    evaluate_tiers([proposal.partner_id])
    return proposal


@transaction.atomic
def decline_proposal(proposal: TierProposal, *, by: Membership, reason: str) -> TierProposal:
    """Leave the partner where it is; the same move is not proposed again in this period."""
    lock_partners("tiers", [proposal.partner_id])
    proposal = _lock_proposal(proposal, ProposalStatus.DECLINED, by)
    if not reason.strip():
        raise ActionRefused(_("Say why, so that the partner's manager can explain it."), field="reason")
    _close_proposal(proposal, ProposalStatus.DECLINED, by, reason.strip())
    record(
        "tier.declined",
        subject=proposal.partner,
        by=by,
        data=_move_data(proposal) | {"reason": reason.strip()},
    )
    return proposal


def _lock_proposal(proposal: TierProposal, status: ProposalStatus, by: Membership) -> TierProposal:
    check(by, "incentives.decide_proposal", proposal)
    locked = (
        TierProposal.objects.select_for_update(of=("self",))
        .select_related("partner", "from_tier", "to_tier")
        .get(pk=proposal.pk)
    )
    if status not in PROPOSAL_TRANSITIONS.get(ProposalStatus(locked.status), set()):
        raise ActionRefused(_("This proposal has been decided already."))
    return locked


def _close_proposal(proposal: TierProposal, status: ProposalStatus, by: Membership, reason: str) -> None:
    proposal.status, proposal.decided_by, proposal.decided_at = status, by, timezone.now()
    proposal.reason = reason
    proposal.save(update_fields=["status", "decided_by", "decided_at", "reason"])


def _move_data(proposal: TierProposal) -> dict[str, Any]:
    return {
        "direction": proposal.direction,
        "from": proposal.from_tier.name,
        "to": proposal.to_tier.name,
        "on": str(proposal.effective_on),
    }


# --- configuration ----------------------------------------------------------------------------


@transaction.atomic
def save_tier(tier: Tier, *, by: Membership) -> Tier:
    """Add or change a tier. Who stands where is evaluated again for everyone."""
    check(by, "incentives.change_programme")
    is_new = tier._state.adding
    if is_new:
        top = Tier.objects.select_for_update().order_by("-rank").first()
        tier.rank = top.rank + 1 if top else 0
    tier.save()
    record("tier.saved", subject=tier, by=by, data={"name": tier.name, "new": is_new})
    return tier


@transaction.atomic
def move_tier(tier: Tier, *, up: bool, by: Membership) -> None:
    """Exchange a tier with its neighbour above or below."""
    check(by, "incentives.change_programme")
    ladder = list(Tier.objects.select_for_update().order_by("rank"))
    index = next(number for number, row in enumerate(ladder) if row.pk == tier.pk)
    other = index + 1 if up else index - 1
    if not 0 <= other < len(ladder):
        return
    # Every day without an assignment counts as the lowest tier's, so another lowest one would take back or add
    # to what deals of those days have earned.
    if 0 in (index, other) and Partner.objects.filter(ledger_entries__isnull=False).exists():
        raise ActionRefused(
            _("The lowest tier stays the lowest: what partners have earned so far was counted by it.")
        )
    first, second = ladder[index], ladder[other]
    first.rank, second.rank = second.rank, first.rank
    for row in (first, second):
        row.save(update_fields=["rank", "updated_at"])
    record("tier.saved", subject=tier, by=by, data={"name": tier.name, "new": False, "rank": first.rank})


@transaction.atomic
def save_policy(policy: TierPolicy, *, by: Membership) -> TierPolicy:
    check(by, "incentives.change_programme")
    policy.save()
    record("tier.policy_saved", subject=policy, by=by, data={"period": policy.period})
    return policy
