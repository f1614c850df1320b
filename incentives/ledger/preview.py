"""What a plan's new version would do, on the partners and deals there are."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from incentives.ledger import queries
from incentives.ledger.calculation import calculate
from incentives.ledger.items import won_items
from incentives.plans.actions import VersionDraft
from incentives.plans.models import Plan
from incentives.plans.queries import published_terms, terms_of
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import Period, PeriodKind, Window, calendar_of
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
    """

    currency: str
    window: Window
    rows: list[PartnerPreview]
    posts: int
    goes_on: Period | None = None
    replaces: int | None = None

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
    def shown(self) -> list[PartnerPreview]:
        """Those that change most first."""
        return sorted(self.rows, key=lambda row: -abs(row.difference))[:SHOWN]


def preview_plan(plan: Plan, draft: VersionDraft) -> PlanPreview:
    """Earned under the plan as it stands and under the draft, for each partner that has won deals."""
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    today = calendar.today()
    window = calendar.trailing(PeriodKind.QUARTER, 4, today)
    own = [terms for terms in published_terms(tenant) if terms.plan_id == plan.pk]
    new = terms_of(draft.version(plan, 0), {key: list(rows) for key, rows in draft.bands.items()}, tenant)
    current = next((terms for terms in reversed(own) if terms.start <= today), None)

    since = min(window.start, calendar.period(PeriodKind.YEAR, draft.starts_on).start)
    partners = {partner.pk: partner for partner in Partner.objects.order_by("name")}
    deals = won_items(partners, queries.reach_of(since, [new, *own]), [new, *own])
    held = queries.posted(partners, since)
    audiences = {
        partner_id: queries.settled(audience, held.get(partner_id, {}))
        for partner_id, audience in queries.audiences(partners).items()
    }
    after = [*_cut(own, new), new]

    def earned(partner_id: UUID, versions: Sequence[Terms], *, windowed: bool) -> int:
        lines = calculate(deals[partner_id], audiences[partner_id], versions, calendar)
        return sum(line.amount for line in lines if not windowed or line.day in window)

    rows, posts = [], 0
    for partner_id in deals:
        rows.append(
            PartnerPreview(
                partners[partner_id],
                earned(partner_id, [_always(current, window)] if current else [], windowed=True),
                earned(partner_id, [_always(new, window)], windowed=True),
            )
        )
        posts += earned(partner_id, after, windowed=False) - earned(partner_id, own, windowed=False)
    taken_over = next(
        (terms for terms in own if terms.in_force(draft.starts_on - dt.timedelta(days=1))), None
    )
    period = calendar.period(new.period, new.start)
    goes_on = period if taken_over and period.start < new.start else None
    return PlanPreview(
        plan.currency, window, rows, posts, goes_on, taken_over.number if taken_over and goes_on else None
    )


def _always(terms: Terms, window: Window) -> Terms:
    return replace(terms, start=window.start, end=None)


def _cut(versions: Sequence[Terms], new: Terms) -> list[Terms]:
    """The versions as publishing leaves them: ended where the new one begins."""
    return [
        replace(terms, end=new.start if terms.end is None else min(terms.end, new.start))
        for terms in versions
        if terms.start < new.start
    ]
