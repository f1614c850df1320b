"""What a plan's new version would do, on the partners and deals there are: a simulation by the real calculation."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from incentives.ledger import pools, queries
from incentives.ledger.calculation import Audience, Line, WonDeal, calculate
from incentives.ledger.items import won_items
from incentives.plans.actions import VersionDraft
from incentives.plans.models import Plan
from incentives.plans.queries import published_terms, terms_of
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import Calendar, Period, PeriodKind, Window, calendar_of
from partners.directory.models import Partner

SHOWN = 50


@dataclass(frozen=True, slots=True)
class PartnerPreview:
    """One partner's earnings over the window, in minor units of the plan's currency."""

    partner: Partner
    now: int
    then: int

    @property
    def difference(self) -> int:
        return self.then - self.now


@dataclass(frozen=True, slots=True)
class PlanPreview:
    """The last four quarters as if either version had been in force for all of them.

    `posts` is what publishing adds to (or takes from) the ledger at once, because deals from the first day on
    have been won already. `goes_on` is the period in whose middle the draft takes over from version `replaces`.
    `others` is what other plans would pay more or less, by currency, where plans exclude each other.
    """

    currency: str
    window: Window
    rows: list[PartnerPreview]
    posts: int
    goes_on: Period | None = None
    replaces: int | None = None
    others: Mapping[str, int] | None = None

    @property
    def now(self) -> int:
        return sum(row.now for row in self.rows)

    @property
    def then(self) -> int:
        return sum(row.then for row in self.rows)

    @property
    def difference(self) -> int:
        return self.then - self.now

    @property
    def gain(self) -> int:
        """How many partners would earn more."""
        return sum(row.difference > 0 for row in self.rows)

    @property
    def lose(self) -> int:
        return sum(row.difference < 0 for row in self.rows)

    @property
    def shown(self) -> list[PartnerPreview]:
        """Those that change most first; without those that earn nothing either way."""
        earning = [row for row in self.rows if row.now or row.then]
        return sorted(earning, key=lambda row: -abs(row.difference))[:SHOWN]


@dataclass(frozen=True, slots=True)
class _Programme:
    """The partners and what they have won; `earned` says what that earns under some plans."""

    deals: Mapping[UUID, Sequence[WonDeal]]
    audiences: Mapping[UUID, Audience]
    calendar: Calendar
    first: dt.date
    today: dt.date

    def earned(self, terms: Sequence[Terms]) -> dict[UUID, list[Line]]:
        """Every partner's lines, with the budgets and pools that partners share."""
        lines = {
            partner_id: calculate(self.deals.get(partner_id, ()), audience, terms, self.calendar)
            for partner_id, audience in self.audiences.items()
        }
        shared = frozenset(term.plan_id for term in terms if term.is_collective)
        if not shared:
            return lines
        found = {
            partner_id: [line for line in rows if line.terms is None or line.terms.plan_id not in shared]
            for partner_id, rows in lines.items()
        }
        for partner_id, rows in queries.under_budget(lines, shared, self.calendar).items():
            found[partner_id] += rows
        for division in pools.divisions(lines, self.audiences, terms, self.calendar, self.first, self.today):
            for partner_id, line in pools.pool_lines(division).items():
                found[partner_id].append(line)
        return found


def preview_plan(plan: Plan, draft: VersionDraft) -> PlanPreview:
    """Earned under the plans as they stand and with the draft, for each partner that has won anything."""
    simulation = Simulation(plan, draft)
    return simulation.preview([simulation.of(list(Partner.objects.values_list("pk", flat=True)))])


@dataclass(frozen=True, slots=True)
class Part:
    """What the simulation of some partners comes to: what each earns now and then, what publishing posts, and what other
    plans change by."""

    rows: dict[UUID, tuple[int, int]]
    posts: int
    others: dict[str, int]


class Simulation:
    """A draft against the won deals of the last four quarters, some partners at a time."""

    def __init__(self, plan: Plan, draft: VersionDraft):
        tenant = tenant_in_scope()
        self.plan = plan
        self.calendar = calendar_of(tenant)
        self.today = self.calendar.today()
        self.window = self.calendar.trailing(PeriodKind.QUARTER, 4, self.today)
        self.every = published_terms(tenant)
        self.own = [terms for terms in self.every if terms.plan_id == plan.pk]
        self.others = [terms for terms in self.every if terms.plan_id != plan.pk]
        self.new = terms_of(
            draft.version(plan, 0), {key: list(rows) for key, rows in draft.bands.items()}, tenant
        )
        self.since = min(self.window.start, self.calendar.period(PeriodKind.YEAR, draft.starts_on).start)

    @property
    def is_collective(self) -> bool:
        """Whether partners share something, so that they must all be simulated together."""
        return any(term.is_collective for term in [self.new, *self.every])

    def of(self, partner_ids: Collection[UUID]) -> Part:
        terms = [self.new, *self.every]
        deals = won_items(partner_ids, queries.reach_of(self.since, terms), terms)
        held = queries.posted(partner_ids, self.since)
        programme = _Programme(
            deals,
            {
                partner_id: queries.settled(audience, held.get(partner_id, {}))
                for partner_id, audience in queries.audiences(partner_ids).items()
            },
            self.calendar,
            self.since,
            self.today,
        )
        current = next((terms for terms in reversed(self.own) if terms.start <= self.today), None)
        now = [_always(current, self.window)] if current else []
        before = programme.earned([*self.others, *now])
        after = programme.earned([*self.others, _always(self.new, self.window)])

        def of_plan(lines: Mapping[UUID, Sequence[Line]], partner_id: UUID) -> int:
            return sum(
                line.amount
                for line in lines[partner_id]
                if line.terms is not None and line.terms.plan_id == self.plan.pk and line.day in self.window
            )

        return Part(
            {pk: (of_plan(before, pk), of_plan(after, pk)) for pk in partner_ids if deals.get(pk)},
            _posts(
                programme,
                self.plan,
                [*self.others, *self.own],
                [*self.others, *_cut(self.own, self.new), self.new],
            ),
            _others(before, after, self.plan.pk, self.window),
        )

    def preview(self, parts: Sequence[Part]) -> PlanPreview:
        """What the parts come to together."""
        found = {pk: sums for part in parts for pk, sums in part.rows.items()}
        partners = Partner.objects.filter(pk__in=found).order_by("name")
        others: dict[str, int] = defaultdict(int)
        for part in parts:
            for currency, amount in part.others.items():
                others[currency] += amount
        draft_day_before = self.new.start - dt.timedelta(days=1)
        taken_over = next((terms for terms in self.own if terms.in_force(draft_day_before)), None)
        period = self.calendar.period(self.new.period, self.new.start)
        goes_on = period if taken_over and period.start < self.new.start else None
        return PlanPreview(
            self.plan.currency,
            self.window,
            [PartnerPreview(partner, *found[partner.pk]) for partner in partners],
            sum(part.posts for part in parts),
            goes_on,
            taken_over.number if taken_over and goes_on else None,
            {currency: amount for currency, amount in others.items() if amount},
        )


def _posts(programme: _Programme, plan: Plan, now: Sequence[Terms], then: Sequence[Terms]) -> int:
    """What publishing posts of the plan itself."""

    def total(terms: Sequence[Terms]) -> int:
        return sum(
            line.amount
            for rows in programme.earned(terms).values()
            for line in rows
            if line.terms is not None and line.terms.plan_id == plan.pk
        )

    return total(then) - total(now)


def _others(
    before: Mapping[UUID, Sequence[Line]],
    after: Mapping[UUID, Sequence[Line]],
    plan_id: UUID,
    window: Window,
) -> dict[str, int]:
    """What the other plans pay more or less because of the draft, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for sign, lines in ((-1, before), (1, after)):
        for rows in lines.values():
            for line in rows:
                if line.terms is not None and line.terms.plan_id != plan_id and line.day in window:
                    sums[line.terms.currency] += sign * line.amount
    return {currency: amount for currency, amount in sums.items() if amount}


def _always(terms: Terms, window: Window) -> Terms:
    return replace(terms, start=window.start, end=None)


def _cut(versions: Sequence[Terms], new: Terms) -> list[Terms]:
    """The versions as publishing leaves them: ended where the new one begins."""
    return [
        replace(terms, end=new.start if terms.end is None else min(terms.end, new.start))
        for terms in versions
        if terms.start < new.start
    ]
