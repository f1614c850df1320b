"""A partner's plans: what each says, what it has brought in the current period, and what would earn more."""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from incentives.ledger import queries
from incentives.ledger.calculation import Audience, Line
from incentives.ledger.words import rate_text
from incentives.plans.bands import band_reached
from incentives.plans.enums import BandMode, PlanForm
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.plans.words import Names, plan_text, quantity
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import Period, PeriodKind, calendar_of
from portal.accounts.models import Membership
from portal.money import quick_money


@dataclass(frozen=True, slots=True)
class MyPlan:
    """A plan in force that is for a partner. Amounts are minor units of its currency."""

    terms: Terms
    text: list[str]
    period: Period
    earned: int
    counted: str
    more: list[str] = field(default_factory=list)


def is_for(terms: Terms, who: Audience, day: dt.date) -> bool:
    """Whether a plan in force on the day is for the partner then."""
    return (
        terms.in_force(day)
        and (not terms.partner_types or who.type in terms.partner_types)
        and (not terms.regions or who.region in terms.regions)
        and (not terms.tiers or who.tiers.on(day) in terms.tiers)
    )


def my_plans(membership: Membership) -> list[MyPlan]:
    """The partner's plans in their order. The number of queries does not depend on how many there are."""
    if membership.partner_id is None:
        return []
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    today = calendar.today()
    terms = published_terms(tenant)
    who = queries.audiences([membership.partner_id])[membership.partner_id]
    year = calendar.period(PeriodKind.YEAR, today)
    lines = queries.earned_lines([membership.partner_id], terms, since=year.start)[membership.partner_id]
    names = Names.read()
    tier = who.tiers.on(today)
    found = []
    for term in sorted(terms, key=lambda term: (term.said.order, term.plan_name)):
        if not is_for(term, who, today):
            continue
        period = calendar.period(term.period, today)
        inside = [
            line
            for line in lines
            if line.terms is not None and line.terms.plan_id == term.plan_id and line.day >= period.start
        ]
        counted = sum(line.base for line in inside if line.inputs is not None)
        found.append(
            MyPlan(
                term,
                plan_text(term, names),
                period,
                sum(line.amount for line in inside),
                quantity(term, counted),
                what_earns_more(term, tier, counted, inside),
            )
        )
    return found


def what_earns_more(terms: Terms, tier: UUID | None, total: int, lines: list[Line]) -> list[str]:
    """The nearest things that would raise what the plan pays, in words."""
    bands = list(terms.bands.get(tier, ())) if tier else []
    found = []
    if terms.form != PlanForm.POOL and bands and not terms.has_baseline:
        reached = band_reached(bands, total)
        following = next((band for band in bands if reached is not None and band.start == reached.end), None)
        if reached is not None and following is not None:
            gap = quantity(terms, following.start - total)
            better = (
                rate_text(following.rate)
                if terms.form == PlanForm.RATE
                else quick_money(following.amount, terms.currency)
            )
            template = (
                _("%(gap)s more in this period and all of it is paid at %(better)s.")
                if terms.mode == BandMode.WHOLE
                else _("%(gap)s more in this period and what follows is paid at %(better)s.")
            )
            if terms.form == PlanForm.FLAT and terms.counts_money:
                template = _("%(gap)s more in this period earns %(better)s.")
            found.append(template % {"gap": gap, "better": better})
    said = terms.said
    if said.quota is not None and total < said.quota:
        found.append(
            _("%(gap)s more and what lies above the quota is paid at %(times)s times the rate.")
            % {"gap": quantity(terms, said.quota - total), "times": f"{said.accelerator.normalize():f}"}
        )
    if said.registered_rate:
        found.append(
            _("Register the next deal: it earns %(rate)s more.") % {"rate": rate_text(said.registered_rate)}
        )
    if said.registered_amount:
        found.append(
            _("Register the next deal: it earns %(amount)s more.")
            % {"amount": quick_money(said.registered_amount, terms.currency)}
        )
    if said.min_period and total < said.min_period:
        found.append(
            _("%(gap)s more and the plan begins to pay in this period.")
            % {"gap": quantity(terms, said.min_period - total)}
        )
    return found
