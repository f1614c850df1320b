"""The pages that say what decides, the list of what waits, and the decision on several at once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule, DealRequest, Holiday, RejectionReason
from partners.deals.approvals.preview import preview
from partners.deals.enums import ConflictCondition, Decision
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory

MakeDeal = Callable[..., Deal]
SignIn = Callable[[Membership], Client]


def address(name: str, *args: object) -> str:
    return reverse(f"deals:{name}", args=("acme", *args))


# --- the editor and its preview ----------------------------------------------------------------


def test_a_rule_is_saved_only_as_it_was_previewed(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED, amount=500_00)
    client = client_as(people.admin)
    data = {"name": "Small", "max_amount": "1000", "decision": "auto", "deciders": "manager"}
    data |= {"is_active": "on", "partner_types": ["reseller"]}
    first = client.post(address("rule_create"), data | {"action": "save"})
    assert first.context["preview"].caught == 1
    changed = data | {"max_amount": "2000", "action": "save", "previewed": first.context["previewed"]}
    assert client.post(address("rule_create"), changed).status_code == 200
    sent = data | {"action": "save", "previewed": first.context["previewed"]}
    assert client.post(address("rule_create"), sent).status_code == 302
    with tenant_scope(tenant.pk):
        rule = ApprovalRule.objects.get()
        assert (rule.name, rule.min_amount, rule.max_amount, rule.partner_types, rule.position) == (
            "Small",
            None,
            1_000_00,
            ["reseller"],
            1,
        )
    page = client.get(address("rules")).content.decode()
    assert "below €1,000" in page
    assert "Approved at once" in page


def test_what_cannot_be_a_rule_is_said_beside_the_field(people: SimpleNamespace, client_as: SignIn) -> None:
    data = {"name": "Odd", "min_amount": "10", "max_amount": "10", "decision": "one", "deciders": "manager"}
    answer = client_as(people.admin).post(address("rule_create"), data)
    assert answer.status_code == 422
    assert "max_amount" in answer.context["form"].errors


def test_the_preview_counts_what_each_rule_would_have_caught(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    """Five were submitted in the last 90 days: 100, 300, 500 in conflict, 700 and 900 euros."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def submitted(amount: int, days_ago: int, **fields: Any) -> Deal:
        at = now - timedelta(days=days_ago)
        return deal_in(
            Status.SUBMITTED, amount=amount * 100, submitted_at=at, first_submitted_at=at, **fields
        )

    submitted(100, 89)
    submitted(300, 60, partner=people.other_partner)
    submitted(500, 30, conflict_seen=True)
    customer = CustomerFactory(served_by=people.partner)
    submitted(700, 10, customer=customer, partner=people.other_partner)
    submitted(900, 5, customer=customer)  # the one before still waited: a conflict, found out afterwards
    submitted(200, 91)
    deal_in(Status.DRAFT, amount=200_00)
    for fields in (
        {"name": "Conflicts", "conflict": ConflictCondition.SOME, "decision": Decision.TWO},
        {"name": "Small", "max_amount": 400_00, "decision": Decision.AUTO},
    ):
        actions.save_rule(ApprovalRule(**fields), by=people.admin)
    changed = ApprovalRule.objects.get(name="Small")
    changed.max_amount = 800_00
    with CaptureQueriesContext(connection) as queries:
        found = preview(changed, now, scoped)
    assert len(queries) == 3  # rules, deals, and whether there are tiers
    assert (found.total, found.at_once, found.caught) == (5, 3, 3)
    assert [(row.rule and row.rule.name, row.before, row.count) for row in found.rows] == [
        ("Conflicts", 2, 2),
        ("Small", 2, 3),
        (None, 1, 0),
    ]
    assert [deal.amount for deal in found.deals] == [700_00, 300_00, 100_00]
    new = ApprovalRule(name="Ours", min_amount=900_00)
    assert preview(new, now, scoped).caught == 0


def test_reasons_and_holidays_are_kept_by_the_admin(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.admin)
    assert client.post(address("reasons"), {"name": "Direct account"}).status_code == 302
    assert client.post(address("reasons"), {"name": "Direct account"}).status_code == 422
    assert client.post(address("holidays"), {"day": "2026-12-25", "name": "Christmas"}).status_code == 302
    assert client.post(address("holidays"), {"day": "2026-12-25", "name": "Again"}).status_code == 422
    with tenant_scope(tenant.pk):
        reason, holiday = RejectionReason.objects.get(), Holiday.objects.get()
    client.post(address("reason_edit", reason.pk), {"name": "Our own account"})
    client.post(address("reason_switch", reason.pk), {"to": "off"})
    client.post(address("holiday_remove", holiday.pk))
    with tenant_scope(tenant.pk):
        assert list(RejectionReason.objects.values_list("name", "is_active")) == [("Our own account", False)]
        assert not Holiday.objects.exists()


# --- what waits --------------------------------------------------------------------------------


def test_the_inbox_shows_appeals_and_requests_to_whom_they_concern(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        appeal = actions.appeal(deal_in(Status.REJECTED), by=people.seller, grounds="Look again")
        time_ = actions.ask_extension(deal_in(Status.APPROVED), by=people.seller, reason="Budget")
        claim = deal_in(Status.APPROVED, win_claim={"revenue": 5}, answer_due_at=timezone.now())
        two = deal_in(Status.SUBMITTED, decision_asked=Decision.TWO, first_approver=people.manager)

    def shown(member: Membership, query: str = "") -> set[object]:
        table = client_as(member).get(address("inbox") + query).context["table"]
        return {row.pk for row in table.data}

    assert shown(people.manager) == {time_.pk, claim.pk}
    assert shown(people.admin) == {appeal.pk, time_.pk, claim.pk, two.pk}
    assert shown(people.admin, "?what=appeal") == {appeal.pk}
    assert shown(people.admin, "?what=extension") == {time_.pk}
    assert shown(people.admin, "?what=win") == {claim.pk}
    assert shown(people.admin, "?what=registration") == {two.pk}
    assert shown(people.admin, "?late=true") == {claim.pk}
    assert shown(people.colleague) == set()


def test_only_conflicts_can_be_asked_for(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
        rivals = {deal_in(Status.SUBMITTED, customer=customer).pk for _ in range(2)}
        deal_in(Status.SUBMITTED)
    table = client_as(people.manager).get(address("inbox") + "?conflict=true").context["table"]
    assert {row.pk for row in table.data} == rivals


def test_the_page_of_a_deal_shows_the_vendor_both_sides_and_the_partner_nothing(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
        rival = deal_in(Status.APPROVED, partner=people.other_partner, customer=customer, amount=7_777_00)
        deal = actions.submit(deal_in(Status.DRAFT, customer=customer), by=people.seller)
    page = client_as(people.manager).get(address("detail", deal.pk)).content.decode()
    assert rival.number in page
    assert "Southwind" in page
    with tenant_scope(tenant.pk):
        actions.reject(deal, by=people.manager, reason="No")
    page = client_as(people.manager).get(address("detail", deal.pk)).content.decode()
    assert "Conflicts seen:" in page
    assert rival.number in page
    theirs = client_as(people.seller).get(address("detail", deal.pk)).content.decode()
    for secret in (rival.number, "Southwind", "7,777", str(rival.pk), "Decisions and their grounds"):
        assert secret not in theirs


# --- several at once ---------------------------------------------------------------------------


def picked(*deals: Deal) -> list[str]:
    return [f"{deal.pk}:{deal.version}" for deal in deals]


def test_deciding_on_several_asks_first_and_reports_each(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
        deal_in(Status.APPROVED, partner=people.other_partner, customer=customer)
        fine, held = deal_in(Status.SUBMITTED), deal_in(Status.SUBMITTED, customer=customer)
        strange = deal_in(Status.DRAFT)
    client = client_as(people.manager)
    data = {"verb": "approve", "deal": picked(fine, held, strange)}
    asked = client.post(address("decide"), data)
    assert [deal.pk for deal in asked.context["deals"]] == [fine.pk, held.pk]
    with tenant_scope(tenant.pk):
        assert not Deal.objects.filter(pk=fine.pk, status=Status.APPROVED).exists()
    answer = client.post(address("decide"), data | {"confirmed": "1", "note": "Welcome"})
    assert [outcome.deal.pk for outcome in answer.context["done"]] == [fine.pk]
    assert [outcome.deal.pk for outcome in answer.context["refused"]] == [held.pk]
    assert "already holds protection" in answer.content.decode()
    with tenant_scope(tenant.pk):
        assert sorted(Deal.objects.filter(partner=people.partner).values_list("status", flat=True)) == [
            "approved",
            "draft",
            "submitted",
        ]


def test_one_button_approves_at_once_and_a_reason_is_asked_for_where_one_is_needed(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        one, other = deal_in(Status.SUBMITTED), deal_in(Status.SUBMITTED)
    client = client_as(people.manager)
    assert client.post(address("decide"), {"one": f"approve:{one.pk}:1"}).status_code == 302
    again = client.post(address("decide"), {"one": f"approve:{one.pk}:1"}, follow=True)
    assert "Pick registrations" in again.content.decode()
    data = {"verb": "reject", "deal": picked(other), "confirmed": "1"}
    assert client.post(address("decide"), data).status_code == 422
    assert client.post(address("decide"), data | {"reason": "No"}).status_code == 200
    with tenant_scope(tenant.pk):
        assert list(Deal.objects.order_by("pk").values_list("status", flat=True)) == ["approved", "rejected"]


def test_what_was_not_picked_well_decides_nothing(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
    client = client_as(people.manager)
    for data in (
        {},
        {"verb": "approve"},
        {"verb": "cancel", "deal": picked(deal), "confirmed": "1"},
        {"verb": "approve", "deal": ["nonsense", f"{deal.pk}", f"{deal.pk}:x"], "confirmed": "1"},
    ):
        assert client.post(address("decide"), data).status_code == 302
    assert (
        client_as(people.seller).post(address("decide"), {"one": f"approve:{deal.pk}:1"}).status_code == 403
    )
    colleague = client_as(people.colleague)
    assert colleague.post(address("decide"), {"one": f"approve:{deal.pk}:1"}).status_code == 302
    with tenant_scope(tenant.pk):
        assert Deal.objects.get().status == Status.SUBMITTED


# --- the API -----------------------------------------------------------------------------------


def test_the_api_has_the_same_verbs(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)

    def post(member: Membership, verb: str, **data: Any) -> Any:
        url = f"/acme/api/v1/deals/{deal.pk}/{verb}/"
        return client_as(member).post(url, data, content_type="application/json")

    answer = post(people.manager, "return", missing=["amount", "need"])
    assert answer.status_code == 200, answer.content
    assert answer.json()["missing"] == ["amount", "need"]
    assert post(people.seller, "submit").json()["status"] == "submitted"
    with tenant_scope(tenant.pk):
        reason = actions.save_reason(RejectionReason(name="Direct account"), by=people.admin)
    answer = post(people.manager, "reject", choice=str(reason.pk)).json()
    assert (answer["status"], answer["decision_reason"]) == ("rejected", "Direct account")
    assert "appeal" not in answer["verbs"]
    assert post(people.manager, "appeal", grounds="x").status_code == 403
    answer = post(people.seller, "appeal", grounds="We met them first").json()
    assert (answer["request"], answer["verbs"]) == ("appeal", [])
    assert post(people.seller, "appeal", grounds="Again").status_code == 409
    answer = post(people.admin, "grant-appeal", reason="True").json()
    assert answer["status"] == "approved"
    assert post(people.seller, "ask-extension", reason="Budget").json()["request"] == "extension"
    assert post(people.manager, "extend").json()["extensions"] == 1
    assert post(people.seller, "ask-extension", reason="More").status_code == 409
    with tenant_scope(tenant.pk):
        assert DealRequest.objects.count() == 2


def test_the_schema_knows_the_new_verbs(people: SimpleNamespace, client_as: SignIn) -> None:
    schema = client_as(people.admin).get("/acme/api/v1/schema/", {"format": "json"}).content.decode()
    for verb in ("appeal", "grant-appeal", "uphold", "ask-extension", "extend", "decline-extension"):
        assert f"/deals/{{id}}/{verb}/" in schema


def test_old_holidays_are_not_listed(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        actions.add_holiday(date(timezone.localdate().year - 1, 12, 25), "Long gone", by=people.admin)
    assert "Long gone" not in client_as(people.admin).get(address("holidays")).content.decode()
