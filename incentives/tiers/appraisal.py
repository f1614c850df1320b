"""Partners measured against the tiers, and what follows from it; nothing is written. Evaluation and previews share it."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from incentives.tiers import queries
from incentives.tiers.decisions import Decision, Policy, Position, Rung, decide
from incentives.tiers.enums import Direction, Outcome, OverrideStatus, PromotionTime
from incentives.tiers.models import Tier, TierOverride, TierPolicy, TierStanding
from incentives.tiers.readings import Values, readings
from incentives.tiers.requirements import Group, GroupResult, evaluate
from metrics.closing import grace_days as late_days
from metrics.periods import Calendar, PeriodKind, calendar_of


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One partner against all tiers: the results today and on the last day of the period that ended."""

    partner_id: UUID
    held: Tier
    held_since: dt.date | None
    now: Mapping[UUID, GroupResult]
    then: Mapping[UUID, GroupResult]

    def reached(self, ladder: Sequence[Tier]) -> Tier:
        return reached(ladder, self.now)


def reached(ladder: Sequence[Tier], results: Mapping[UUID, GroupResult]) -> Tier:
    """The highest tier whose requirements are met; the lowest of the ladder where none is."""
    met = [tier for tier in ladder if results[tier.pk].outcome == Outcome.MET]
    return max(met, key=lambda tier: tier.rank, default=ladder[0])


@dataclass(frozen=True, slots=True)
class Moment:
    """When an evaluation takes place, and under which rules."""

    calendar: Calendar
    today: dt.date
    period_start: dt.date
    year_start: dt.date
    policy: TierPolicy
    # How many days after its end a period stays open for late figures.
    late_days: int

    @classmethod
    def now(cls, today: dt.date | None, policy: TierPolicy | None = None) -> "Moment":
        """Today, or another day, under the tenant's policy or another one."""
        calendar = calendar_of(queries.tenant_in_scope())
        policy = policy or queries.policy()
        day = today or calendar.today()
        return cls(
            calendar,
            day,
            calendar.period(PeriodKind(policy.period), day).start,
            calendar.period(PeriodKind.YEAR, day).start,
            policy,
            late_days() or 0,
        )

    @property
    def last_day(self) -> dt.date:
        """The last day of the period that ended."""
        return self.period_start - dt.timedelta(days=1)


def appraise(
    ladder: Sequence[Tier],
    partner_ids: Collection[UUID],
    calendar: Calendar,
    today: dt.date,
    last_day: dt.date,
) -> dict[UUID, Evaluation]:
    """Each partner against each tier, without writing; what evaluation and the editor's preview share.

    Tiers up to the one that a partner holds are measured by what keeping them asks, higher ones by entry.

    `ladder` are the tiers by rising rank, as saved or as drafted.
    """
    conditions = [leaf for tier in ladder for tree in tier.trees for leaf in tree.conditions()]
    values = readings(conditions, partner_ids, [today, last_day], calendar)
    base = ladder[0].pk
    tiers = {tier.pk: tier for tier in ladder}
    histories = queries.histories(partner_ids, base)
    asked = {tier.rank: {other.pk: other.tree_from(tier.rank) for other in ladder} for tier in ladder}

    def appraised(partner_id: UUID) -> Evaluation:
        held = tiers.get(histories[partner_id].on(today) or base, ladder[0])
        return Evaluation(
            partner_id,
            held,
            histories[partner_id].since(today),
            _results(asked[held.rank], values[partner_id, today]),
            _results(asked[held.rank], values[partner_id, last_day]),
        )

    return {partner_id: appraised(partner_id) for partner_id in partner_ids}


def _results(trees: Mapping[UUID, Group], values: Values) -> dict[UUID, GroupResult]:
    return {tier_id: evaluate(tree, values) for tier_id, tree in trees.items()}


def decisions(
    ladder: Sequence[Tier], evaluations: Mapping[UUID, Evaluation], moment: Moment
) -> dict[UUID, Decision]:
    """What follows for each partner. Two queries."""
    overrides = {
        row.partner_id: row
        for row in TierOverride.objects.filter(
            partner_id__in=evaluations, status=OverrideStatus.APPROVED
        ).select_related("fallback")
    }
    known = {row.partner_id: row for row in TierStanding.objects.filter(partner_id__in=evaluations)}
    return {
        partner_id: _within(
            overrides.get(partner_id), evaluation, _decide(ladder, evaluation, known.get(partner_id), moment)
        )
        for partner_id, evaluation in evaluations.items()
    }


def _decide(
    ladder: Sequence[Tier], evaluation: Evaluation, standing: TierStanding | None, moment: Moment
) -> Decision:
    rungs = [
        Rung(tier.pk, tier.rank, evaluation.now[tier.pk].outcome, evaluation.then[tier.pk].outcome)
        for tier in ladder
    ]
    position = Position(
        evaluation.held.rank, evaluation.held_since, standing.below_since if standing else None
    )
    policy = Policy(
        PromotionTime(moment.policy.promotion),
        moment.policy.grace_days,
        moment.policy.only_at_year_end,
        moment.late_days,
    )
    return decide(
        rungs,
        position,
        policy,
        today=moment.today,
        period_start=moment.period_start,
        year_start=moment.year_start,
    )


def _within(override: TierOverride | None, evaluation: Evaluation, decision: Decision) -> Decision:
    """While a tier by hand runs, figures neither take it away nor, where it was given to hold back, raise it."""
    if override is None or evaluation.held.pk != override.tier_id or decision.direction is None:
        return decision
    holds_back = override.fallback is not None and override.fallback.rank > evaluation.held.rank
    if decision.direction == Direction.DEMOTION or holds_back:
        return Decision(None, None, None, None)
    return decision
