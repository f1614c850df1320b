"""Incremental runs and a full run find the same, to the last digit, whatever happened."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics import actions, consumers
from metrics.defaults import MIN_COVERAGE
from metrics.defining import define_kpi
from metrics.models import OwnKpiVersion, PeriodLock, ScorecardTemplate
from metrics.own import forget_own_kpis
from metrics.periods import calendar_of
from metrics.publishing import publish_version
from metrics.sources import SOURCES
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Share
from partners.deals.enums import DealOrigin, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.leads.models import Lead, LeadOffer
from portal.accounts.enums import Role
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CustomerFactory,
    DealFactory,
    LeadFactory,
    PartnerFactory,
    TenantFactory,
    VendorLeadFactory,
    make_member,
    share_deal,
)
from tests.metrics.test_recompute import snapshot

TODAY = dt.date(2026, 11, 20)
DAYS = st.dates(dt.date(2026, 6, 1), TODAY)
AMOUNTS = st.integers(1, 10**9)
PARTNERS, CUSTOMERS = 4, 3

steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, PARTNERS - 1), DAYS, AMOUNTS),
        st.tuples(st.just("win"), st.integers(0, 9), DAYS, AMOUNTS),
        st.tuples(st.just("lose"), st.integers(0, 9), DAYS, AMOUNTS),
        st.tuples(st.just("reverse"), st.integers(0, 9), DAYS, AMOUNTS),
        st.tuples(st.just("share"), st.integers(0, 9), DAYS, st.integers(0, PARTNERS - 1)),
        st.tuples(st.just("unshare"), st.integers(0, 9), DAYS, st.just(0)),
        st.tuples(st.just("give"), st.integers(0, 9), DAYS, st.integers(0, PARTNERS - 1)),
        st.tuples(
            st.just("move"), st.integers(0, PARTNERS - 1), DAYS, st.sampled_from(["North", "South", ""])
        ),
        st.tuples(st.just("lead"), st.integers(0, PARTNERS - 1), DAYS, st.booleans()),
        st.tuples(st.just("convert"), st.integers(0, 9), DAYS, st.booleans()),
        st.tuples(st.just("judge"), st.integers(0, 9), DAYS, st.booleans()),
        st.tuples(st.just("offer"), st.integers(0, PARTNERS - 1), DAYS, st.just(0)),
        st.tuples(st.just("answer"), st.integers(0, 9), DAYS, st.sampled_from(["accepted", "withdrawn"])),
        st.tuples(st.just("run"), st.just(0), st.just(TODAY), st.just(0)),
        st.tuples(st.just("lock"), st.integers(6, 10), st.just(TODAY), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture
def programme(db: None) -> Iterator[Tenant]:
    """A tenant whose monthly template ranks partners among their peers, and whose quarterly one has every method, two
    tracks, a gate and KPIs of its own, one of which is measured anew from November on."""
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        actions.ensure_default_template(tenant)
        own_kpis()
        lines = [
            {"code": "revenue", "weight": 30, "method": "peer", "target": None, "floor": None},
            {"code": "quality_score", "weight": 30, "method": "target", "target": 100, "floor": 0},
            {"code": "win_rate", "weight": 40, "method": "target", "target": 0.7, "floor": 0.1},
        ]
        template = ScorecardTemplate.objects.get(period_kind="month")
        publish_version(template, lines, MIN_COVERAGE, dt.date.min, None)
        template = ScorecardTemplate.objects.get(period_kind="quarter")
        publish_version(
            template, QUARTERLY, MIN_COVERAGE, dt.date.min, None, gate_score=Decimal(40), gate_each=True
        )
        yield tenant


QUARTERLY = [
    {"code": "own_worth", "weight": 20, "method": "target", "target": 10**8, "floor": 0},
    {"code": "own_both", "weight": 20, "method": "peer"},
    {
        "code": "deal_count",
        "weight": 30,
        "method": "steps",
        "points": 7,
        "units": 2,
        "choice": "Way",
        "track": "A",
    },
    {"code": "leads", "weight": 10, "method": "steps", "points": 10, "units": 3, "whole": True}
    | {"choice": "Way", "track": "B"},
    {"code": "revenue", "weight": 20, "method": "target", "target": 10**9, "floor": 7}
    | {"choice": "Way", "track": "B"},
    {"code": "sales_cycle", "weight": 30, "method": "steps", "points": 3, "units": 11},
]


def own_kpis() -> None:
    admin = make_member(Role.ADMIN)
    shape = {"unit": "money", "better": "up", "kind": "lag", "level": "PG", "meaning": "For tests."}
    worth = define_kpi(by=admin, name="Worth", formula="revenue_won / deals_won", **shape)
    define_kpi(by=admin, name="Both", formula="own_worth * win_rate - leads_submitted / 3", **shape)
    OwnKpiVersion.objects.create(
        kpi=worth,
        number=2,
        name="Worth",
        formula="revenue_won * 3 / (deals_won + deals_lost)",
        valid_from=dt.date(2026, 11, 1),
        **shape,
    )
    forget_own_kpis()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=steps)
def test_incremental_runs_agree_with_a_full_run(programme: Tenant, history: list[tuple]) -> None:
    calendar = calendar_of(programme)
    periods = calendar.every(dt.date(2026, 6, 1), TODAY)
    with transaction.atomic():
        partners = PartnerFactory.create_batch(PARTNERS, region="North", joined_on=dt.date(2026, 6, 1))
        customers = CustomerFactory.create_batch(CUSTOMERS)
        actions.recompute_periods(periods, TODAY)
        deals: list[Deal] = []
        leads: list[Lead] = []
        offers: list[LeadOffer] = []
        for number, (verb, which, day, value) in enumerate(history):
            if verb == "lock":
                close(dt.date(2026, which, 1))
            elif verb in LEAD_VERBS:
                happened_to_leads(verb, which, day, value, partners, leads, offers)
            else:
                happened(verb, which, day, value, number, partners, customers, deals)
            if verb == "run":
                actions.recompute_dirty(TODAY)
        actions.recompute_dirty(TODAY)
        incremental = snapshot()
        changed = actions.recompute_periods(periods, TODAY).changed.rows
        full = snapshot()
        transaction.set_rollback(True)
    assert full == incremental
    assert changed == 0


def close(month: dt.date) -> None:
    """Lock a month that is over, and with September the quarter that ended."""
    actions.recompute_dirty(TODAY)
    kinds = ["month", "quarter"] if month.month == 9 else ["month"]
    for kind in kinds:
        start = dt.date(2026, 7, 1) if kind == "quarter" else month
        PeriodLock.objects.get_or_create(period_kind=kind, period_start=start)


def happened(
    verb: str,
    which: int,
    day: dt.date,
    value: object,
    number: int,
    partners: list[Partner],
    customers: list,
    deals: list[Deal],
) -> None:
    """Do one step as an action does: write, and tell the consumer by an event with what was there before."""
    if verb == "open":
        deal = Deal.objects.create(
            number=f"DR-{number}",
            partner=partners[which],
            customer=customers[number % CUSTOMERS],
            origin=DealOrigin.REGISTERED if number % 2 else DealOrigin.IMPORTED,
            status="",
            stage=SalesStage.ENGAGING,
            currency="EUR",
            amount=value,
            amount_base=value,
            engaged_on=day,
        )
        deals.append(deal)
        tell(deal, "deal.created", {})
    elif verb == "move":
        partner = partners[which]
        partner.region = value
        partner.save()
        event = Event(type="partner.updated", subject_id=partner.pk, partner_id=partner.pk, data={})
        consumers.partners_changed([event])
    elif verb == "share" and deals:
        deal = deals[which % len(deals)]
        if deal.partner_id != partners[value].pk and deal.shared_percent < 90:
            share_deal(deal, 10, partners[value])
            tell(deal, "deal.share_joined", {})
    elif verb == "unshare" and deals:
        deal = deals[which % len(deals)]
        Share.objects.filter(deal=deal).update(status=ShareStatus.ENDED)
        deal.shared_percent = 0
        deal.save()
        tell(deal, "deal.share_ended", {})
    elif verb != "run" and deals:
        deal = deals[which % len(deals)]
        old = {"closed_on": deal.closed_on and deal.closed_on.isoformat(), "partner_id": str(deal.partner_id)}
        if verb == "give":
            deal.partner = partners[value]
        elif verb == "reverse":
            deal.stage, deal.closed_on, deal.revenue, deal.revenue_base = (
                SalesStage.NEGOTIATION,
                None,
                None,
                None,
            )
        else:
            deal.stage = SalesStage.WON if verb == "win" else SalesStage.LOST
            deal.closed_on = day
            deal.revenue = deal.revenue_base = value if verb == "win" else None
        deal.save()
        tell(deal, f"deal.{verb}", {"old": old})


LEAD_VERBS = {"lead", "convert", "judge", "offer", "answer"}


def happened_to_leads(
    verb: str,
    which: int,
    day: dt.date,
    value: object,
    partners: list[Partner],
    leads: list[Lead],
    offers: list[LeadOffer],
) -> None:
    """The same for leads and offers."""
    moment = dt.datetime.combine(day, dt.time(12), dt.UTC)
    if verb == "lead":
        leads.append(LeadFactory(partner=partners[which], submitted_at=moment, qualified=value))
        tell_of_lead(leads[-1], partners[which], {})
    elif verb == "offer":
        lead = VendorLeadFactory()
        offers.append(
            LeadOffer.objects.create(
                lead=lead, partner=partners[which], means="rule", offered_at=moment, due_at=moment
            )
        )
        tell_of_lead(lead, partners[which], {})
    elif verb == "answer" and offers:
        offer = offers[which % len(offers)]
        LeadOffer.objects.filter(pk=offer.pk).update(state=value)
        tell_of_lead(offer.lead, offer.partner, {})
    elif verb in ("convert", "judge") and leads:
        lead = leads[which % len(leads)]
        was = {"closed_at": lead.closed_at.isoformat() if lead.closed_at else ""}
        if verb == "judge":
            lead.qualified = value
        elif value:
            lead.status, lead.closed_at, lead.deal = "converted", moment, DealFactory(partner=lead.partner)
        else:
            lead.status, lead.closed_at, lead.deal = "open", None, None
        lead.save()
        tell_of_lead(lead, lead.partner, {"was": was})
        if verb == "convert" and value:
            tell(lead.deal, "deal.created", {})


def tell_of_lead(lead: Lead, partner: Partner, data: dict) -> None:
    moment = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    event = Event(type="lead.x", subject_id=lead.pk, partner_id=partner.pk, data=data, occurred_at=moment)
    consumers.records_changed(SOURCES["leads"], [event])


def tell(deal: Deal, name: str, data: dict) -> None:
    moment = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    event = Event(type=name, subject_id=deal.pk, partner_id=deal.partner_id, data=data, occurred_at=moment)
    consumers.deals_changed([event])
