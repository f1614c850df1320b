"""Evaluation, proposals and assignments on the database."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from incentives.consumers import evaluate, post_earnings
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.models import (
    CheckMark,
    ManualCheck,
    TierAssignment,
    TierPolicy,
    TierProposal,
    TierStanding,
)
from incentives.refresh import refresh_all
from incentives.tiers.actions import (
    Move,
    assign_tiers,
    confirm_proposal,
    decline_proposal,
    evaluate_tiers,
    move_tier,
)
from incentives.tiers.enums import Comparison, Direction, ProposalStatus, WindowKind
from incentives.tiers.measures import check_code
from incentives.tiers.models import Tier
from incentives.tiers.queries import histories, tier_on
from incentives.tiers.requirements import Condition
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, won_deal
from tests.incentives.builders import make_plan, make_tiers

TODAY = dt.date(2026, 5, 20)
SILVER = Condition("revenue", WindowKind.QUARTER, Comparison.AT_LEAST, Decimal(1_000_00))
GOLD = Condition("revenue", WindowKind.QUARTER, Comparison.AT_LEAST, Decimal(5_000_00))


def hold(partner: Partner, tier: Tier, since: dt.date) -> None:
    assign_tiers([Move(partner, tier, since)])


def waiting() -> list[TierProposal]:
    return list(TierProposal.objects.filter(status=ProposalStatus.WAITING))


def test_the_lowest_tier_stays_the_lowest_once_something_was_earned(
    scoped: Tenant, admin: Membership
) -> None:
    base, silver, gold = make_tiers(SILVER, GOLD)
    move_tier(silver, up=False, by=admin)
    move_tier(base, up=False, by=admin)
    make_plan({tier: [(0, None, "0.1")] for tier in (base, silver, gold)})
    deal = won_deal(PartnerFactory(), 1_000_00, dt.date(2026, 2, 1))
    post_ledger([deal.partner_id], today=TODAY)
    with pytest.raises(ActionRefused):
        move_tier(silver, up=False, by=admin)
    with pytest.raises(ActionRefused):
        move_tier(base, up=True, by=admin)
    move_tier(gold, up=False, by=admin)
    assert [tier.name for tier in Tier.objects.order_by("rank")] == ["Registered", "Gold", "Silver"]


@pytest.mark.usefixtures("scoped")
class TestEvaluation:
    def test_reaching_a_tier_is_proposed_and_shown(self) -> None:
        _base, silver, gold = make_tiers(SILVER, GOLD)
        deal = won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        assert evaluate_tiers(today=TODAY) == 1
        (proposal,) = waiting()
        assert (proposal.direction, proposal.to_tier, proposal.effective_on) == (
            Direction.PROMOTION,
            silver,
            TODAY,
        )
        assert proposal.evidence["result"]["items"][0]["value"] == "120000"
        standing = TierStanding.objects.get(partner=deal.partner)
        assert (standing.tier.rank, standing.reached_tier, standing.next_tier) == (0, silver, silver)
        assert standing.progress == 1
        assert standing.results[str(gold.pk)]["outcome"] == "not_met"

    def test_evaluating_again_changes_nothing(self) -> None:
        make_tiers(SILVER)
        won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        assert evaluate_tiers(today=TODAY) == 0
        assert TierProposal.objects.count() == 1

    def test_one_cent_short_is_not_met(self) -> None:
        make_tiers(SILVER)
        won_deal(PartnerFactory(), 999_99, dt.date(2026, 4, 3))
        assert evaluate_tiers(today=TODAY) == 0
        assert TierStanding.objects.get().progress < 1

    def test_a_confirmed_promotion_counts_from_the_day_it_was_earned(self, admin: Membership) -> None:
        base, silver = make_tiers(SILVER)
        deal = won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        confirm_proposal(waiting()[0], by=admin)
        assert tier_on(deal.partner_id, TODAY) == silver
        assert tier_on(deal.partner_id, TODAY - dt.timedelta(days=1)) == base
        assert TierStanding.objects.get().tier == silver

    def test_a_proposal_is_decided_once_and_by_admins_alone(
        self, admin: Membership, manager: Membership
    ) -> None:
        make_tiers(SILVER)
        won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        (proposal,) = waiting()
        with pytest.raises(PermissionDenied):
            confirm_proposal(proposal, by=manager)
        with pytest.raises(ActionRefused):
            decline_proposal(proposal, by=admin, reason=" ")
        decline_proposal(proposal, by=admin, reason="Not yet")
        with pytest.raises(ActionRefused):
            confirm_proposal(proposal, by=admin)
        assert evaluate_tiers(today=TODAY) == 0, "a declined move is not proposed again in its period"

    def test_a_reversed_deal_withdraws_the_proposal(self) -> None:
        make_tiers(SILVER)
        deal = won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)
        evaluate_tiers(today=TODAY)
        assert TierProposal.objects.get().status == ProposalStatus.WITHDRAWN

    def test_a_promotion_earned_in_a_past_period_is_not_lost_while_it_waits(self) -> None:
        make_tiers(SILVER)
        won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        evaluate_tiers(today=dt.date(2026, 7, 2))
        assert [proposal.effective_on for proposal in waiting()] == [TODAY]

    def test_a_higher_tier_replaces_the_waiting_proposal(self) -> None:
        _base, _silver, gold = make_tiers(SILVER, GOLD)
        partner = PartnerFactory()
        won_deal(partner, 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        won_deal(partner, 4_000_00, dt.date(2026, 4, 4))
        evaluate_tiers(today=TODAY)
        assert [proposal.to_tier for proposal in waiting()] == [gold]

    def test_automatic_promotion_assigns_at_once(self) -> None:
        _base, silver = make_tiers(SILVER)
        TierPolicy.objects.create(automatic_promotion=True)
        deal = won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        assert waiting() == []
        assert tier_on(deal.partner_id, TODAY) == silver
        assert TierStanding.objects.get().tier == silver
        evaluate_tiers(today=TODAY)
        assert TierAssignment.objects.count() == 1

    def test_what_waits_is_made_once_the_programme_decides_by_itself(self) -> None:
        _base, silver = make_tiers(SILVER)
        deal = won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        TierPolicy.objects.create(automatic_promotion=True)
        later = TODAY + dt.timedelta(days=3)
        evaluate_tiers(today=later)
        (proposal,) = TierProposal.objects.all()
        assert (proposal.status, proposal.reason) == (ProposalStatus.CONFIRMED, "Automatic")
        assert tier_on(deal.partner_id, TODAY) == silver, "it counts from the day it was earned"
        assert TierStanding.objects.get().tier == silver

    def test_demotion_waits_for_the_periods_end_and_the_grace(self) -> None:
        base, silver = make_tiers(SILVER)
        partner = PartnerFactory()
        hold(partner, silver, dt.date(2025, 7, 1))
        won_deal(partner, 1_200_00, dt.date(2025, 10, 3))
        evaluate_tiers(today=TODAY)
        assert waiting() == []
        assert TierStanding.objects.get().below_since == dt.date(2026, 4, 1)
        evaluate_tiers(today=dt.date(2026, 7, 1))
        (proposal,) = waiting()
        assert (proposal.direction, proposal.to_tier) == (Direction.DEMOTION, base)

    def test_a_demotion_is_withdrawn_when_late_data_fill_the_period(self) -> None:
        _base, silver = make_tiers(SILVER)
        TierPolicy.objects.create(grace_days=0)
        partner = PartnerFactory()
        hold(partner, silver, dt.date(2025, 7, 1))
        evaluate_tiers(today=TODAY)
        assert len(waiting()) == 1
        won_deal(partner, 1_200_00, dt.date(2026, 2, 3))
        evaluate_tiers(today=TODAY)
        assert waiting() == []

    def test_the_number_of_queries_does_not_depend_on_partners(self) -> None:
        make_tiers(SILVER, GOLD)
        for _number in range(4):
            won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
        partners = list(Partner.objects.values_list("pk", flat=True))
        evaluate_tiers(partners, today=TODAY)
        counts = []
        for some in (partners[:1], partners):
            statements: list[str] = []

            def count(execute: Callable, sql: str, *args: object, seen: list[str] = statements) -> object:
                seen.append(sql)
                return execute(sql, *args)

            with connection.execute_wrapper(count):
                evaluate_tiers(some, today=TODAY)
            counts.append(len(statements))
        assert counts[0] == counts[1] <= 17

    def test_without_tiers_there_is_nothing_to_do(self) -> None:
        PartnerFactory()
        assert evaluate_tiers() == 0


@pytest.mark.usefixtures("scoped")
class TestReviews:
    """Silver asks for a check that was confirmed until 25 April 2026; its partner has held it since July 2025."""

    def silver(self, admin: Membership) -> Partner:
        check = ManualCheck.objects.create(name="References called")
        code = check_code(check.pk)
        _base, silver = make_tiers(Condition(code, WindowKind.NOW, Comparison.AT_LEAST, Decimal(1)))
        partner = PartnerFactory()
        hold(partner, silver, dt.date(2025, 7, 1))
        CheckMark.objects.create(
            partner=partner,
            item=check,
            given_on=dt.date(2025, 7, 1),
            expires_on=dt.date(2026, 4, 25),
            note="Called",
            given_by=admin,
        )
        return partner

    def held_on(self, partner: Partner, day: dt.date) -> str | None:
        evaluate_tiers(today=day)
        held = tier_on(partner.pk, day)
        return held.name if held else None

    @pytest.mark.parametrize(
        ("period", "day"),
        [
            ("month", dt.date(2026, 5, 1)),
            ("quarter", dt.date(2026, 7, 1)),
            ("year", dt.date(2027, 1, 1)),
        ],
    )
    def test_a_tier_is_lost_at_the_end_of_a_period_of_the_calendar(
        self, admin: Membership, period: str, day: dt.date
    ) -> None:
        partner = self.silver(admin)
        TierPolicy.objects.create(period=period, grace_days=0, automatic_demotion=True)
        before = [dt.date(2026, 4, 20), dt.date(2026, 4, 26), day - dt.timedelta(days=1)]
        assert [self.held_on(partner, each) for each in before] == ["Silver"] * 3
        assert self.held_on(partner, day) == "Registered"
        assert tier_on(partner.pk, day - dt.timedelta(days=1)).name == "Silver"  # type: ignore[union-attr]

    def test_not_in_the_middle_of_a_programme_year(self, scoped: Tenant, admin: Membership) -> None:
        Tenant.objects.filter(pk=scoped.pk).update(fiscal_year_start=7)
        partner = self.silver(admin)
        TierPolicy.objects.create(
            period="month", grace_days=0, automatic_demotion=True, only_at_year_end=True
        )
        days = [dt.date(2026, 5, 1), dt.date(2026, 6, 1), dt.date(2026, 6, 30), dt.date(2026, 7, 1)]
        held = [self.held_on(partner, day) for day in days]
        assert held == ["Silver", "Silver", "Silver", "Registered"]

    def test_every_night_looks_at_everybody(self, admin: Membership) -> None:
        self.silver(admin)
        TierPolicy.objects.create(grace_days=0)
        with time_machine.travel(dt.datetime(2026, 7, 1, 2, tzinfo=dt.UTC), tick=False):
            refresh_all(tiers=True, ledger=True)
        (proposal,) = waiting()
        assert (proposal.direction, proposal.effective_on) == (Direction.DEMOTION, dt.date(2026, 7, 1))


def reached_on(*days: dt.date) -> list[str]:
    found = []
    for day in days:
        evaluate_tiers(today=day)
        found.append(TierStanding.objects.get().reached_tier.name)
    return found


@pytest.mark.usefixtures("scoped")
class TestWindows:
    """Silver asks 1,000 of revenue; one deal of 1,200 was won on 10 February 2026."""

    def won(self, window: WindowKind) -> Partner:
        make_tiers(Condition("revenue", window, Comparison.AT_LEAST, Decimal(1_000_00)))
        return won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 2, 10)).partner

    @pytest.mark.parametrize(
        ("window", "last"),
        [
            (WindowKind.MONTH, dt.date(2026, 2, 28)),
            (WindowKind.QUARTER, dt.date(2026, 3, 31)),
            (WindowKind.PROGRAMME_YEAR, dt.date(2026, 12, 31)),
            # Four quarters with the one of the day: the first of 2026 is the first of them at the year's end.
            (WindowKind.TRAILING_YEAR, dt.date(2026, 12, 31)),
        ],
    )
    def test_a_deal_counts_until_the_window_has_passed_it(self, window: WindowKind, last: dt.date) -> None:
        self.won(window)
        days = (dt.date(2026, 2, 10), last, last + dt.timedelta(days=1))
        assert reached_on(*days) == ["Silver", "Silver", "Registered"]

    def test_since_joining_it_counts_for_good(self) -> None:
        self.won(WindowKind.SINCE_JOINING)
        assert reached_on(dt.date(2026, 2, 10), dt.date(2031, 2, 10)) == ["Silver", "Silver"]

    def test_the_programme_year_is_the_fiscal_one(self, scoped: Tenant) -> None:
        Tenant.objects.filter(pk=scoped.pk).update(fiscal_year_start=4)
        self.won(WindowKind.PROGRAMME_YEAR)
        assert reached_on(dt.date(2026, 3, 31), dt.date(2026, 4, 1)) == ["Silver", "Registered"]

    @pytest.mark.parametrize("window", [WindowKind.PROGRAMME_YEAR, WindowKind.TRAILING_YEAR])
    def test_a_period_that_ended_is_judged_by_what_was_there_then(self, window: WindowKind) -> None:
        """Won in February, it makes the partner rise at the end of February, not at the end of January."""
        self.won(window)
        TierPolicy.objects.create(period="month", promotion="period_end")
        assert evaluate_tiers(today=dt.date(2026, 2, 20)) == 0
        assert evaluate_tiers(today=dt.date(2026, 3, 1)) == 1
        assert waiting()[0].effective_on == dt.date(2026, 3, 1)


@pytest.mark.usefixtures("scoped")
class TestAssignments:
    def test_one_tier_a_partner_at_a_time(self) -> None:
        base, silver = make_tiers(SILVER)
        partner = PartnerFactory()
        TierAssignment.objects.create(
            partner=partner, tier=silver, during=DateRange(dt.date(2026, 1, 1), None)
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            TierAssignment.objects.create(partner=partner, tier=base, during=DateRange(TODAY, None))

    def test_an_assignment_ends_the_one_before_and_replaces_later_ones(self) -> None:
        base, silver, gold = make_tiers(SILVER, GOLD)
        partner = PartnerFactory()
        for tier, day in [(silver, dt.date(2026, 1, 1)), (gold, dt.date(2026, 6, 1)), (silver, TODAY)]:
            hold(partner, tier, day)
        assert [(row.tier, row.during.lower) for row in TierAssignment.objects.all()] == [
            (silver, dt.date(2026, 1, 1))
        ]
        hold(partner, gold, TODAY)
        history = histories([partner.pk], base.pk)[partner.pk]
        assert [history.on(day) for day in (dt.date(2025, 12, 31), dt.date(2026, 1, 1), TODAY)] == [
            base.pk,
            silver.pk,
            gold.pk,
        ]

    def test_past_deals_keep_their_rate(self, admin: Membership) -> None:
        base, silver = make_tiers(SILVER)
        make_plan({base: ((0, None, "0.05"),), silver: ((0, None, "0.10"),)})
        partner = PartnerFactory()
        old = won_deal(partner, 1_200_00, dt.date(2026, 4, 3))
        evaluate_tiers(today=TODAY)
        confirm_proposal(waiting()[0], by=admin)
        new = won_deal(partner, 100_00, TODAY)
        post_earnings(list(Event.objects.filter(type="tier.assigned")))
        assert LedgerEntry.objects.get(deal=old).amount == 60_00
        assert LedgerEntry.objects.get(deal=new).amount == 10_00

    def test_scorecards_updated_evaluates(self) -> None:
        make_tiers(SILVER)
        deal = won_deal(PartnerFactory(), 1_200_00, TODAY)
        evaluate([Event(type="scorecards.updated", partner_id=deal.partner_id, data={})])
        assert TierStanding.objects.get().partner == deal.partner


@pytest.mark.django_db(transaction=True)
def test_two_evaluations_at_once_propose_once() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        make_tiers(SILVER)
        for _number in range(3):
            won_deal(PartnerFactory(), 1_200_00, dt.date(2026, 4, 3))
    barrier, errors = threading.Barrier(3), []

    def work() -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk):
                evaluate_tiers(today=TODAY)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with tenant_scope(tenant.pk):
        assert errors == []
        assert len(waiting()) == 3


def test_a_partner_sees_its_own_tier_alone(tenant: Tenant, partner_owner: Membership) -> None:
    with tenant_scope(tenant.pk):
        _base, silver = make_tiers(SILVER)
        own, other = Partner.objects.get(pk=partner_owner.partner_id), PartnerFactory()
        for partner in (own, other):
            won_deal(partner, 1_200_00, dt.date(2026, 4, 3))
            hold(partner, silver, dt.date(2026, 4, 1))
        evaluate_tiers(today=TODAY)
        assert TierStanding.objects.count() == 2
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert [row.partner_id for row in TierAssignment.objects.all()] == [own.pk]
        assert [row.partner_id for row in TierStanding.objects.all()] == [own.pk]
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM incentives_tierassignment")
            assert cursor.fetchone() == (1,)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            TierProposal.objects.exists()
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            TierAssignment.objects.update(tier=silver)
