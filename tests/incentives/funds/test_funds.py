"""From budget to settlement: who may, how much, and that no cent is promised or paid twice."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incentives.funds import actions, queries
from incentives.funds.enums import ClaimStatus, RequestStatus
from incentives.funds.models import Budget, Claim, Fund, FundRequest
from incentives.ledger.models import LedgerEntry
from incentives.ledger.words import entry_text
from metrics.evaluation import evaluate_facts
from metrics.models import DirtyPartner
from metrics.periods import PeriodKind, calendar_of
from metrics.sources.reading import read_facts
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.standing import ReadingOnly
from portal.errors import ActionRefused
from portal.events.consumers import consumers
from portal.events.models import Event
from portal.files.actions import delete
from portal.files.models import Attachment
from portal.rates.models import ExchangeRate
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CampaignFactory, DailyFigureFactory, won_deal
from tests.incentives.funds.conftest import PLANNED
from tests.sweeps.house.incentives import a_proof

Ask = Callable[..., FundRequest]
Claimed = Callable[..., Claim]


def standing(budget: Budget) -> tuple[int, int, int, int]:
    found = queries.balance(Budget.objects.select_related("fund").get(pk=budget.pk))
    return found.asked, found.committed, found.settled, found.left


@pytest.mark.usefixtures("scoped")
class TestBudgets:
    def test_are_given_once_by_the_tier_of_the_periods_first_day(
        self, people: SimpleNamespace, tenant: Tenant
    ) -> None:
        assert sorted(Budget.objects.values_list("amount", flat=True)) == [1_000_00, 1_000_00]
        assert actions.give_budgets(calendar_of(tenant)) == []

    def test_or_as_a_share_of_the_revenue_of_the_period_before(
        self, people: SimpleNamespace, tenant: Tenant
    ) -> None:
        won_deal(people.alpha, 12_345_67, dt.date(2026, 6, 30))
        won_deal(people.alpha, 99_999_00, dt.date(2026, 7, 1))
        people.fund.basis, people.fund.share = "share", "0.02"
        people.fund.save()
        people.fund.refresh_from_db()
        period = queries.current_period(people.fund, calendar_of(tenant), dt.date(2026, 7, 10))
        assert queries.budgets_to_give(people.fund, period) == {people.alpha.pk: 246_91}

    def test_a_share_is_given_in_the_funds_own_currency(
        self, people: SimpleNamespace, tenant: Tenant
    ) -> None:
        won_deal(people.alpha, 10_000_00, dt.date(2026, 6, 30))
        values = {
            "name": "Yen",
            "currency": "JPY",
            "period": "quarter",
            "basis": "share",
            "amounts": {},
            "share": Decimal("0.02"),
            "reimbursed": Decimal("0.5"),
            "claim_days": 60,
            "starts_on": dt.date(2026, 1, 1),
            "is_active": True,
        }
        with pytest.raises(ActionRefused, match="no exchange rate for JPY"):
            actions.save_fund(None, by=people.admin, **values)
        ExchangeRate.objects.create(currency="JPY", rate="0.00625", starts_on=dt.date(2026, 6, 1))
        fund = actions.save_fund(None, by=people.admin, **values)
        period = queries.current_period(fund, calendar_of(tenant), dt.date(2026, 7, 10))
        # €200, at 160 yen each; a yen has no cents.
        assert queries.budgets_to_give(fund, period) == {people.alpha.pk: 32_000}

    def test_what_is_not_claimed_in_time_is_forfeited(
        self, people: SimpleNamespace, claimed: Claimed, tenant: Tenant
    ) -> None:
        actions.settle_claim(claimed(), by=people.admin, amount=400_00)
        late = actions.save_request(None, people.budget, by=people.seller, **PLANNED)
        late = actions.submit_request(late, by=people.seller)
        actions.approve_request(late, by=people.manager, amount=100_00)
        calendar = calendar_of(tenant)
        assert actions.forfeit_due(calendar, dt.date(2026, 11, 29)) == []
        closed = actions.forfeit_due(calendar, dt.date(2026, 11, 30))
        assert {budget.partner_id: budget.forfeited for budget in closed} == {
            people.alpha.pk: 600_00,
            people.beta.pk: 1_000_00,
        }
        late.refresh_from_db()
        assert late.status == RequestStatus.FORFEITED
        assert standing(people.budget) == (0, 0, 400_00, 0)

    def test_wait_for_a_claim_that_was_handed_in_in_time(
        self, people: SimpleNamespace, claimed: Claimed, tenant: Tenant
    ) -> None:
        claimed()
        closed = actions.forfeit_due(calendar_of(tenant), dt.date(2026, 12, 31))
        assert [budget.partner_id for budget in closed] == [people.beta.pk]


@pytest.mark.usefixtures("scoped")
class TestARequest:
    def test_is_decided_by_the_partners_manager_and_binds_the_budget(
        self, people: SimpleNamespace, ask: Ask
    ) -> None:
        asked = ask()
        assert standing(people.budget) == (400_00, 0, 0, 600_00)
        for nobody in (people.stranger, people.seller, people.rival):
            with pytest.raises(PermissionDenied):
                actions.approve_request(asked, by=nobody, amount=1)
        approved = actions.approve_request(asked, by=people.manager, amount=300_00)
        assert (approved.status, approved.approved) == (RequestStatus.APPROVED, 300_00)
        assert standing(people.budget) == (0, 300_00, 0, 700_00)
        with pytest.raises(ActionRefused, match="decided already"):
            actions.reject_request(approved, by=people.admin, reason="x")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"amount": 400_01}, "pays at most €400"),
            ({"starts_on": dt.date(2026, 6, 30)}, "outside the budget"),
            ({"ends_on": dt.date(2026, 7, 1)}, "before the first"),
        ],
    )
    def test_must_fit_its_fund(self, people: SimpleNamespace, changes: dict[str, object], words: str) -> None:
        with pytest.raises(ActionRefused, match=words):
            actions.save_request(None, people.budget, by=people.seller, **PLANNED | changes)

    def test_cannot_ask_for_more_than_is_left(self, people: SimpleNamespace, ask: Ask) -> None:
        ask(cost=1_600_00, amount=800_00)
        with pytest.raises(ActionRefused, match="Only €200 is left"):
            ask()

    def test_is_no_business_of_another_partner_or_of_a_suspended_one(self, people: SimpleNamespace) -> None:
        with pytest.raises(PermissionDenied):
            actions.save_request(None, people.budget, by=people.rival, **PLANNED)
        Partner.objects.filter(pk=people.alpha.pk).update(status=PartnerStatus.SUSPENDED)
        with pytest.raises(ReadingOnly, match="suspended"):
            actions.save_request(None, people.budget, by=people.seller, **PLANNED)

    def test_returned_is_changed_and_handed_in_again(self, people: SimpleNamespace, ask: Ask) -> None:
        returned = actions.return_request(ask(), by=people.manager, reason="Who comes?")
        changed = actions.save_request(
            returned, people.budget, by=people.seller, **PLANNED | {"amount": 100_00}
        )
        assert actions.submit_request(changed, by=people.seller).status == RequestStatus.SUBMITTED
        with pytest.raises(ActionRefused, match="can no longer be changed"):
            actions.save_request(changed, people.budget, by=people.seller, **PLANNED)


@pytest.mark.usefixtures("scoped")
class TestAClaim:
    def test_is_settled_in_the_ledger_by_somebody_else(
        self, people: SimpleNamespace, claimed: Claimed
    ) -> None:
        found = claimed()
        with pytest.raises(PermissionDenied):
            actions.settle_claim(found, by=people.manager, amount=400_00)
        with pytest.raises(ActionRefused, match="Say why not all"):
            actions.settle_claim(found, by=people.admin, amount=350_00)
        settled = actions.settle_claim(
            found, by=people.admin, amount=350_00, note="No receipt for the drinks"
        )
        entry = LedgerEntry.objects.get()
        assert (entry.amount, entry.partner_id, settled.entry) == (350_00, people.alpha.pk, entry)
        assert entry_text(entry, mine=True) == "Settled from “Growth” for costs of €800."
        assert standing(people.budget) == (0, 0, 350_00, 650_00)
        assert FundRequest.objects.get().status == RequestStatus.SETTLED
        with pytest.raises(ActionRefused, match="decided already"):
            actions.settle_claim(found, by=people.second, amount=1)

    def test_not_by_the_admin_who_approved_the_request(self, people: SimpleNamespace, ask: Ask) -> None:
        approved = actions.approve_request(ask(), by=people.admin, amount=400_00)
        found = actions.claim(approved, by=people.seller, cost=800_00, amount=400_00)
        with pytest.raises(ActionRefused, match="another admin") as refused:
            actions.settle_claim(found, by=people.admin, amount=400_00)
        assert refused.value.code == "second_person"

    def test_not_without_proof(self, people: SimpleNamespace, ask: Ask) -> None:
        approved = actions.approve_request(ask(), by=people.manager, amount=400_00)
        found = actions.claim(approved, by=people.seller, cost=800_00, amount=400_00)
        with pytest.raises(ActionRefused, match="no proof yet"):
            actions.settle_claim(found, by=people.admin, amount=400_00)

    def test_in_parts_leaves_the_rest_to_be_claimed(self, people: SimpleNamespace, claimed: Claimed) -> None:
        first = claimed(cost=200_00, amount=100_00, is_last=False)
        with pytest.raises(ActionRefused, match="waits already"):
            actions.claim(first.request, by=people.seller, cost=200_00, amount=100_00)
        actions.settle_claim(first, by=people.admin, amount=100_00)
        assert standing(people.budget) == (0, 300_00, 100_00, 600_00)
        with pytest.raises(ActionRefused, match="At most €300"):
            actions.claim(first.request, by=people.seller, cost=800_00, amount=300_01)

    def test_pays_its_share_of_what_was_spent_only(self, people: SimpleNamespace, ask: Ask) -> None:
        approved = actions.approve_request(ask(), by=people.manager, amount=400_00)
        with pytest.raises(ActionRefused, match="At most €300 can be claimed"):
            actions.claim(approved, by=people.seller, cost=600_00, amount=400_00)

    def test_returned_is_handed_in_again(self, people: SimpleNamespace, claimed: Claimed) -> None:
        returned = actions.return_claim(claimed(), by=people.manager, reason="The invoice is missing")
        again = actions.resubmit_claim(
            returned, by=people.seller, cost=700_00, amount=350_00, is_last=False, note="", leads=7
        )
        again.refresh_from_db()
        assert (again.status, again.amount) == (ClaimStatus.SUBMITTED, 350_00)
        assert (again.is_last, again.leads) == (False, 7)

    def test_a_proof_stays_once_it_has_been_decided_on(
        self, people: SimpleNamespace, claimed: Claimed
    ) -> None:
        found = claimed()
        proof, typo = Attachment.objects.get(), a_proof(found, people.seller)
        delete(typo, found, by=people.seller)
        settled = actions.settle_claim(found, by=people.admin, amount=400_00)
        with pytest.raises(ActionRefused, match="files stay as they are"):
            delete(proof, settled, by=people.seller)
        assert Attachment.objects.get(deleted_at=None) == proof


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_do_not_promise_more_than_there_is(
    people: SimpleNamespace, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        Budget.objects.filter(pk=people.budget.pk).update(amount=2_000_00)
        asked = [
            actions.submit_request(
                actions.save_request(
                    None, people.budget, by=people.seller, **PLANNED | {"cost": 1_600_00, "amount": 800_00}
                ),
                by=people.seller,
            )
            for _number in range(2)
        ]
        Budget.objects.filter(pk=people.budget.pk).update(amount=1_000_00)
    results: list[object] = []
    barrier = threading.Barrier(2)

    def approve(request: FundRequest, by: Membership) -> None:
        try:
            barrier.wait(timeout=10)
            with tenant_scope(tenant.pk):
                results.append(actions.approve_request(request, by=by, amount=800_00))
        except ActionRefused as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=approve, args=pair)
        for pair in zip(asked, (people.manager, people.admin), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(type(result).__name__ for result in results) == ["ActionRefused", "FundRequest"]


def test_the_pages_from_request_to_settlement(
    people: SimpleNamespace, tenant: Tenant, client_as: Callable[[Membership], Client]
) -> None:
    seller, manager, admin = (client_as(who) for who in (people.seller, people.manager, people.admin))
    form = {
        **PLANNED,
        "budget": str(people.budget.pk),
        "starts_on": "2026-07-09",
        "ends_on": "2026-07-09",
        "cost": "800",
        "amount": "450",
        "expected_revenue": "20.000,00",
        "submit": "1",
    }
    wrong = seller.post("/acme/funds/new/", form)
    assert wrong.status_code == 422
    assert "pays at most €400" in wrong.content.decode()
    asked = seller.post("/acme/funds/new/", form | {"amount": "400"})["Location"]
    assert "€600" in seller.get("/acme/funds/").content.decode()
    assert client_as(people.rival).get(asked).status_code == 404
    assert manager.post(f"{asked}decide/", {"decision": "approve", "amount": "400"}).status_code == 302
    found = seller.post(f"{asked}claim/", {"cost": "800", "amount": "400", "is_last": "on"})["Location"]
    refused = admin.post(f"{found}decide/", {"decision": "settle", "amount": "400"})
    assert "no proof yet" in refused.content.decode()
    with tenant_scope(tenant.pk):
        a_proof(Claim.objects.get(), people.seller)
    assert admin.post(f"{found}decide/", {"decision": "settle", "amount": "400"}).status_code == 302
    assert "Settled" in seller.get(found).content.decode()
    assert admin.get("/acme/funds/budgets/").status_code == 200


class TestWhatCameOfIt:
    @pytest.mark.usefixtures("scoped")
    def test_is_what_the_campaign_brought_against_what_was_settled(
        self, people: SimpleNamespace, claimed: Claimed
    ) -> None:
        claim = actions.settle_claim(claimed(), by=people.admin, amount=400_00)
        mine, other = CampaignFactory(partner=people.alpha), CampaignFactory(partner=people.beta)
        for day, spend, revenue in [(9, 500_00, 1_200_00), (10, 300_00, 800_00)]:
            DailyFigureFactory(
                campaign=mine, day=dt.date(2026, 7, day), spend=spend, revenue=revenue, new_customers=1
            )
        assert queries.returns(queries.requests(people.admin)) is None
        with pytest.raises(ActionRefused, match="not a campaign of the same partner"):
            actions.measure_by(claim.request, other, by=people.seller)
        with pytest.raises(PermissionDenied):
            actions.measure_by(claim.request, mine, by=people.rival)
        actions.measure_by(claim.request, mine, by=people.seller)
        for reader in (people.admin, people.seller):
            found = queries.returns(queries.requests(reader))
            assert found == queries.Return(400_00, 800_00, 2_000_00, 0, 2)
            # (2,000 - 400) / 400 on the funds; on all that was spent, as the marketing KPI has it.
            assert (found.on_funds, found.on_spend) == (Decimal(4), Decimal("1.5"))
        assert queries.returns(queries.requests(people.rival)) is None
        # A campaign that two requests paid for brings its revenue once.
        again = FundRequest.objects.get(pk=claim.request_id)
        again.pk, again.number, again.settled = None, "MF-2026-00099", 0
        again.save()
        assert queries.returns(queries.requests(people.admin)).revenue == 2_000_00

    @pytest.mark.usefixtures("scoped")
    def test_in_a_currency_without_a_rate_is_not_said(
        self, people: SimpleNamespace, claimed: Claimed
    ) -> None:
        claim = actions.settle_claim(claimed(), by=people.admin, amount=400_00)
        actions.measure_by(claim.request, CampaignFactory(partner=people.alpha), by=people.manager)
        Fund.objects.update(currency="CHF")
        found = queries.returns(queries.requests(people.seller))
        assert (found.settled, found.on_funds, found.on_spend) == (None, None, None)

    @pytest.mark.usefixtures("scoped")
    def test_takes_each_activity_at_the_rate_of_its_last_day(
        self, people: SimpleNamespace, claimed: Claimed
    ) -> None:
        claim = actions.settle_claim(claimed(), by=people.admin, amount=400_00)
        first = actions.measure_by(claim.request, CampaignFactory(partner=people.alpha), by=people.manager)
        Fund.objects.update(currency="CHF")
        before = first.ends_on - dt.timedelta(days=1)
        ExchangeRate.objects.create(currency="CHF", starts_on=before, rate=Decimal("0.9"))
        ExchangeRate.objects.create(currency="CHF", starts_on=first.ends_on, rate=Decimal("1.1"))
        found = queries.requests(people.admin)
        with CaptureQueriesContext(connection) as one:
            assert queries.returns(found).settled == 440_00
        again = FundRequest.objects.get(pk=first.pk)
        again.pk, again.number, again.starts_on, again.ends_on = None, "MF-2026-00099", before, before
        again.save()
        with CaptureQueriesContext(connection) as two:
            assert queries.returns(found).settled == 440_00 + 360_00
        assert len(one) == len(two)

    @pytest.mark.usefixtures("scoped")
    def test_is_a_marketing_kpi(self, people: SimpleNamespace, claimed: Claimed, tenant: Tenant) -> None:
        """400 settled come to 440 at a rate of 1.1; the campaign brought 1,220 in July and 100 in August: a return of 200%
        in the quarter. What nobody measures, and what nobody paid for, counts in neither."""
        claim = actions.settle_claim(claimed(), by=people.admin, amount=400_00)
        mine = CampaignFactory(partner=people.alpha)

        def facts(kind: PeriodKind) -> tuple[int, int]:
            calendar, today = calendar_of(tenant), dt.date(2026, 8, 20)
            found = read_facts([calendar.current(kind, today).window()], calendar, today)
            rows = found.filter(partner_id=str(people.alpha.pk))
            return rows.select("funds_settled", "funds_revenue").row(0)

        DailyFigureFactory(campaign=mine, day=dt.date(2026, 7, 9), revenue=1_220_00)
        DailyFigureFactory(campaign=mine, day=dt.date(2026, 8, 10), revenue=100_00)
        DailyFigureFactory(
            campaign=CampaignFactory(partner=people.alpha), day=dt.date(2026, 8, 10), revenue=7_777_00
        )
        assert facts(PeriodKind.QUARTER) == (0, 0)
        actions.measure_by(claim.request, mine, by=people.seller)
        assert facts(PeriodKind.QUARTER) == (400_00, 1_320_00)
        assert facts(PeriodKind.MONTH) == (0, 100_00)
        (consumer,) = [row for row in consumers() if row.name == "metrics.funds"]
        for told in ("fund.claim_settled", "fund.measured"):
            DirtyPartner.objects.all().delete()
            consumer.consume(list(Event.objects.filter(type=told)))
            dirty = DirtyPartner.objects.get()
            assert (dirty.partner_id, dirty.since) == (people.alpha.pk, dt.date(2026, 7, 9))
        ExchangeRate.objects.create(currency="EUR", starts_on=dt.date(2026, 1, 1), rate=Decimal("1.1"))
        Tenant.objects.filter(pk=tenant.pk).update(currency="USD")
        assert facts(PeriodKind.QUARTER) == (440_00, 1_320_00)
        assert evaluate_facts(
            {"partners": 1, "funds_settled": 440_00, "funds_revenue": 1_320_00}, ["return_on_funds"]
        ) == {"return_on_funds": 2}
        # As what the partner earned it is counted at the rate of the day on which it was posted.
        calendar, today = calendar_of(Tenant.objects.get(pk=tenant.pk)), dt.date(2026, 8, 20)
        found = read_facts([calendar.current(PeriodKind.QUARTER, today).window()], calendar, today)
        assert found["incentives_paid"].sum() == 440_00
        # In yen without decimals; and without any rate it is left out.
        Tenant.objects.filter(pk=tenant.pk).update(currency="JPY")
        assert facts(PeriodKind.QUARTER) == (440, 1_320_00)
        ExchangeRate.objects.all().delete()
        assert facts(PeriodKind.QUARTER) == (0, 1_320_00)

    def test_is_on_the_pages(
        self,
        people: SimpleNamespace,
        claimed: Claimed,
        tenant: Tenant,
        client_as: Callable[[Membership], Client],
    ) -> None:
        with tenant_scope(tenant.pk):
            claim = actions.settle_claim(claimed(), by=people.admin, amount=400_00)
            mine = CampaignFactory(partner=people.alpha, name="Autumn")
            DailyFigureFactory(campaign=mine, spend=800_00, revenue=1_000_00)
        address = f"/acme/funds/requests/{claim.request_id}/"
        seller = client_as(people.seller)
        assert "Choose the campaign" in seller.get(address).content.decode()
        assert client_as(people.rival).post(f"{address}campaign/").status_code == 404
        assert (
            client_as(people.stranger).post(f"{address}campaign/", {"campaign": mine.pk}).status_code == 403
        )
        assert seller.post(f"{address}campaign/", {"campaign": mine.pk}).status_code == 302
        page = seller.get(address).content.decode()
        assert "Autumn" in page
        assert "150.0%" in page
        assert "150.0%" in client_as(people.admin).get("/acme/funds/").content.decode()
        assert seller.post(f"{address}campaign/", {"campaign": ""}).status_code == 302
        assert "150.0%" not in seller.get(address).content.decode()


def test_an_admin_sets_a_fund_up(
    people: SimpleNamespace, tenant: Tenant, client_as: Callable[[Membership], Client]
) -> None:
    admin = client_as(people.admin)
    form = {
        "name": "Launch",
        "currency": "EUR",
        "period": "year",
        "basis": "share",
        "share": "",
        "reimbursed": "100",
        "claim_days": "30",
        "starts_on": "2026-01-01",
        "is_active": "on",
    }
    assert "Say which share." in admin.post("/acme/funds/setup/new/", form).content.decode()
    assert admin.post("/acme/funds/setup/new/", form | {"share": "2,5"}).status_code == 302
    again = admin.post("/acme/funds/setup/new/", form | {"share": "2,5"})
    assert "There is a fund of this name already." in again.content.decode()
    assert "Launch" in admin.get("/acme/funds/setup/").content.decode()
