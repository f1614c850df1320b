"""The ledger of richer plans: budgets, pools, shares, activities, holdback, clawback by time served, and every entry
computed again from what it keeps."""

import datetime as dt
import random
import threading
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Sum
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incentives.ledger.actions import post_collective, post_ledger
from incentives.ledger.enums import EntryKind, Part
from incentives.ledger.models import LedgerEntry
from incentives.ledger.queries import balances
from incentives.ledger.verify import verify, verify_all
from incentives.ledger.words import entry_text
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase, PlanForm, PoolBy, Shown
from incentives.plans.models import Plan, PlanVersion, PoolSettlement
from incentives.plans.modifiers import Modifiers
from incentives.tiers.models import Tier
from metrics.periods import PeriodKind
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Seat, Share
from partners.deals.enums import SalesStage
from partners.deals.models import Deal, DealLine
from partners.directory.merging.actions import merge_partners
from partners.directory.models import Partner
from partners.engagement.models import Gathering, Guest
from partners.orders.models import OrderReturn
from partners.training.models import Completion, Course, Path
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    DailyFigureFactory,
    OrderFactory,
    PartnerFactory,
    TenantFactory,
    make_member,
    won_deal,
)
from tests.incentives.builders import bands, make_tiers

YEAR = dt.date(2026, 1, 1)
DAY = dt.date(2026, 3, 11)
TODAY = dt.date(2026, 3, 20)
LATER = dt.date(2026, 8, 1)
FIVE = bands((0, None, "0.05"))
EVENING = dt.datetime(2026, 3, 11, 18, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NOW = dt.datetime(2026, 8, 1, 12, tzinfo=dt.UTC)


def publish(
    name: str, tier: Tier, *rows: Band, said: Modifiers | None = None, **fields: object
) -> PlanVersion:
    draft = VersionDraft(
        starts_on=fields.pop("starts_on", YEAR),
        ends_on=None,
        mode=fields.pop("mode", BandMode.MARGINAL),
        period=PeriodKind.QUARTER,
        hold_days=30,
        bands={tier.pk: rows or FIVE},
        said=said or Modifiers(),
        **fields,
    )
    plan = Plan.objects.filter(name=name).first() or Plan(name=name, currency="EUR")
    return publish_version(plan, draft, by=None)


def ledger(**where: object) -> int:
    return LedgerEntry.objects.filter(**where).aggregate(total=Sum("amount"))["total"] or 0


def post(today: dt.date = TODAY, **since: dt.date) -> None:
    post_ledger(Partner.objects.values_list("pk", flat=True), today=today, **since)
    post_collective(today=today, **since)
    assert verify_all(LedgerEntry.objects.select_related("plan_version__plan")) == []


@pytest.mark.usefixtures("scoped")
class TestCollectivePlans:
    def test_a_budget_is_spent_in_the_order_of_the_deals_whenever_they_are_reported(self) -> None:
        (base,) = make_tiers()
        publish("Campaign", base, said=Modifiers(budget=8_00))
        late = won_deal(PartnerFactory(), 100_00, DAY)
        post()
        assert ledger(deal=late) == 5_00
        early = won_deal(PartnerFactory(), 100_00, dt.date(2026, 2, 1))
        post()
        post()
        assert (ledger(deal=early), ledger(deal=late), ledger()) == (5_00, 3_00, 8_00)

    def test_a_pool_is_divided_when_its_period_is_over_and_again_when_a_deal_comes_late(self) -> None:
        (base,) = make_tiers()
        publish("Pool", base, form=PlanForm.POOL, said=Modifiers(pool_amount=100_00, pool_by=PoolBy.REVENUE))
        one, two = won_deal(PartnerFactory(), 100_00, DAY), won_deal(PartnerFactory(), 200_00, DAY)
        post(TODAY)
        assert ledger() == 0
        after = dt.date(2026, 4, 1)
        post(after)
        assert (ledger(partner=one.partner), ledger(partner=two.partner)) == (33_33, 66_67)
        entry = LedgerEntry.objects.get(partner=one.partner)
        assert (entry.deal_id, entry.occurred_on, entry.label) == (
            None,
            dt.date(2026, 3, 31),
            "Pool, Jan – Mar 2026",
        )
        won_deal(one.partner, 100_00, DAY)
        post(after)
        assert (ledger(partner=one.partner), ledger(partner=two.partner)) == (50_00, 50_00)
        again = LedgerEntry.objects.get(partner=two.partner, sequence=2)
        assert entry_text(again, mine=False).startswith("Divided anew, because what the partners share it by")
        assert entry_text(again, mine=False).endswith("Posted before: €66.67.")
        assert PoolSettlement.objects.count() == 2

    def test_a_partner_does_not_read_what_all_partners_of_a_pool_have_won(
        self, admin: Membership, client_as: Callable[[Membership], Client], tenant: Tenant
    ) -> None:
        (base,) = make_tiers()
        said = Modifiers(pool_amount=100_00, pool_by=PoolBy.DEALS)
        publish("Pool", base, form=PlanForm.POOL, said=said)
        one, _two = won_deal(PartnerFactory(), 100_00, DAY), won_deal(PartnerFactory(), 777_77, DAY)
        post(dt.date(2026, 4, 1))
        entry = LedgerEntry.objects.get(partner=one.partner)
        assert entry.explanation["total"] == 877_77
        address = f"/acme/api/v1/ledger-entries/{entry.pk}/"
        owner = make_member(Role.PARTNER_OWNER, partner=one.partner)
        shown = client_as(owner).get(address).json()["explanation"]
        assert "total" not in shown
        assert shown["base"] == 100_00
        # Of a pool the vendor reads one partner's entries, and of no rate that there is not.
        page = client_as(admin).get(f"/acme/earnings/entries/{entry.pk}/")
        assert list(page.context["others"]) == [entry]
        assert "Rate" not in [row["label"] for row in page.context["properties"]]
        assert "Every entry of this deal" not in page.content.decode()
        assert client_as(admin).get(address).json()["explanation"] == entry.explanation

    @pytest.mark.parametrize(("others", "told"), [(1, False), (4, True)])
    def test_where_few_share_a_pool_a_partner_is_told_its_own_amount_alone(
        self,
        others: int,
        told: bool,
        admin: Membership,
        client_as: Callable[[Membership], Client],
        tenant: Tenant,
    ) -> None:
        (base,) = make_tiers()
        said = Modifiers(pool_rate=Decimal("0.1"), pool_by=PoolBy.REVENUE, shown=Shown.NAMES)
        terms = publish("Pool", base, form=PlanForm.POOL, said=said)
        one = won_deal(PartnerFactory(name="Alpha"), 1_000_00, DAY)
        for _number in range(others):
            won_deal(PartnerFactory(name="Beta"), 3_000_00, DAY)
        post(dt.date(2026, 4, 1))
        entry = LedgerEntry.objects.get(partner=one.partner)
        assert entry.amount == 100_00
        owner, vendor = client_as(make_member(Role.PARTNER_OWNER, partner=one.partner)), client_as(admin)
        pool = "13,000" if told else "4,000"
        for client, sees in ((vendor, True), (owner, told)):
            shown = client.get(f"/acme/api/v1/ledger-entries/{entry.pk}/").json()["explanation"]
            assert ("weights" in shown["pool"], "pool" in shown["pool"]) == (sees, sees)
            page = client.get(f"/acme/earnings/entries/{entry.pk}/").content.decode()
            assert ("partners share by" in page) == sees
            listed = client.get(f"/acme/plans/{terms.plan_id}/ranking/").content.decode()
            assert ("Beta" in listed, "among" in listed) == (sees, sees)
            assert "€100" in listed
            assert sees or ("Your share is €100" in listed and pool not in page)
        plain = publish("Rebate", base)
        plans = vendor.get("/acme/plans/").content.decode()
        assert [f"/{each.plan_id}/ranking/" in plans for each in (terms, plain)] == [True, False]

    def test_two_workers_at_once_post_a_pool_once(self) -> None:
        """The second waits for the plan's lock and finds nothing left; see also the test with connections below."""
        (base,) = make_tiers()
        publish(
            "Pool", base, form=PlanForm.POOL, said=Modifiers(pool_rate=Decimal("0.1"), pool_by=PoolBy.DEALS)
        )
        won_deal(PartnerFactory(), 100_00, DAY)
        assert len(post_collective(today=LATER)) == 1
        assert post_collective(today=LATER) == []


@pytest.mark.usefixtures("scoped")
class TestPartsAndOthers:
    def test_a_shared_deal_pays_each_partner_its_part(self) -> None:
        (base,) = make_tiers()
        publish("Rebate", base, said=Modifiers(shared=True))
        deal, other = won_deal(PartnerFactory(), 333_33, DAY), PartnerFactory()
        share = Share.objects.create(
            deal=deal,
            partner=deal.partner,
            email="",
            member=make_member(Role.CHANNEL_MANAGER),
            slice=NumericRange(1, 34),
            status=ShareStatus.JOINED,
            invited_by=make_member(Role.CHANNEL_MANAGER),
        )
        Seat.objects.create(share=share, deal=deal, partner=other)
        post()
        holder, guest = (LedgerEntry.objects.get(partner=partner) for partner in (deal.partner, other))
        assert holder.base + guest.base == 333_33
        assert guest.label == (deal.title or deal.number)
        with tenant_scope(deal.tenant_id, other.pk):
            seen = LedgerEntry.objects.select_related("deal").get()
            assert (seen.deal, seen.headline) == (None, guest.label)
        Share.objects.update(status=ShareStatus.ENDED)
        post()
        assert (ledger(partner=other), ledger(partner=deal.partner)) == (0, 16_67)

    def test_a_completed_course_is_paid_once_a_person_and_taken_back_when_revoked(self) -> None:
        (base,) = make_tiers()
        publish(
            "Training", base, Band(0, None, Decimal(0), 75_00), form=PlanForm.FLAT, base=PlanBase.ACTIVITY
        )
        partner = PartnerFactory()
        person, course = (
            make_member(Role.PARTNER_MEMBER, partner=partner),
            Course.objects.create(title="Basics"),
        )
        for day in (DAY, DAY + dt.timedelta(days=3)):
            Completion.objects.create(
                course=course, member=person, partner=partner, completed_on=day, via="hand"
            )
        path = Path.objects.create(title="From first to last")
        Completion.objects.create(path=path, member=person, partner=partner, completed_on=DAY, via="hand")
        post()
        entry = LedgerEntry.objects.get()  # the path is made of courses that were paid for
        assert (entry.amount, entry.label, entry.occurred_on) == (75_00, "Basics", DAY)
        Completion.objects.update(revoked_at=NOW)
        post()
        assert ledger() == 0

    def test_who_came_to_an_event_is_paid_for_and_taken_back_when_it_was_a_mistake(self) -> None:
        (base,) = make_tiers()
        publish(
            "Events",
            base,
            Band(0, None, Decimal(0), 40_00),
            form=PlanForm.FLAT,
            base=PlanBase.ACTIVITY,
            said=Modifiers(activities=("event:webinar",)),
        )
        partner = PartnerFactory()
        people = [make_member(Role.PARTNER_MEMBER, partner=partner) for _number in range(3)]
        for kind in ("webinar", "council"):
            held = Gathering.objects.create(
                title=f"A {kind}", kind=kind, status="published", starts_at=EVENING, ends_at=EVENING + HOUR
            )
            for number, member in enumerate(people):
                Guest.objects.create(gathering=held, member=member, partner=partner, attended=number < 2)
        post()
        rows = LedgerEntry.objects.values_list("amount", "label", "occurred_on")
        assert list(rows) == [(40_00, "A webinar", dt.date(2026, 3, 11))] * 2
        assert not LedgerEntry.objects.filter(deal__isnull=False).exists()
        Guest.objects.filter(member=people[0]).update(attended=False)
        post()
        assert ledger() == 40_00

    def test_a_campaign_pays_once_it_is_over_and_its_figures_are_known(self) -> None:
        (base,) = make_tiers()
        publish(
            "Campaigns",
            base,
            Band(0, None, Decimal(0), 500_00),
            form=PlanForm.FLAT,
            base=PlanBase.ACTIVITY,
            said=Modifiers(activities=("campaign:cobranded",)),
        )
        over = {"starts_on": YEAR, "ends_on": DAY, "is_cobranded": True}
        told = CampaignFactory(**over)
        for campaign in (told, CampaignFactory(**over | {"is_cobranded": False})):
            DailyFigureFactory(campaign=campaign, partner=campaign.partner, day=DAY)
        CampaignFactory(**over)
        DailyFigureFactory(campaign=CampaignFactory(**over | {"ends_on": None}), day=DAY)
        with time_machine.travel(NOW, tick=False):
            post()
        entry = LedgerEntry.objects.get()
        assert (entry.partner, entry.item, entry.amount) == (told.partner, told.pk, 500_00)

    def test_units_are_those_of_a_deals_lines_and_of_delivered_orders(self) -> None:
        (base,) = make_tiers()
        each = Band(0, None, Decimal(0), 2_00)
        publish("Units", base, each, form=PlanForm.FLAT, base=PlanBase.UNITS)
        publish("Orders", base, each, form=PlanForm.FLAT, base=PlanBase.ORDERED)
        partner = PartnerFactory()
        deal = won_deal(partner, 100_00, DAY)
        for position, quantity in enumerate([3, 4]):
            DealLine.objects.create(
                deal=deal, partner=partner, position=position, product=deal.product, quantity=quantity
            )
        won_deal(partner, 100_00, DAY)
        delivered = {"partner": partner, "status": "delivered", "fulfilled_at": EVENING, "units": 10}
        order = OrderFactory(**delivered)
        OrderFactory(**delivered | {"status": "placed", "fulfilled_at": None})
        post()
        assert (ledger(plan__name="Units"), ledger(plan__name="Orders")) == (7 * 2_00 + 2_00, 20_00)
        entry = LedgerEntry.objects.get(plan__name="Orders")
        assert (entry.item, entry.label, entry.occurred_on) == (order.pk, order.number, DAY)
        OrderReturn.objects.create(order=order, partner=partner, returned_on=TODAY, quantity=4)
        post()
        assert ledger(plan__name="Orders") == 12_00

    def test_what_is_held_back_waits_longer(self) -> None:
        (base,) = make_tiers()
        publish("Rebate", base, said=Modifiers(holdback=Decimal("0.25"), holdback_days=180))
        won_deal(PartnerFactory(), 100_00, DAY)
        post()
        parts = {entry.part: (entry.amount, entry.payable_on) for entry in LedgerEntry.objects.all()}
        assert parts == {
            Part.MAIN: (3_75, DAY + dt.timedelta(days=30)),
            Part.HOLDBACK: (1_25, DAY + dt.timedelta(days=180)),
        }
        for entry in LedgerEntry.objects.all():
            assert entry_text(entry, mine=True).endswith("; €1.25 of these €5 is held back")

    @pytest.mark.parametrize(
        ("on", "stays"),
        [(dt.date(2026, 3, 31), 0), (dt.date(2026, 4, 20), 2_50), (dt.date(2026, 6, 30), 5_00)],
    )
    def test_a_reversal_takes_back_by_the_time_served_and_only_once(self, on: dt.date, stays: int) -> None:
        """Held 10 days less than served, so that it was payable: all within 30 days, half within 90, then nothing."""
        (base,) = make_tiers()
        version = publish("Rebate", base, said=Modifiers(clawback_full_days=30, clawback_half_days=90))
        PlanVersion.objects.filter(pk=version.pk).update(hold_days=5)
        deal = won_deal(PartnerFactory(), 100_00, DAY)
        post(TODAY)
        Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)
        with time_machine.travel(dt.datetime.combine(on, dt.time(12), dt.UTC), tick=False):
            for _again in range(3):
                post(on)
        assert ledger() == stays
        kinds = set(LedgerEntry.objects.exclude(kind=EntryKind.EARNING).values_list("kind", flat=True))
        assert kinds == ({EntryKind.CLAWBACK} if stays < 5_00 else set())
        # Won again, only what was taken back is earned anew.
        Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.WON)
        post(on)
        assert ledger() == 5_00

    def test_a_negative_balance_is_carried_forward(self) -> None:
        (base,) = make_tiers()
        publish("Rebate", base)
        deal = won_deal(PartnerFactory(), 100_00, DAY)
        post(TODAY)
        Deal.objects.filter(pk=deal.pk).update(revenue=10_00, revenue_base=10_00)
        post(LATER)
        assert balances(LATER)[deal.partner_id, "EUR"] == 50
        assert ledger(booked_on__gte=LATER) == -4_50


@pytest.mark.usefixtures("scoped")
def test_an_entry_that_was_tampered_with_no_longer_agrees() -> None:
    (base,) = make_tiers()
    publish("Rebate", base)
    won_deal(PartnerFactory(), 100_00, DAY)
    post()
    entry = LedgerEntry.objects.select_related("plan_version__plan").get()
    assert verify(entry).amount == entry.amount
    entry.amount += 1
    assert not verify(entry).agrees


@pytest.mark.usefixtures("scoped")
@pytest.mark.parametrize(("on", "stays"), [(TODAY, 0), (LATER, 2_50)])
def test_what_a_company_earned_is_taken_back_from_the_one_that_it_became_part_of(
    admin: Membership, on: dt.date, stays: int
) -> None:
    (base,) = make_tiers()
    publish("Rebate", base, said=Modifiers(clawback_full_days=1, clawback_half_days=1000))
    old, new = PartnerFactory(), PartnerFactory()
    deal = won_deal(old, 100_00, DAY)
    post(TODAY)
    merge_partners(old, new, by=admin, reason="Bought")
    Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)
    with time_machine.travel(NOW, tick=False):
        post(on)
        post(on)
    assert (ledger(partner=old), ledger()) == (5_00, stays)
    assert verify_all(LedgerEntry.objects.select_related("plan_version__plan")) == []


@pytest.mark.usefixtures("scoped")
@pytest.mark.parametrize("partners", [2, 4])
def test_the_shares_of_a_pool_are_verified_together(
    partners: int, django_assert_num_queries: Callable
) -> None:
    (base,) = make_tiers()
    publish("Pool", base, form=PlanForm.POOL, said=Modifiers(pool_amount=100_00, pool_by=PoolBy.REVENUE))
    for number in range(partners):
        won_deal(PartnerFactory(), (number + 1) * 100_00, DAY)
    post(dt.date(2026, 4, 1))
    entries = list(LedgerEntry.objects.select_related("plan_version__plan"))
    assert len(entries) == partners
    with django_assert_num_queries(5):
        assert verify_all(entries) == []
    entries[0].amount += 1
    assert [entry for entry, _verdict in verify_all(entries)] == entries[:1]


@pytest.mark.usefixtures("scoped")
def test_the_owner_of_the_tables_changes_no_entry_either() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cmd, qual FROM pg_policies WHERE tablename = 'incentives_ledgerentry'"
            " AND permissive = 'RESTRICTIVE' AND policyname LIKE '%never_changed%' ORDER BY cmd"
        )
        assert cursor.fetchall() == [("DELETE", "false"), ("UPDATE", "false")]
        cursor.execute("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'incentives_ledgerentry'")
        assert cursor.fetchone() == (True,)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["win", "reverse", "change", "plan", "post", "post late"]),
        st.integers(0, 2),
        st.integers(1, 300_00),
    ),
    max_size=10,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, seed=st.integers(0, 9))
def test_no_sequence_pays_a_deal_twice_or_loses_a_cent(
    scoped: Tenant, steps: list[tuple[str, int, int]], seed: int
) -> None:
    """However wins, reversals, changes, plans and postings follow each other, the ledger comes to what one posting of
    the last state comes to."""
    ids_before = set(LedgerEntry.objects.values_list("pk", flat=True))
    base = Tier.objects.first() or make_tiers()[0]
    name = f"Plan {UUID(int=random.Random(repr(steps) + str(seed)).getrandbits(128))}"
    publish(name, base, Band(0, 100_00, Decimal("0.05")), Band(100_00, None, Decimal("0.10")))
    plan = Plan.objects.get(name=name)
    partner = PartnerFactory()
    deals = [won_deal(partner, 50_00 + number, DAY + dt.timedelta(days=number)) for number in range(3)]
    for verb, number, amount in steps:
        rows = Deal.objects.filter(pk=deals[number].pk)
        if verb == "win":
            rows.update(stage=SalesStage.WON)
        elif verb == "reverse":
            rows.update(stage=SalesStage.LOST)
        elif verb == "change":
            rows.update(revenue=amount, revenue_base=amount)
        elif verb == "plan":
            publish(
                name,
                base,
                Band(0, None, Decimal(amount % 90 + 1) / 100),
                starts_on=DAY + dt.timedelta(days=number),
            )
        else:
            post_ledger([partner.pk], today=LATER if verb == "post late" else TODAY)
    for _again in range(2):
        post_ledger([partner.pk], today=LATER)
    held = dict(
        LedgerEntry.objects.filter(plan=plan, partner=partner)
        .order_by()
        .values_list("deal_id")
        .annotate(Sum("amount"))
    )
    # What a partner with the same deals and an empty ledger would be paid.
    fresh = PartnerFactory()
    Deal.objects.filter(partner=partner).update(partner=fresh)
    post_ledger([fresh.pk], today=LATER)
    once = dict(
        LedgerEntry.objects.filter(plan=plan, partner=fresh)
        .order_by()
        .values_list("deal_id")
        .annotate(Sum("amount"))
    )
    assert {deal: total for deal, total in held.items() if total} == once
    assert ids_before <= set(LedgerEntry.objects.values_list("pk", flat=True))
    entries = LedgerEntry.objects.filter(plan=plan).select_related("plan_version__plan")
    assert verify_all(entries) == []


@pytest.mark.django_db(transaction=True)
def test_a_win_during_a_posting_and_two_postings_at_once_pay_each_deal_once() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        (base,) = make_tiers()
        publish("Rebate", base)
        publish("Pool", base, form=PlanForm.POOL, said=Modifiers(pool_amount=99_00, pool_by=PoolBy.DEALS))
        partners = [PartnerFactory() for _number in range(3)]
        for partner in partners:
            won_deal(partner, 100_00, DAY)
    barrier, errors = threading.Barrier(4), []

    def work(number: int) -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk):
                if number == 3:
                    won_deal(partners[0], 100_00, DAY)
                post_ledger([partner.pk for partner in partners], today=LATER)
            with tenant_scope(tenant.pk):
                post_collective(today=LATER)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with tenant_scope(tenant.pk):
        post(LATER)
        assert errors == []
        assert ledger(plan__name="Rebate") == 4 * 5_00
        assert ledger(plan__name="Pool") == 99_00
