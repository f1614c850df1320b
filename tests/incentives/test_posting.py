"""The ledger: postings, differences, reversals, and nothing twice."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum

from incentives.earnings import earnings
from incentives.ledger.actions import post_ledger
from incentives.ledger.enums import EntryKind, Nothing
from incentives.ledger.models import LedgerEntry
from incentives.ledger.queries import entries, lines_of_deal, why_nothing
from incentives.models import TierAssignment
from incentives.plans.enums import BandMode
from incentives.statements.queries import statements
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, won_deal
from tests.incentives.builders import make_plan, make_tiers

DAY = dt.date(2026, 3, 11)
TODAY = dt.date(2026, 3, 20)
LATER = dt.date(2026, 8, 1)
STEPS = ((0, 100_00, "0.05"), (100_00, None, "0.10"))


def ledger_sum(**where: object) -> int:
    return LedgerEntry.objects.filter(**where).aggregate(total=Sum("amount"))["total"] or 0


def unwin(deal: Deal) -> None:
    Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)


@pytest.mark.usefixtures("scoped")
class TestPosting:
    def test_an_entry_says_everything_it_was_made_of(self) -> None:
        base, _silver, gold = make_tiers(None, None)
        version = make_plan({base: STEPS, gold: ((0, None, "0.12"),)})
        deal = won_deal(PartnerFactory(), 4_514_00, DAY, currency="USD", rate=Decimal("0.9"))
        TierAssignment.objects.create(
            partner=deal.partner, tier=gold, during=DateRange(dt.date(2026, 2, 1), None)
        )
        (entry,) = post_ledger([deal.partner_id], today=TODAY)
        entry.refresh_from_db()
        assert (entry.amount, entry.currency, entry.base, entry.rate) == (
            541_68,
            "EUR",
            4_514_00,
            Decimal("0.12"),
        )
        assert (entry.tier, entry.plan_version, entry.deal) == (gold, version, deal)
        assert (entry.kind, entry.exchange_rate) == (EntryKind.EARNING, Decimal("0.9"))
        assert (entry.occurred_on, entry.booked_on) == (DAY, DAY)
        assert entry.payable_on == dt.date(2026, 4, 10)
        assert entry.explanation["tier"] == "Gold"
        assert entry.explanation["slices"] == [{"base": 4_514_00, "rate": "0.120000"}]

    def test_posting_again_changes_nothing(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal = won_deal(PartnerFactory(), 60_00, DAY)
        assert len(post_ledger([deal.partner_id])) == 1
        assert post_ledger([deal.partner_id]) == []
        assert post_ledger([deal.partner_id], since=DAY) == []

    def test_a_partner_that_moves_keeps_what_it_has_earned(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS}, regions=("EMEA",))
        partner = PartnerFactory(region="EMEA")
        first = won_deal(partner, 60_00, DAY)
        post_ledger([partner.pk], today=TODAY)
        Partner.objects.filter(pk=partner.pk).update(region="APAC")
        second = won_deal(partner, 60_00, DAY)
        assert post_ledger([partner.pk], today=LATER) == []
        assert [line.amount for line in lines_of_deal(first)] == [3_00]
        assert why_nothing(second) == [Nothing.REGION]

    def test_a_late_win_posts_the_difference_for_the_deals_after_it(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        partner = PartnerFactory()
        after = won_deal(partner, 100_00, dt.date(2026, 3, 20))
        post_ledger([partner.pk], today=TODAY)
        assert ledger_sum(deal=after) == 5_00
        won_deal(partner, 100_00, DAY)
        post_ledger([partner.pk], since=DAY, today=TODAY)
        assert ledger_sum(deal=after) == 10_00
        assert ledger_sum() == 15_00
        kinds = LedgerEntry.objects.filter(deal=after).order_by("sequence").values_list("kind", flat=True)
        assert list(kinds) == [EntryKind.EARNING, EntryKind.ADJUSTMENT]

    def test_a_reversal_on_hold_is_voided_in_the_period_of_the_deal(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal = won_deal(PartnerFactory(), 60_00, DAY)
        post_ledger([deal.partner_id], today=TODAY)
        unwin(deal)
        (entry,) = post_ledger([deal.partner_id], today=TODAY)
        assert (entry.kind, entry.amount, entry.booked_on) == (EntryKind.REVERSAL, -3_00, DAY)
        assert entry.payable_on == dt.date(2026, 4, 10)
        assert ledger_sum() == 0
        assert post_ledger([deal.partner_id], today=TODAY) == []

    def test_half_of_what_was_payable_comes_back_in_the_period_of_the_change(self) -> None:
        (base,) = make_tiers()
        make_plan({base: ((0, None, "0.10"),)})
        deal = won_deal(PartnerFactory(), 100_000_00, DAY)
        post_ledger([deal.partner_id], today=TODAY)
        Deal.objects.filter(pk=deal.pk).update(revenue=50_000_00, revenue_base=50_000_00)
        (entry,) = post_ledger([deal.partner_id], today=LATER)
        assert (entry.kind, entry.amount) == (EntryKind.CLAWBACK, -5_000_00)
        assert (entry.occurred_on, entry.booked_on, entry.payable_on) == (DAY, LATER, LATER)

    def test_more_for_a_deal_whose_hold_is_over_counts_on_the_day_of_the_correction(self) -> None:
        (base,) = make_tiers()
        make_plan({base: ((0, None, "0.10"),)})
        deal = won_deal(PartnerFactory(), 1_000_00, DAY)
        post_ledger([deal.partner_id], today=TODAY)
        Deal.objects.filter(pk=deal.pk).update(revenue=1_500_00, revenue_base=1_500_00)
        (entry,) = post_ledger([deal.partner_id], today=LATER)
        assert (entry.kind, entry.amount) == (EntryKind.ADJUSTMENT, 50_00)
        assert (entry.occurred_on, entry.booked_on, entry.payable_on) == (DAY, LATER, LATER)
        assert ledger_sum() == 150_00
        assert ledger_sum(booked_on__lt=dt.date(2026, 4, 1)) == 100_00
        assert post_ledger([deal.partner_id], today=LATER) == []

    def test_more_for_a_deal_on_hold_counts_on_its_own_day(self) -> None:
        (base,) = make_tiers()
        make_plan({base: ((0, None, "0.10"),)})
        deal = won_deal(PartnerFactory(), 1_000_00, DAY)
        post_ledger([deal.partner_id], today=TODAY)
        Deal.objects.filter(pk=deal.pk).update(revenue=1_500_00, revenue_base=1_500_00)
        (entry,) = post_ledger([deal.partner_id], today=TODAY)
        assert (entry.booked_on, entry.payable_on) == (DAY, dt.date(2026, 4, 10))

    def test_a_win_reported_after_its_period_was_payable_counts_when_it_is_posted(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        partner = PartnerFactory()
        won_deal(partner, 60_00, DAY)
        post_ledger([partner.pk], today=TODAY)
        late = won_deal(partner, 60_00, dt.date(2026, 3, 20))
        (entry,) = post_ledger([partner.pk], today=LATER)
        assert (entry.deal, entry.kind, entry.amount) == (late, EntryKind.EARNING, 2_00 + 2_00)
        assert (entry.booked_on, entry.payable_on) == (LATER, LATER)

    def test_history_posted_for_the_first_time_counts_on_its_own_days(self) -> None:
        """Also when it arrives in several parts of one day, as an import does."""
        (base,) = make_tiers()
        make_plan({base: STEPS})
        partner = PartnerFactory()
        for day in (DAY, dt.date(2026, 3, 20)):
            won_deal(partner, 60_00, day)
            (entry,) = post_ledger([partner.pk], today=LATER)
            assert entry.booked_on == day
        won_deal(partner, 60_00, dt.date(2026, 5, 20))
        (entry,) = post_ledger([partner.pk], today=LATER + dt.timedelta(days=1))
        assert entry.booked_on == dt.date(2026, 5, 20)

    def test_winning_again_after_a_reversal_pays_once(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal = won_deal(PartnerFactory(), 60_00, DAY)
        for stage in (SalesStage.WON, SalesStage.LOST, SalesStage.WON, SalesStage.WON):
            Deal.objects.filter(pk=deal.pk).update(stage=stage)
            post_ledger([deal.partner_id], today=TODAY)
        assert ledger_sum() == 3_00
        assert LedgerEntry.objects.count() == 3

    def test_a_deal_that_goes_to_another_partner_takes_its_earnings_along(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal, other = won_deal(PartnerFactory(), 60_00, DAY), PartnerFactory()
        first = deal.partner_id
        post_ledger([first])
        Deal.objects.filter(pk=deal.pk).update(partner=other)
        post_ledger([first, other.pk])
        assert (ledger_sum(partner_id=first), ledger_sum(partner=other)) == (0, 3_00)

    def test_a_new_version_from_an_earlier_day_posts_differences(self) -> None:
        (base,) = make_tiers()
        first = make_plan({base: ((0, None, "0.05"),)})
        partner = PartnerFactory()
        won_deal(partner, 100_00, dt.date(2026, 2, 1))
        won_deal(partner, 100_00, DAY)
        post_ledger([partner.pk], today=TODAY)
        make_plan({base: ((0, None, "0.08"),)}, plan=first.plan, starts_on=dt.date(2026, 3, 1))
        assert [entry.amount for entry in post_ledger([partner.pk], today=TODAY)] == [3_00]
        assert ledger_sum() == 13_00

    def test_versions_end_where_the_next_begins(self) -> None:
        (base,) = make_tiers()
        first = make_plan({base: STEPS})
        second = make_plan({base: STEPS}, plan=first.plan, starts_on=dt.date(2026, 3, 1))
        first.refresh_from_db()
        assert first.during == DateRange(dt.date(2026, 1, 1), dt.date(2026, 3, 1))
        third = make_plan({base: STEPS}, plan=first.plan, starts_on=dt.date(2026, 2, 1))
        second.refresh_from_db()
        assert (second.during.isempty, third.number) == (True, 3)

    def test_each_quarter_starts_anew_and_a_year_does_not(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS}, mode=BandMode.MARGINAL, period="year")
        partner = PartnerFactory()
        won_deal(partner, 100_00, dt.date(2026, 2, 1))
        won_deal(partner, 100_00, dt.date(2026, 11, 1))
        post_ledger([partner.pk])
        assert ledger_sum() == 15_00

    def test_the_posting_is_recorded_for_the_partner(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal = won_deal(PartnerFactory(), 60_00, DAY)
        post_ledger([deal.partner_id])
        event = Event.objects.get(type="ledger.posted")
        assert (event.partner_id, event.data) == (deal.partner_id, {"amounts": {"EUR": 3_00}, "entries": 1})

    def test_the_number_of_queries_does_not_depend_on_partners_or_deals(
        self, django_assert_num_queries: Callable
    ) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deals = [won_deal(PartnerFactory(), 60_00, DAY) for _number in range(4)]
        post_ledger([deals[0].partner_id])
        for some in (deals[1:2], deals[2:]):
            with django_assert_num_queries(16):
                post_ledger([deal.partner_id for deal in some])

    def test_entries_cannot_be_changed_or_deleted(self) -> None:
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deal = won_deal(PartnerFactory(), 60_00, DAY)
        post_ledger([deal.partner_id])
        for attempt in (
            lambda: LedgerEntry.objects.update(amount=1),
            lambda: LedgerEntry.objects.all()._raw_delete("default"),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                attempt()

    def test_a_won_deal_that_earns_nothing_says_why(self) -> None:
        base, _silver, gold = make_tiers(None, None)
        partner = PartnerFactory()
        deal = won_deal(partner, 60_00, DAY)
        assert why_nothing(deal) == [Nothing.NO_PLAN]
        make_plan({gold: STEPS})
        assert why_nothing(deal) == [Nothing.NO_RATE]
        TierAssignment.objects.create(partner=partner, tier=gold, during=DateRange(DAY, None))
        assert why_nothing(deal) == []
        assert lines_of_deal(deal)[0].amount == 3_00
        unwin(deal)
        deal.refresh_from_db()
        assert why_nothing(deal) == [Nothing.NOT_WON]
        assert base.rank == 0


def test_the_ledger_adds_up_to_the_earnings_shown(scoped: Tenant, partner_owner: Membership) -> None:
    (base,) = make_tiers()
    make_plan({base: STEPS})
    partner = Partner.objects.get(pk=partner_owner.partner_id)
    won_deal(PartnerFactory(), 999_00, DAY)
    for number in range(9):
        won_deal(partner, 33_33 + number, dt.date(2026, 1 + number, 3))
    post_ledger(Partner.objects.values_list("pk", flat=True), today=LATER)
    (shown,) = earnings(entries(partner_owner), statements(partner_owner), LATER)
    rows = list(LedgerEntry.objects.filter(partner=partner))
    assert shown.total == sum(row.amount for row in rows) == shown.on_hold + shown.payable
    assert shown.on_hold == sum(row.amount for row in rows if row.payable_on > LATER)
    assert shown.period == sum(row.amount for row in rows if row.booked_on >= dt.date(2026, 7, 1))
    assert shown.year == shown.total


def test_nothing_earned_yet_is_zero_in_the_tenants_currency(
    scoped: Tenant, partner_owner: Membership
) -> None:
    (shown,) = earnings(entries(partner_owner), statements(partner_owner))
    assert (shown.currency, shown.total, shown.next_payable_on) == ("EUR", 0, None)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_post_a_deal_once() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        (base,) = make_tiers()
        make_plan({base: STEPS})
        deals = [won_deal(PartnerFactory(), 60_00, DAY) for _number in range(3)]
    barrier, errors = threading.Barrier(4), []

    def work(ids: list) -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk):
                post_ledger(ids)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    ids = [deal.partner_id for deal in deals]
    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1], ids[1:], ids)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with tenant_scope(tenant.pk):
        assert errors == []
        assert LedgerEntry.objects.count() == 3
        assert ledger_sum() == 9_00


def test_a_partner_sees_its_own_entries_alone(tenant: Tenant, partner_owner: Membership) -> None:
    with tenant_scope(tenant.pk):
        (base,) = make_tiers()
        make_plan({base: STEPS})
        own = won_deal(Partner.objects.get(pk=partner_owner.partner_id), 60_00, DAY)
        other = won_deal(PartnerFactory(), 80_00, DAY)
        post_ledger([own.partner_id, other.partner_id])
        assert LedgerEntry.objects.count() == 2
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert [entry.deal_id for entry in LedgerEntry.objects.all()] == [own.pk]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM incentives_ledgerentry")
            assert cursor.fetchone() == (1,)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            LedgerEntry.objects.create(
                partner_id=own.partner_id,
                deal=own,
                plan_id=own.pk,
                plan_version_id=own.pk,
                kind=EntryKind.EARNING,
                amount=1,
                currency="EUR",
                base=1,
                rate=1,
                exchange_rate=1,
                occurred_on=DAY,
                booked_on=DAY,
                payable_on=DAY,
                sequence=9,
            )
