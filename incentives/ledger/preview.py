"""What a plan's new version would do, on the partners and deals there are: a simulation by the real calculation."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
        """Those that change most first."""
        return sorted(self.rows, key=lambda row: -abs(row.difference))[:SHOWN]


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
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    today = calendar.today()
    window = calendar.trailing(PeriodKind.QUARTER, 4, today)
    every = published_terms(tenant)
    own = [terms for terms in every if terms.plan_id == plan.pk]
    others = [terms for terms in every if terms.plan_id != plan.pk]
    new = terms_of(draft.version(plan, 0), {key: list(rows) for key, rows in draft.bands.items()}, tenant)
    current = next((terms for terms in reversed(own) if terms.start <= today), None)

    since = min(window.start, calendar.period(PeriodKind.YEAR, draft.starts_on).start)
    partners = {partner.pk: partner for partner in Partner.objects.order_by("name")}
    deals = won_items(partners, queries.reach_of(since, [new, *every]), [new, *every])
    held = queries.posted(partners, since)
    programme = _Programme(
        deals,
        {
            partner_id: queries.settled(audience, held.get(partner_id, {}))
            for partner_id, audience in queries.audiences(partners).items()
        },
        calendar,
        since,
        today,
    )
    before = programme.earned([*others, *([_always(current, window)] if current else [])])
    after = programme.earned([*others, _always(new, window)])

    def of_plan(lines: Mapping[UUID, Sequence[Line]], partner_id: UUID) -> int:
        return sum(
            line.amount
            for line in lines[partner_id]
            if line.terms is not None and line.terms.plan_id == plan.pk and line.day in window
        )

    rows = [
        PartnerPreview(partners[partner_id], of_plan(before, partner_id), of_plan(after, partner_id))
        for partner_id in partners
        if deals.get(partner_id)
    ]
    taken_over = next(
        (terms for terms in own if terms.in_force(draft.starts_on - dt.timedelta(days=1))), None
    )
    period = calendar.period(new.period, new.start)
    goes_on = period if taken_over and period.start < new.start else None
    return PlanPreview(
        plan.currency,
        window,
        rows,
        _posts(programme, plan, [*others, *own], [*others, *_cut(own, new), new]),
        goes_on,
        taken_over.number if taken_over and goes_on else None,
        _others(before, after, plan.pk, window),
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
