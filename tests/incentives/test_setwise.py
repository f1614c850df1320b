"""Posting for many partners at once comes to the entries that the calculation comes to, one by one."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from incentives.ledger import setwise
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.ledger.verify import verify_all
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase
from incentives.plans.models import Plan
from incentives.plans.modifiers import Modifiers
from incentives.tiers.models import Tier, TierAssignment
from metrics.periods import PeriodKind
from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, ProductFamilyFactory, won_deal
from tests.incentives.builders import make_tiers
from tests.incentives.test_ledger_of_plans import publish

YEAR = dt.date(2026, 1, 1)
TODAY = dt.date(2026, 8, 1)
# By then what was posted before may have been paid.
LATER = dt.date(2026, 10, 1)
NOT_COMPARED = {"id", "created_at", "subject"}


def post(*, many: int, since: dt.date | None = None, today: dt.date = TODAY) -> list[LedgerEntry]:
    """As if so many partners were many."""
    before, setwise.MANY = setwise.MANY, many
    try:
        return post_ledger(Partner.objects.values_list("pk", flat=True), since=since, today=today)
    finally:
        setwise.MANY = before


def ledger(names: dict[Any, str]) -> list[dict[str, Any]]:
    """Every entry, told by which deal of which partner it is."""
    fields = [f.attname for f in LedgerEntry._meta.concrete_fields if f.name not in NOT_COMPARED]
    rows = [
        dict(zip(fields, row, strict=True)) for row in LedgerEntry.objects.order_by().values_list(*fields)
    ]
    for row in rows:
        row["deal_id"], row["partner_id"] = names[row["deal_id"]], names[row["partner_id"]]
    return sorted(
        rows, key=lambda row: (row["deal_id"], str(row["plan_id"]), row["occurred_on"], row["sequence"])
    )


def told() -> list[tuple[Any, Any]]:
    """What each partner was told of postings."""
    rows = Event.objects.filter(type="ledger.posted").order_by("id").values_list("partner_id", "data")
    return sorted(rows, key=str)


DAYS = st.dates(dt.date(2025, 11, 1), dt.date(2026, 7, 20))
DEALS = st.lists(
    st.tuples(
        st.integers(0, 2),
        DAYS,
        st.integers(0, 400_00),
        st.booleans(),
        st.sampled_from([Decimal(1), Decimal("0.0061374")]),
    ),
    min_size=1,
    max_size=12,
)
LADDERS = st.lists(st.integers(1, 300_00), max_size=3, unique=True).map(sorted)
RATES = st.lists(st.integers(0, 2500).map(lambda n: Decimal(n) / 10_000), min_size=4, max_size=4)
VERSIONS = st.lists(
    st.tuples(
        st.sampled_from([BandMode.MARGINAL, BandMode.WHOLE]),
        st.integers(0, 200),
        LADDERS,
        RATES,
        st.integers(0, 50_00),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        # What it is narrowed to beside a type: a region, a tier, or a family, which leaves the plan to the calculation.
        st.sampled_from(["", "", "region", "tier", "family"]),
    ),
    min_size=1,
    max_size=3,
)
# What becomes of a deal between two postings.
CHANGES = st.lists(
    st.tuples(st.sampled_from(["revenue", "day", "lost", "more"]), st.integers(0, 11), DAYS), max_size=3
)


def bands_of(edges: list[int], rates: list[Decimal], last: int | None = None) -> list[Band]:
    ends = [*edges, last]
    return [Band(start, end, rate) for start, end, rate in zip([0, *edges], ends, rates, strict=False)]


@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deals=DEALS,
    versions=VERSIONS,
    kind=st.sampled_from(list(PeriodKind)),
    promoted=DAYS,
    demoted_after=st.none() | st.integers(1, 150),
    foreign=st.sampled_from([("JPY", Decimal("162.37")), ("KWD", Decimal("0.33371"))]),
    since=st.none() | DAYS,
    changes=CHANGES,
    moved=st.booleans(),
)
def test_the_same_entries_to_the_last_digit(
    scoped: Tenant,
    deals: list[tuple[int, dt.date, int, bool, Decimal]],
    versions: list[tuple],
    kind: PeriodKind,
    promoted: dt.date,
    demoted_after: int | None,
    foreign: tuple[str, Decimal],
    since: dt.date | None,
    changes: list[tuple[str, int, dt.date]],
    moved: bool,
) -> None:
    with transaction.atomic():
        low, high = list(Tier.objects.order_by("rank")[:2]) or make_tiers(None)
        partners = [
            PartnerFactory(type=type_, region=region)
            for type_, region in (("reseller", "EMEA"), ("referral", "EMEA"), ("reseller", "APAC"))
        ]
        family = ProductFamilyFactory()
        names: dict[Any, str] = {partner.pk: f"p{n}" for n, partner in enumerate(partners)}
        demoted = promoted + dt.timedelta(days=demoted_after) if demoted_after else None
        TierAssignment.objects.create(partner=partners[0], tier=high, during=DateRange(promoted, demoted))
        for number, (mode, into, edges, rates, least, only, limited, both, narrow) in enumerate(versions):
            last = 500_00 if limited and mode == BandMode.MARGINAL else None
            bands = {low.pk: bands_of(edges, rates, last)}
            if both:
                bands[high.pk] = bands_of(edges[1:], rates[::-1], last)
            name = "Rebate" if number < 2 else "Other"
            draft = VersionDraft(
                starts_on=YEAR + dt.timedelta(days=into if number == 1 else -60),
                ends_on=None,
                mode=mode,
                period=kind,
                hold_days=30 + number,
                bands=bands,
                exchange_rate=Decimal(1) if number < 2 else foreign[1],
                partner_types=("reseller",) if only else (),
                regions=("EMEA",) if narrow == "region" else (),
                tier_ids=(high.pk,) if narrow == "tier" else (),
                said=Modifiers(
                    min_deal=least, order=number, families=(family.pk,) if narrow == "family" else ()
                ),
            )
            plan = Plan.objects.filter(name=name).first()
            plan = plan or Plan(name=name, currency="EUR" if number < 2 else foreign[0])
            publish_version(plan, draft, by=None)
        made: list[Deal] = []

        def win(whose: int, day: dt.date, revenue: int, **fields: Any) -> None:
            deal = won_deal(partners[whose], revenue, day, **fields)
            names[deal.pk] = f"d{len(made):02}"
            made.append(deal)

        for whose, day, revenue, registered, rate in deals:
            status = RegistrationStatus.WON if registered else ""
            win(whose, day, revenue, status=status, rate=rate, family=family if registered else None)

        def same(today: dt.date) -> None:
            with transaction.atomic():
                post(many=10**9, since=since, today=today)
                expected = ledger(names), told()
                transaction.set_rollback(True)
            post(many=1, since=since, today=today)
            assert (ledger(names), told()) == expected
            # Again nothing.
            with transaction.atomic():
                assert post(many=10**9, since=since, today=today) == []
                assert post(many=1, since=since, today=today) == []
                assert (ledger(names), told()) == expected

        same(TODAY)
        assert verify_all(LedgerEntry.objects.select_related("plan_version__plan")) == []
        # After changes what the calculation posts, on the same day and when it comes late.
        Deal.objects.filter(pk=made[0].pk).update(revenue=77_77, revenue_base=77_77, closed_on=TODAY)
        same(TODAY)
        if moved:
            Partner.objects.filter(pk=partners[0].pk).update(type="referral")
        for what, which, day in changes:
            deal = Deal.objects.filter(pk=made[which % len(made)].pk)
            if what == "revenue":
                deal.update(revenue=123_45, revenue_base=123_45)
            elif what == "day":
                deal.update(closed_on=day)
            elif what == "lost":
                deal.update(stage=SalesStage.LOST)
            else:
                win(which % 3, day, 99_99)
        same(LATER)
        # What was reversed is won once more.
        Deal.objects.filter(pk__in=[deal.pk for deal in made]).update(stage=SalesStage.WON)
        same(LATER)
        assert verify_all(LedgerEntry.objects.select_related("plan_version__plan")) == []
        transaction.set_rollback(True)


def test_ordinary_plans_are_settled_without_reading_a_deal(
    scoped: Tenant, django_assert_max_num_queries: Callable
) -> None:
    """What is due is posted at once, told to each partner, and found settled the next time."""
    (base,) = make_tiers()
    publish("Rebate", base)
    deals = [won_deal(PartnerFactory(), 100_00, YEAR) for _number in range(3)]
    with django_assert_max_num_queries(22) as spent:
        assert post(many=1) == []
    assert not any("cost_base" in query["sql"] for query in spent.captured_queries)
    assert {entry.deal_id: entry.amount for entry in LedgerEntry.objects.all()} == {
        deal.pk: 5_00 for deal in deals
    }
    assert [data for _partner, data in told()] == [{"amounts": {"EUR": 5_00}, "entries": 1}] * 3
    with django_assert_max_num_queries(16):
        post(many=1)
    assert LedgerEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        (Modifiers(deal_cap=1_00), {}),
        (Modifiers(holdback=Decimal("0.1"), holdback_days=90), {}),
        (Modifiers(budget=3_00), {}),
        (Modifiers(), {"base": PlanBase.MARGIN}),
    ],
)
def test_other_plans_are_left_to_the_calculation(
    scoped: Tenant, said: Modifiers, fields: dict[str, Any]
) -> None:
    (base,) = make_tiers()
    publish("Rebate", base)
    publish("Other", base, said=said, **fields)
    deal = won_deal(PartnerFactory(), 100_00, YEAR, cost=40_00, cost_base=40_00)
    names: dict[Any, str] = {deal.pk: "d", deal.partner_id: "p"}
    with transaction.atomic():
        post(many=10**9)
        expected = ledger(names), told()
        transaction.set_rollback(True)
    post(many=1)
    assert (ledger(names), told()) == expected
    assert len({row["plan_id"] for row in expected[0]}) == (1 if said.budget else 2)
