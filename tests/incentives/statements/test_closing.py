"""Closing a period: what is on a statement, who may decide, and that nothing is paid twice or lost."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, ProgrammingError, transaction
from django.db.models import Sum
from django.test import Client

from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.statements import actions, queries
from incentives.statements.enums import ClosingStatus, Method, StatementStatus
from incentives.statements.models import Closing, PayoutDetails, Statement, StatementLine
from metrics.periods import Period, PeriodKind, calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import do_chunk
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.incentives.statements.conftest import DETAILS

Q2 = Period(dt.date(2026, 4, 1), PeriodKind.QUARTER)
ALL = ("counted", "wins", "tiers", "payees", "hold")
Earn = Callable[..., Deal]


def propose(people: SimpleNamespace, period: Period = Q2) -> Closing:
    return actions.propose_closing(period, by=people.manager, acknowledged=ALL)


def close(people: SimpleNamespace, period: Period = Q2) -> Closing:
    return actions.approve_closing(propose(people, period), by=people.admin)


def figures(statement: Statement) -> tuple[int, int, int, int, int]:
    return statement.opening, statement.earned, statement.withheld, statement.payable, statement.carried


@pytest.mark.usefixtures("scoped")
class TestWhatIsOnAStatement:
    def test_entries_whose_hold_ended_in_the_period_add_up_to_the_cent(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        earn(people.alpha, 100_05)
        earn(people.alpha, 200_00)
        earn(people.beta, 50_00)
        close(people)
        alpha = Statement.objects.get(partner=people.alpha)
        assert figures(alpha) == (0, 30_01, 0, 30_01, 0)
        assert (alpha.entries, alpha.status, alpha.number) == (2, StatementStatus.APPROVED, "ST-2026-00001")
        assert Statement.objects.get(partner=people.beta).number == "ST-2026-00002"
        on_it = queries.entries_of(alpha).aggregate(total=Sum("amount"))["total"]
        assert on_it == alpha.earned

    def test_what_is_still_on_hold_waits_for_the_next_statement(
        self, people: SimpleNamespace, earn: Earn, today: object
    ) -> None:
        earn(people.alpha, 100_00, dt.date(2026, 6, 20))
        earn(people.alpha, 10_00)
        close(people)
        assert Statement.objects.get().earned == 1_00
        today.move_to(dt.datetime(2026, 10, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
        close(people, Q2.next())
        assert Statement.objects.exclude(closing__period_start=Q2.start).get().earned == 10_00

    def test_what_comes_late_for_a_closed_period_goes_on_the_next(
        self, people: SimpleNamespace, earn: Earn, today: object
    ) -> None:
        earn(people.alpha, 10_00)
        close(people)
        earn(people.alpha, 40_00, dt.date(2026, 4, 3))
        today.move_to(dt.datetime(2026, 10, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
        close(people, Q2.next())
        assert sorted(Statement.objects.values_list("earned", flat=True)) == [1_00, 4_00]
        assert StatementLine.objects.count() == LedgerEntry.objects.count() == 2

    def test_a_negative_balance_is_carried_forward_and_set_against_what_is_earned_later(
        self, people: SimpleNamespace, earn: Earn, today: object
    ) -> None:
        deal = earn(people.alpha, 1_000_00)
        close(people)
        today.move_to(dt.datetime(2026, 10, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
        Deal.objects.filter(pk=deal.pk).update(stage=SalesStage.LOST)
        post_ledger([people.alpha.pk], today=dt.date(2026, 8, 1))
        close(people, Q2.next())
        second = Statement.objects.exclude(closing__period_start=Q2.start).get()
        assert figures(second) == (0, -100_00, 0, 0, -100_00)
        assert second.status == StatementStatus.CARRIED
        earn(people.alpha, 3_000_00, dt.date(2026, 10, 1))
        today.move_to(dt.datetime(2027, 1, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
        close(people, Q2.next().next())
        third = Statement.objects.get(closing__period_start=dt.date(2026, 10, 1))
        assert figures(third) == (-100_00, 300_00, 0, 200_00, 0)

    def test_less_than_the_least_amount_is_carried_forward(self, people: SimpleNamespace, earn: Earn) -> None:
        actions.save_terms(by=people.admin, minimum=50_00)
        earn(people.alpha, 499_00)
        earn(people.beta, 500_00)
        close(people)
        assert figures(Statement.objects.get(partner=people.alpha)) == (0, 49_90, 0, 0, 49_90)
        assert figures(Statement.objects.get(partner=people.beta)) == (0, 50_00, 0, 50_00, 0)

    def test_tax_is_withheld_at_the_rate_of_the_periods_last_day(
        self, people: SimpleNamespace, earn: Earn, payable: Callable[[Partner], PayoutDetails]
    ) -> None:
        for rate, day in [("0.10", dt.date(2020, 1, 1)), ("0.15", dt.date(2026, 6, 30)), ("0.30", Q2.end)]:
            actions.save_tax_rule(
                by=people.admin, country="NL", name="Tax", rate=Decimal(rate), starts_on=day
            )
        payable(people.alpha)
        earn(people.alpha, 100_10)  # earns 10.01
        close(people)
        statement = Statement.objects.get()
        assert figures(statement) == (0, 10_01, 1_50, 8_51, 0)
        assert statement.tax_rate == Decimal("0.15")

    def test_no_tax_is_saved_by_another_country_that_nobody_has_verified(
        self, people: SimpleNamespace, earn: Earn, payable: Callable[[Partner], PayoutDetails]
    ) -> None:
        actions.save_tax_rule(
            by=people.admin, country="NL", name="Tax", rate=Decimal("0.15"), starts_on=dt.date(2020, 1, 1)
        )
        payable(people.alpha)
        earn(people.alpha, 100_10)
        actions.save_details(
            people.alpha, by=people.owner, **DETAILS | {"holder": "Alpha BV", "country": "DE"}
        )
        close(people)
        # Back to what was verified, and payment is due at once.
        actions.save_details(people.alpha, by=people.owner, **DETAILS | {"holder": "Alpha BV"})
        assert queries.payee(people.alpha.pk).obstacle == ""
        assert figures(Statement.objects.get()) == (0, 10_01, 1_50, 8_51, 0)

    def test_nothing_is_paid_by_a_country_that_nobody_has_ever_verified(
        self,
        people: SimpleNamespace,
        earn: Earn,
        client_as: Callable[[Membership], Client],
        today: object,
    ) -> None:
        actions.save_tax_rule(
            by=people.admin, country="NL", name="Tax", rate=Decimal("0.15"), starts_on=dt.date(2020, 1, 1)
        )
        actions.save_details(people.alpha, by=people.owner, **DETAILS | {"country": "DE"})
        earn(people.alpha, 100_10)
        close(people)
        waiting = Statement.objects.get()
        assert figures(waiting) == (0, 10_01, 0, 0, 10_01)
        page = client_as(people.owner).get(f"/acme/statements/{waiting.pk}/").content.decode()
        assert "was not verified when the period was closed" in page
        details = actions.save_details(people.alpha, by=people.owner, **DETAILS)
        actions.verify_payee(people.alpha, by=people.admin, fingerprint=details.fingerprint)
        with pytest.raises(ActionRefused, match="nothing to pay"):
            actions.propose_batch(
                "EUR", by=people.manager, execution_on=dt.date(2026, 7, 15), method=Method.SEPA
            )
        earn(people.alpha, 100_00, dt.date(2026, 7, 2))
        today.move_to(dt.datetime(2026, 10, 2, 12, tzinfo=dt.UTC))  # type: ignore[attr-defined]
        close(people, Q2.next())
        assert figures(Statement.objects.latest("id")) == (10_01, 10_00, 3_00, 17_01, 0)

    def test_a_large_programme_is_collected_by_a_job_and_a_killed_worker_loses_nothing(
        self, people: SimpleNamespace, earn: Earn, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("incentives.statements.actions.closing.AT_ONCE", 0)
        monkeypatch.setattr("incentives.statements.actions.closing.STEP", 1)
        earn(people.alpha, 100_00)
        earn(people.beta, 100_00)
        closing = actions.propose_closing(Q2, by=people.manager, acknowledged=ALL, send=False)
        assert closing.status == ClosingStatus.COLLECTING
        job = Job.objects.get(pk=closing.job_id)
        assert do_chunk(tenant.pk, job.pk)
        assert Statement.objects.count() == 1
        while do_chunk(tenant.pk, job.pk):
            pass
        job.refresh_from_db()
        closing.refresh_from_db()
        assert (job.state, closing.status) == (JobState.DONE, ClosingStatus.PROPOSED)
        assert Statement.objects.count() == StatementLine.objects.count() == 2


@pytest.mark.usefixtures("scoped")
class TestWhoDecides:
    def test_nobody_approves_what_they_proposed(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        closing = actions.propose_closing(Q2, by=people.admin, acknowledged=ALL)
        with pytest.raises(ActionRefused, match="another admin") as refused:
            actions.approve_closing(closing, by=people.admin)
        assert refused.value.code == "second_person"
        with pytest.raises(PermissionDenied):
            actions.approve_closing(closing, by=people.manager)
        assert actions.approve_closing(closing, by=people.second).status == ClosingStatus.APPROVED

    def test_the_database_alone_wants_a_second_person(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        closing = propose(people)
        with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
            Closing.objects.filter(pk=closing.pk).update(
                status=ClosingStatus.APPROVED, decided_by=people.manager
            )

    def test_warnings_have_to_be_read(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        with pytest.raises(ActionRefused, match="Tick that you have read: 1 partner that earned"):
            actions.propose_closing(Q2, by=people.manager, acknowledged=("counted",))
        assert not Closing.objects.exists()

    def test_periods_are_closed_in_order_once_and_one_at_a_time(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        earn(people.alpha, 100_00)
        for period in (Q2.previous(), Q2.next()):
            with pytest.raises(ActionRefused, match="not the next period"):
                propose(people, period)
        closing = propose(people)
        with pytest.raises(ActionRefused, match="Another period is being closed"):
            propose(people)
        actions.approve_closing(closing, by=people.admin)
        with pytest.raises(ActionRefused, match="decided already"):
            actions.approve_closing(closing, by=people.second)
        with pytest.raises(ActionRefused, match="not the next period"):
            propose(people)

    def test_a_cancelled_closing_frees_its_entries(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        closing = propose(people)
        with pytest.raises(ActionRefused, match="Say why"):
            actions.cancel_closing(closing, by=people.admin, reason=" ")
        actions.cancel_closing(closing, by=people.admin, reason="A deal is missing")
        assert not Statement.objects.exists()
        assert figures(close(people).statements.get()) == (0, 10_00, 0, 10_00, 0)


@pytest.mark.usefixtures("scoped")
class TestWhatTheDatabaseHolds:
    def test_an_approved_statement_and_its_lines_stay_as_they_are(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        earn(people.alpha, 100_00)
        close(people)
        assert StatementLine.objects.all().delete()[0] == 0
        assert Statement.objects.filter(status=StatementStatus.APPROVED).exists()
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Statement.objects.update(payable=1)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            StatementLine.objects.update(entry_id=None)
        late = earn(people.alpha, 50_00)
        entry = LedgerEntry.objects.get(deal=late)
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            StatementLine.objects.create(statement=Statement.objects.get(), entry=entry, partner=people.alpha)

    def test_no_entry_is_on_two_statements(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        propose(people)
        line = StatementLine.objects.get()
        with pytest.raises(IntegrityError, match="statements_statementline_once"), transaction.atomic():
            StatementLine.objects.create(
                statement_id=line.statement_id, entry_id=line.entry_id, partner_id=line.partner_id
            )

    def test_a_statement_that_does_not_add_up_is_not_approved(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        earn(people.alpha, 100_00)
        closing = propose(people)
        StatementLine.objects.all().delete()
        with pytest.raises(ActionRefused, match="do not add up"):
            actions.approve_closing(closing, by=people.admin)

    def test_a_partner_sees_its_own_statements_once_they_are_approved(
        self, people: SimpleNamespace, earn: Earn, tenant: Tenant
    ) -> None:
        earn(people.alpha, 100_00)
        earn(people.beta, 100_00)
        closing = propose(people)
        with tenant_scope(tenant.pk, people.alpha.pk):
            assert not Statement.objects.exists()
        actions.approve_closing(closing, by=people.admin)
        with tenant_scope(tenant.pk, people.alpha.pk):
            assert [row.partner_id for row in Statement.objects.all()] == [people.alpha.pk]
            assert [row.partner_id for row in StatementLine.objects.all()] == [people.alpha.pk]


@pytest.mark.usefixtures("scoped")
def test_everything_is_in_the_trail(people: SimpleNamespace, earn: Earn) -> None:
    earn(people.alpha, 100_00)
    close(people)
    types = (
        Event.objects.filter(type__regex="^(closing|statement)").order_by("id").values_list("type", flat=True)
    )
    assert list(types) == ["closing.begun", "closing.proposed", "closing.approved", "statement.approved"]


@pytest.mark.usefixtures("scoped")
def test_the_next_period_is_the_first_with_something_payable(people: SimpleNamespace, earn: Earn) -> None:
    calendar = calendar_of(Tenant.objects.get())
    assert queries.next_period(calendar) is None
    earn(people.alpha, 100_00)
    assert queries.next_period(calendar) == Q2
    assert queries.next_period(calendar, dt.date(2026, 6, 30)) is None
