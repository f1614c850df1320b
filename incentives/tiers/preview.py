"""What changed tiers, or changed rules for moving between them, would mean for the partners there are."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from incentives.ledger import queries as ledger
from incentives.ledger.calculation import Audience, WonDeal, calculate
from incentives.ledger.items import won_items
from incentives.plans.queries import published_terms
from incentives.tiers import queries
from incentives.tiers.appraisal import Moment, appraise, decisions
from incentives.tiers.enums import Direction
from incentives.tiers.history import TierHistory
from incentives.tiers.models import Tier, TierPolicy
from metrics.periods import Calendar, PeriodKind, calendar_of
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    partner: Partner
    before: Tier
    after: Tier

    @property
    def is_up(self) -> bool:
        return self.after.rank > self.before.rank


@dataclass(frozen=True, slots=True)
class Reached:
    """How many partners reach a tier as it is and as it would be."""

    tier: Tier
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TierPreview:
    """`costs` is by currency what the partners that would reach another tier would have earned more (or less) in it with
    what they won in the last four quarters."""

    reached: list[Reached]
    changes: list[Change]
    partners: int
    costs: Mapping[str, int] = field(default_factory=dict)

    @property
    def up(self) -> int:
        return sum(change.is_up for change in self.changes)

    @property
    def down(self) -> int:
        return len(self.changes) - self.up

    @property
    def shown(self) -> list[Change]:
        return self.changes[:SHOWN]


@dataclass(frozen=True, slots=True)
class PolicyPreview:
    """The moves that the next evaluation would come to under the rules as they are (`before`) and as drafted."""

    before: list[Change]
    after: list[Change]
    partners: int

    @property
    def up(self) -> int:
        return sum(change.is_up for change in self.after)

    @property
    def down(self) -> int:
        return len(self.after) - self.up

    @property
    def up_before(self) -> int:
        return sum(change.is_up for change in self.before)

    @property
    def down_before(self) -> int:
        return len(self.before) - self.up_before

    @property
    def shown(self) -> list[Change]:
        return self.after[:SHOWN]


def preview_tier(draft: Tier) -> TierPreview:
    """Which tier the figures of each partner reach today, with the tier as saved and as drafted."""
    saved = queries.tiers()
    if draft._state.adding:
        draft.rank = saved[-1].rank + 1 if saved else 0
    drafted = [draft if tier.pk == draft.pk else tier for tier in saved]
    if draft._state.adding:
        drafted.append(draft)
    # No plan has rates for a new tier yet: it is counted at those of the tier below it.
    rated = {draft.pk: saved[-1]} if draft._state.adding and saved else {}
    return preview_ladder(drafted, saved, rated)


def preview_ladder(
    drafted: Sequence[Tier], saved: Sequence[Tier] | None = None, rated: Mapping[UUID, Tier] | None = None
) -> TierPreview:
    """Which tier the figures of each partner reach today, with all tiers as saved and as drafted, by rising rank.

    `rated` says by which other tier's rates a tier is counted.
    """
    saved = queries.tiers() if saved is None else saved
    calendar = calendar_of(queries.tenant_in_scope())
    today = calendar.today()
    partners = list(Partner.objects.filter(status__in=TRADING_STATUSES).order_by("name"))
    before = _reached(saved or drafted[:1], partners, calendar, today)
    after = _reached(drafted, partners, calendar, today)
    counts_before = Counter(tier.pk for tier in before)
    counts_after = Counter(tier.pk for tier in after)
    changes = [
        Change(partner, old, new)
        for partner, old, new in zip(partners, before, after, strict=True)
        if old.pk != new.pk
    ]
    return TierPreview(
        [Reached(tier, counts_before[tier.pk], counts_after[tier.pk]) for tier in drafted],
        changes,
        len(partners),
        _costs(changes, rated or {}, calendar, today),
    )


def preview_move(tier: Tier, *, up: bool) -> TierPreview:
    """The same for a tier that changes places with its neighbour."""
    saved = queries.tiers()
    drafted = queries.tiers()
    index = next(number for number, row in enumerate(drafted) if row.pk == tier.pk)
    other = index + 1 if up else index - 1
    if 0 <= other < len(drafted):
        first, second = drafted[index], drafted[other]
        first.rank, second.rank = second.rank, first.rank
        drafted.sort(key=lambda row: row.rank)
    return preview_ladder(drafted, saved)


def cost_by_hand(partner: Partner, tier: Tier) -> dict[str, int]:
    """By currency what the partner would have earned more (or less) in a tier than in the one it holds, with what it won in
    the last four quarters."""
    calendar = calendar_of(queries.tenant_in_scope())
    held = queries.tier_on(partner.pk, calendar.today())
    if held is None:
        return {}
    return _costs([Change(partner, held, tier)], {}, calendar, calendar.today())


def preview_policy(draft: TierPolicy) -> PolicyPreview:
    """What the next evaluation would decide by the rules as saved and as drafted."""
    ladder = queries.tiers()
    partners = {row.pk: row for row in Partner.objects.filter(status__in=TRADING_STATUSES).order_by("name")}
    if not ladder or not partners:
        return PolicyPreview([], [], len(partners))
    before, after = (_moves(ladder, partners, Moment.now(None, policy)) for policy in (None, draft))
    return PolicyPreview(before, after, len(partners))


def _moves(ladder: Sequence[Tier], partners: Mapping[UUID, Partner], moment: Moment) -> list[Change]:
    evaluations = appraise(ladder, partners, moment.calendar, moment.today, moment.last_day)
    tiers = {tier.pk: tier for tier in ladder}
    found = decisions(ladder, evaluations, moment)
    return [
        Change(partner, evaluations[pk].held, tiers[found[pk].tier_id or ladder[0].pk])
        for pk, partner in partners.items()
        if found[pk].direction in (Direction.PROMOTION, Direction.DEMOTION)
    ]


def _reached(
    ladder: Sequence[Tier], partners: Sequence[Partner], calendar: Calendar, today: dt.date
) -> list[Tier]:
    evaluations = appraise(ladder, [partner.pk for partner in partners], calendar, today, today)
    return [evaluations[partner.pk].reached(ladder) for partner in partners]


# --- cost --------------------------------------------------------------------------------------


def _costs(
    changes: Collection[Change], rated: Mapping[UUID, Tier], calendar: Calendar, today: dt.date
) -> dict[str, int]:
    """By currency what the deals of the last four quarters earn in the one tier and in the other. Pools and budgets,
    which partners share, stand aside: they cost what they cost."""
    terms = [term for term in published_terms(queries.tenant_in_scope()) if not term.is_collective]
    if not changes or not terms:
        return {}
    window = calendar.trailing(PeriodKind.QUARTER, 4, today)
    ids = [change.partner.pk for change in changes]
    deals = won_items(ids, ledger.reach_of(window.start, terms), terms)
    audiences = ledger.audiences(ids)

    def earned(audience: Audience, tier: Tier, won: Sequence[WonDeal]) -> dict[str, int]:
        held = replace(audience, tiers=TierHistory(rated.get(tier.pk, tier).pk))
        sums: dict[str, int] = defaultdict(int)
        for line in calculate(won, held, terms, calendar):
            if line.terms is not None and line.day in window:
                sums[line.terms.currency] += line.amount
        return sums

    costs: dict[str, int] = defaultdict(int)
    for change in changes:
        won, audience = deals.get(change.partner.pk, ()), audiences[change.partner.pk]
        for sign, tier in ((-1, change.before), (1, change.after)):
            for currency, amount in earned(audience, tier, won).items():
                costs[currency] += sign * amount
    return {currency: amount for currency, amount in sorted(costs.items()) if amount}
