"""Selling an open deal: the board and its moves, what needs attention, how a win and a loss are told."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.deals import actions, panels, queries
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.enums import SalesStage
from partners.deals.models import Competitor, Deal, DealPolicy, LossReason
from partners.deals.selling import losses
from partners.deals.selling.attention import hints, stalled
from partners.deals.workdays import today
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.discussion import actions as comments
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.files.actions import attach, delete
from portal.files.models import Attachment
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, ProductFactory
from tests.portal.files.builders import upload

MakeDeal = Callable[..., Deal]
SignIn = Callable[[Membership], Client]
JSON = {"HTTP_ACCEPT": "application/json"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(tenant: Tenant, deal_in: MakeDeal) -> Deal:
    with tenant_scope(tenant.pk):
        return deal_in(Status.APPROVED, title="Headquarters", stage=SalesStage.ENGAGING)


def board(client: Client, **parameters: object) -> str:
    return client.get("/acme/deals/board/", parameters).content.decode()


def test_the_board_counts_and_sums_what_a_partner_has_open(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, approved: Deal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.DRAFT, title="Not yet")
        deal_in(Status.WON, title="Done")
        deal_in(Status.APPROVED, title="Somebody else's", partner=people.other_partner)
    page = board(client_as(people.seller))
    assert "Headquarters" in page and "€1,000" in page
    for other in ("Not yet", "Done", "Somebody else"):
        assert other not in page


def test_a_move_answers_with_the_version_and_the_sums(
    people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    address = f"/acme/deals/{approved.pk}/move/"
    answer = client.post(address, {"stage": "proposal", "version": approved.version}, **JSON)
    assert answer.status_code == 200
    body = answer.json()
    assert body["version"] == approved.version + 1
    assert body["heads"]["proposal"] == {"count": "1", "sum": "€1,000"}
    assert body["heads"]["engaging"]["count"] == "0"
    stale = client.post(address, {"stage": "negotiation", "version": approved.version}, **JSON)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


def test_without_script_a_move_leads_back_to_where_it_came_from(
    people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    address = f"/acme/deals/{approved.pk}/move/"
    data = {"stage": "proposal", "next": "/acme/deals/?stage=engaging"}
    assert client.post(address, data)["Location"] == "/acme/deals/?stage=engaging"
    for elsewhere in ("https://evil.example/", "//evil.example/acme/", "/globex/deals/"):
        data = {"stage": "engaging", "next": elsewhere}
        assert client.post(address, data)["Location"] == "/acme/deals/board/"
    assert client.post(address, {"stage": "won"}).status_code == 400


def test_a_column_shows_twenty_and_more_when_asked(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, approved: Deal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        for number in range(24):
            deal_in(
                Status.APPROVED, title=f"Deal {number}", customer=CustomerFactory(served_by=people.partner)
            )
        Deal.objects.filter(status=Status.APPROVED).update(stage=SalesStage.PROPOSAL)
    client = client_as(people.seller)
    counts = []
    for parameters, shown in (({}, 20), ({"proposal": 40}, 25)):
        with CaptureQueriesContext(connection) as found:
            page = board(client, **parameters)
        assert page.count('class="board-card"') == shown
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_the_list_lets_open_deals_be_moved(
    people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    page = client_as(people.seller).get("/acme/deals/").content.decode()
    assert f'action="/acme/deals/{approved.pk}/move/"' in page


def asks(deal: Deal, day: date | None = None) -> list[str]:
    rules = queries.policy()
    now = timezone.now()
    row = Deal.objects.get(pk=deal.pk)
    found = [hint.code for hint in hints(row, rules, day or now.date(), now)]
    assert stalled(Deal.objects.filter(pk=deal.pk), rules).exists() == bool(found)
    return found


def test_what_needs_attention_and_why(tenant: Tenant, people: SimpleNamespace, approved: Deal) -> None:
    with tenant_scope(tenant.pk):
        assert asks(approved) == []
        yesterday = timezone.now().date() - timedelta(days=1)
        actions.update_deal(approved, by=people.seller, next_step="Call", next_step_on=yesterday)
        assert asks(approved) == ["next_step"]
        actions.update_deal(approved, by=people.seller, next_step_on=None, expected_close=yesterday)
        assert asks(approved) == ["close"]
        later = timezone.now().date() + timedelta(days=200)
        actions.update_deal(approved, by=people.seller, expected_close=later)
        assert asks(approved) == []
        with time_machine.travel(timezone.now() + timedelta(days=21, minutes=1)):
            assert asks(approved) == ["quiet"]
            actions.move_stage(approved, SalesStage.PROPOSAL, by=people.seller)
            assert asks(approved) == []


def test_a_comment_is_movement_and_each_stage_has_its_patience(
    tenant: Tenant, people: SimpleNamespace, approved: Deal
) -> None:
    with tenant_scope(tenant.pk), time_machine.travel(timezone.now() + timedelta(days=15)):
        assert asks(approved) == []
        DealPolicy.objects.get_or_create()
        DealPolicy.objects.update(stalled_engaging=14)
        assert asks(approved) == ["quiet"]
        comments.post(approved, "Between us", by=people.manager, internal=True)
        dispatch_pending(tenant.pk)
        assert asks(approved) == ["quiet"]
        comments.post(approved, "They called back", by=people.seller)
        dispatch_pending(tenant.pk)
        assert asks(approved) == []


def test_the_panel_and_the_filter_show_them_within_their_budget(
    tenant: Tenant, people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    assert people.seller.tenant == tenant
    with time_machine.travel(timezone.now() + timedelta(days=25)):
        with tenant_scope(tenant.pk, people.partner.pk), CaptureQueriesContext(connection) as found:
            data = panels.attention(people.seller)
        assert len(found) == 2
        assert [row["deal"].pk for row in data["rows"]] == [approved.pk]
        page = client_as(people.seller).get("/acme/deals/", {"attention": "true"}).content.decode()
        assert "Headquarters" in page
    page = client_as(people.seller).get("/acme/deals/", {"attention": "true"}).content.decode()
    assert "Headquarters" not in page


def test_a_win_may_come_with_cost_and_proof(
    tenant: Tenant, people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    data = {
        "version": approved.version,
        "revenue": "900",
        "won_on": str(timezone.now().date()),
        "cost": "600",
        "proof": upload("order.pdf"),
    }
    answer = client_as(people.seller).post(f"/acme/deals/{approved.pk}/win/", data)
    assert answer.status_code == 302
    with tenant_scope(tenant.pk):
        approved.refresh_from_db()
        proof = Attachment.objects.get()
    assert (approved.revenue, approved.cost, approved.cost_base) == (900_00, 600_00, 600_00)
    assert (proof.purpose, proof.name, proof.subject_id) == ("proof", "order.pdf", approved.pk)


def test_the_proof_of_a_won_deal_stays(
    tenant: Tenant, people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        typo, proof = (
            attach(approved, upload(name), by=people.seller, purpose="proof") for name in ("a.pdf", "b.pdf")
        )
        delete(typo, approved, by=people.seller)
        won = actions.win(approved, by=people.seller, revenue=900_00, won_on=timezone.now().date())
        note = attach(won, upload("minutes.pdf"), by=people.seller)
    client = client_as(people.seller)
    page = client.get(f"/acme/deals/{won.pk}/").content.decode()
    assert f"/acme/files/{note.pk}/delete/" in page and f"/acme/files/{proof.pk}/delete/" not in page
    refused = client.post(f"/acme/files/{proof.pk}/delete/", follow=True).content.decode()
    assert "its files stay as they are" in refused
    client.post(f"/acme/files/{typo.pk}/restore/")
    client.post(f"/acme/files/{note.pk}/delete/")
    with tenant_scope(tenant.pk):
        assert set(Attachment.objects.filter(deleted_at=None)) == {proof, typo}
        assert delete(proof, won, by=people.admin).deleted_at


def test_a_false_proof_is_refused_beside_its_field_and_nothing_is_won(
    tenant: Tenant, people: SimpleNamespace, approved: Deal, client_as: SignIn
) -> None:
    data = {
        "version": approved.version,
        "revenue": "900",
        "won_on": str(timezone.now().date()),
        "proof": upload("order.pdf", b"<html>"),
    }
    answer = client_as(people.seller).post(f"/acme/deals/{approved.pk}/win/", data)
    assert answer.status_code == 422 and "genuine PDF" in answer.content.decode()
    with tenant_scope(tenant.pk):
        approved.refresh_from_db()
    assert approved.stage == SalesStage.ENGAGING


def test_where_wins_are_confirmed_the_cost_waits_with_the_claim(
    tenant: Tenant, people: SimpleNamespace, approved: Deal
) -> None:
    with tenant_scope(tenant.pk):
        actions.change_policy(by=people.admin, confirm_wins=True)
        actions.win(approved, by=people.seller, revenue=900_00, cost=1_00, won_on=timezone.now().date())
        won = actions.confirm_win(approved, by=people.manager)
    assert (won.revenue, won.cost) == (900_00, 1_00)


def test_a_loss_gives_a_reason_of_the_list(tenant: Tenant, people: SimpleNamespace, approved: Deal) -> None:
    with tenant_scope(tenant.pk):
        losses.add_listed(LossReason, "Wrong moment", by=people.admin)
        price = LossReason.objects.get(name="Price")
        losses.set_offered(price, False, by=people.admin)
        assert "Wrong moment" in losses.loss_reasons() and "Price" not in losses.loss_reasons()
        with pytest.raises(ActionRefused) as refusal:
            actions.lose(approved, by=people.seller, reason="Price")
        assert refusal.value.field == "reason"
        lost = actions.lose(approved, by=people.seller, reason="wrong moment", competitor="Initech")
    assert (lost.loss_reason, lost.competitor) == ("Wrong moment", "Initech")


def test_a_partner_is_offered_listed_competitors_and_its_own(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, approved: Deal
) -> None:
    with tenant_scope(tenant.pk):
        theirs = deal_in(Status.APPROVED, partner=people.other_partner)
        Partner.objects.filter(pk=people.other_partner.pk).update(manager=people.manager)
        theirs.partner.refresh_from_db()
        actions.lose(theirs, by=people.admin, reason="Price", competitor="Hooli")
        Deal.objects.filter(pk=theirs.pk).update(competitor="Typed by another")
        actions.lose(approved, by=people.seller, reason="Price", competitor="Initech")
        assert set(Competitor.objects.values_list("name", flat=True)) == {"Hooli"}
        assert losses.unlisted_competitors() == ["Initech", "Typed by another"]
    with tenant_scope(tenant.pk, people.partner.pk):
        assert losses.competitors_offered(people.seller) == ["Hooli", "Initech"]


def test_only_an_admin_keeps_the_lists(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk), pytest.raises(PermissionDenied):
        losses.add_listed(Competitor, "Hooli", by=people.manager)
    client = client_as(people.admin)
    client.post("/acme/deals/rules/selling/competitor/", {"name": "Hooli"})
    client.post("/acme/deals/rules/selling/reason/", {"name": "Wrong moment"})
    page = client.get("/acme/deals/rules/selling/").content.decode()
    assert "Hooli" in page and "Wrong moment" in page and "No budget" in page
    quiet = {f"stalled_{stage}": "5" for stage in ("prospecting", "engaging", "proposal", "negotiation")}
    assert client.post("/acme/deals/rules/selling/", quiet).status_code == 302
    with tenant_scope(tenant.pk):
        assert DealPolicy.objects.get().stalled_after("proposal") == 5


# --- what was sold -----------------------------------------------------------------------------


def win_typed(deal: Deal, **fields: object) -> dict[str, object]:
    return {"version": deal.version, "revenue": "900", "won_on": today(deal.tenant).isoformat()} | fields


def sold(deal: Deal) -> list[tuple[str, int, int | None]]:
    return [(line.product.name, line.quantity, line.unit_price) for line in deal.lines.order_by("position")]


def test_a_win_says_what_was_sold(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.APPROVED)
        support = ProductFactory(name="Support", family=people.product.family)
    client = client_as(people.seller)
    address = reverse("deals:win", args=("acme", deal.pk))
    typed = win_typed(deal, product=str(people.product.pk), quantity="3", unit_price="250")
    # One line more is asked for without anything being saved.
    answer = client.post(address, typed | {"lines": "add"})
    assert (answer.status_code, [form.number for form in answer.context["form"].lines]) == (200, [1])
    more = {"line-1-product": str(support.pk), "line-1-quantity": "1", "line-1-unit_price": "150"}
    assert client.post(address, typed | more | {"line-1-quantity": "0"}).status_code == 422
    assert client.post(address, typed | more).status_code == 302
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.revenue, deal.product) == (Status.WON, 900_00, people.product)
        assert sold(deal) == [("Router 9000", 3, 250_00), ("Support", 1, 150_00)]
        event = Event.objects.get(type="deal.won")
        assert event.data["lines"]["new"][1] == [str(support.pk), 1, 150_00]


def test_what_was_sold_waits_with_the_claim(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        DealPolicy.objects.create(confirm_wins=True)
        deal = deal_in(Status.APPROVED)
        line = actions.Line(people.product, 2, 450_00)
    with tenant_scope(tenant.pk, people.partner.pk):
        deal = actions.win(
            deal, by=people.seller, revenue=900_00, won_on=today(tenant), customer=None, lines=[line]
        )
        assert sold(deal) == []
    with tenant_scope(tenant.pk):
        assert sold(actions.confirm_win(deal, by=people.manager)) == [("Router 9000", 2, 450_00)]


def test_a_deal_that_came_without_a_product_gets_what_was_sold(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in("", product=None, family=None)
        line = actions.Line(people.product, 1, None)
        deal = actions.win(deal, by=people.seller, revenue=900_00, won_on=today(tenant), lines=[line])
        assert (deal.product_id, deal.family_id) == (people.product.pk, people.product.family_id)
