"""Which rule applies, who decides by it, and what they saw."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection

from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule, DealDecision, RejectionReason
from partners.deals.approvals.queries import expected_decision, unsaved
from partners.deals.approvals.rulebook import Case, first_fitting
from partners.deals.enums import ConflictCondition, Deciders, Decision
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.queries import waiting_for
from partners.deals.workdays import today
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.events.queries import timeline
from portal.shell import registry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, ProductFactory

MakeDeal = Callable[..., Deal]
MONDAY = "2026-11-16T09:00:00Z"


def rule(people: SimpleNamespace, decision: str, **fields: Any) -> ApprovalRule:
    given = {"name": f"Rule {ApprovalRule.objects.count() + 1}", "decision": decision} | fields
    return actions.save_rule(ApprovalRule(**given), by=people.admin)


# --- which rule --------------------------------------------------------------------------------

CASE = Case(1_000_00, "reseller", "EMEA", "gold", None, None, False)


@pytest.mark.parametrize(
    ("conditions", "applies"),
    [
        ({}, True),
        ({"min_amount": 1_000_00}, True),  # from is met
        ({"min_amount": 1_000_01}, False),
        ({"max_amount": 1_000_00}, False),  # below is not
        ({"max_amount": 1_000_01}, True),
        ({"segments": ["gold", "silver"]}, True),
        ({"segments": ["silver"]}, False),
        ({"partner_types": ["msp"]}, False),
        ({"regions": ["EMEA"], "partner_types": ["reseller"]}, True),
        ({"regions": ["APAC"], "partner_types": ["reseller"]}, False),
        ({"families": [UUID(int=7)]}, False),
        ({"conflict": ConflictCondition.NONE}, True),
        ({"conflict": ConflictCondition.SOME}, False),
        ({"is_active": False}, False),
    ],
)
def test_a_rule_applies_when_every_condition_is_met(
    conditions: dict[str, Any], applies: bool, scoped: Tenant
) -> None:
    only = ApprovalRule(name="Only", **conditions)
    assert (first_fitting([only], CASE) is only) == applies


def test_the_first_rule_that_fits_applies(scoped: Tenant) -> None:
    first, second, third = (
        ApprovalRule(name="a", min_amount=5_000_00),
        ApprovalRule(name="b"),
        ApprovalRule(name="c"),
    )
    assert first_fitting([first, second, third], CASE) is second


def test_a_rule_by_tier_asks_the_floor_that_knows_tiers(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def codes(standings: Any) -> dict[Any, str]:
        asked.extend(standings)
        return dict.fromkeys(standings, "gold")

    segments = registry.PartnerSegments("Tier", lambda: [("gold", "Gold")], codes)
    monkeypatch.setattr(registry, "_partner_segments", [segments])
    rule(people, Decision.TWO, segments=["gold"])
    deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    assert deal.decision_asked == Decision.TWO
    assert asked == [(people.partner.pk, today(scoped))]


def test_the_partner_is_told_before_and_finds_the_same_after(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        rule(people, Decision.TWO, name="Large deals", min_amount=500_00, decision_days=3)
        customer = CustomerFactory(served_by=people.partner)
    with tenant_scope(tenant.pk, people.partner.pk), time_machine.travel(MONDAY, tick=False):
        asked = unsaved(people.partner, customer_id=customer.pk, product=people.product, amount=600_00)
        expected = expected_decision(asked)
        deal = actions.register(
            people.partner,
            by=people.seller,
            customer=customer,
            product=people.product,
            amount=600_00,
            expected_close=date(2026, 12, 31),
        )
    assert (expected.rule_name, expected.decision, expected.conflict) == ("Large deals", Decision.TWO, False)
    assert expected.who == f"{people.manager.name} together with a second person"
    assert expected.due_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert (deal.rule_name, deal.decision_asked, deal.answer_due_at) == (
        "Large deals",
        Decision.TWO,
        expected.due_at,
    )


def test_the_partner_learns_of_a_conflict_and_no_more(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
        rival = Deal(partner=people.other_partner, customer=customer, product=people.product)
        rival.family = people.product.family
        rival.number, rival.status, rival.currency = "DR-2026-77777", Status.SUBMITTED, "EUR"
        rival.save()
    with tenant_scope(tenant.pk, people.partner.pk):
        asked = unsaved(people.partner, customer_id=customer.pk, product=people.product, amount=1_00)
        expected = expected_decision(asked)
    assert expected.conflict
    assert "Southwind" not in repr(expected)
    assert "77777" not in repr(expected)
    assert "Southwind" not in expected.who


# --- approved at once --------------------------------------------------------------------------


def draft(people: SimpleNamespace, customer: Any) -> Deal:
    return actions.create_draft(
        people.partner,
        by=people.seller,
        customer=customer,
        product=people.product,
        amount=100_00,
        expected_close=date(2036, 12, 31),
    )


def test_a_rule_approves_at_once_in_the_partners_own_session(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        rule(people, Decision.AUTO, name="Small deals", max_amount=200_00)
        customer = CustomerFactory(served_by=people.partner)
    with tenant_scope(tenant.pk, people.partner.pk):
        deal = actions.submit(draft(people, customer), by=people.seller)
        assert deal.status == Status.APPROVED
        assert connection.cursor().execute("SELECT current_user").fetchone()[0] == "portal_partner"
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.decided_by_id, deal.decided_at >= deal.submitted_at) == (None, True)
        assert deal.protection.upper - deal.protection.lower == timedelta(days=90)
        approved, submitted, _created = timeline(deal)
        assert (approved.type, approved.actor_id) == ("deal.approved", None)
        assert submitted.type == "deal.submitted"
        kept = DealDecision.objects.get()
        assert (kept.verb, kept.rule_name, kept.by_id) == ("auto", "Small deals", None)


@pytest.mark.parametrize("status", [Status.APPROVED, Status.SUBMITTED])
def test_a_conflict_leaves_it_to_a_person_and_is_no_error_to_the_partner(
    status: str, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        rule(people, Decision.AUTO)
        customer = CustomerFactory(served_by=people.partner)
        deal_in(status, partner=people.other_partner, customer=customer, number="DR-OTHER")
    with tenant_scope(tenant.pk, people.partner.pk):
        deal = actions.submit(draft(people, customer), by=people.seller)
    assert (deal.status, deal.decision_asked, deal.conflict_seen) == (Status.SUBMITTED, Decision.ONE, True)
    with tenant_scope(tenant.pk):
        assert deal in waiting_for(people.manager)


# --- two people --------------------------------------------------------------------------------


def test_two_different_people_approve(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    rule(people, Decision.TWO, name="Large")
    deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    deal = actions.approve(deal, by=people.manager, note="Known customer")
    assert (deal.status, deal.first_approver_id, deal.protection) == (
        Status.SUBMITTED,
        people.manager.pk,
        None,
    )
    assert timeline(deal)[0].type == "deal.first_approved"
    assert deal not in waiting_for(people.manager)
    assert deal in waiting_for(people.admin)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(deal, by=people.manager)
    assert refusal.value.code == "second_person"
    deal = actions.approve(deal, by=people.admin)
    assert (deal.status, deal.decided_by_id) == (Status.APPROVED, people.admin.pk)
    assert list(DealDecision.objects.values_list("verb", "by_id")) == [
        ("first_approve", people.manager.pk),
        ("approve", people.admin.pk),
    ]


def test_a_returned_registration_needs_two_approvals_again(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    rule(people, Decision.TWO)
    deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    deal = actions.approve(deal, by=people.manager)
    deal = actions.return_for_changes(deal, by=people.admin, missing=["amount", "nonsense"])
    assert (deal.missing, deal.first_approver_id, deal.answer_due_at) == (["amount"], None, None)
    assert "A realistic amount" in deal.missing_labels
    deal = actions.submit(deal, by=people.seller)
    assert (deal.missing, actions.approve(deal, by=people.manager).status) == ([], Status.SUBMITTED)


def test_what_a_rule_keeps_for_administrators_a_manager_does_not_decide(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    rule(people, Decision.ONE, deciders=Deciders.ADMIN)
    deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    for verb in (
        lambda: actions.approve(deal, by=people.manager),
        lambda: actions.start_review(deal, by=people.manager),
        lambda: actions.return_for_changes(deal, by=people.manager, reason="x"),
        lambda: actions.reject(deal, by=people.manager, reason="x"),
    ):
        with pytest.raises(PermissionDenied):
            verb()
    assert deal not in waiting_for(people.manager)
    assert actions.approve(deal, by=people.admin).status == Status.APPROVED


def test_a_decision_keeps_what_was_seen_where_no_partner_reads_it(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
        rival = deal_in(Status.SUBMITTED, partner=people.other_partner, customer=customer)
        deal = deal_in(Status.SUBMITTED, customer=customer)
        reason = actions.save_reason(RejectionReason(name="Already a customer"), by=people.admin)
        deal = actions.reject(deal, by=people.manager, choice=reason, reason="Since 2019.")
        kept = DealDecision.objects.get()
        assert [seen.get("number") for seen in kept.conflicts] == [rival.number]
        assert kept.conflicts[0]["partner"] == "Southwind"
        assert deal.decision_reason == "Already a customer: Since 2019."
    with tenant_scope(tenant.pk, people.partner.pk):
        texts = " ".join(str(event.data) for event in Event.objects.all())
        assert "Southwind" not in texts
        assert rival.number not in texts
        assert str(rival.pk) not in texts


# --- limits ------------------------------------------------------------------------------------


def test_open_registrations_are_limited_and_the_refusal_says_so(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    actions.change_policy(by=people.admin, max_open=2)
    deal_in(Status.APPROVED)
    deal_in(Status.REJECTED)
    deal_in(Status.SUBMITTED, partner=people.other_partner)
    second = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    third = deal_in(Status.DRAFT)
    with pytest.raises(ActionRefused, match="At most 2 registrations") as refusal:
        actions.submit(third, by=people.seller)
    assert refusal.value.code == "open_registrations"
    actions.withdraw(second, by=people.seller)
    assert actions.submit(third, by=people.seller).status == Status.SUBMITTED


# --- several at once ---------------------------------------------------------------------------


def test_deciding_on_several_reports_each_and_one_refusal_stops_no_other(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory(served_by=people.partner)
    deal_in(Status.APPROVED, partner=people.other_partner, customer=customer)
    held = deal_in(Status.SUBMITTED, customer=customer)
    fine, stale, over = deal_in(Status.SUBMITTED), deal_in(Status.SUBMITTED), deal_in(Status.WITHDRAWN)
    deals = [held, fine, stale, over]
    versions = {deal.pk: 1 for deal in deals} | {stale.pk: 7}
    outcomes = actions.decide_many(deals, "approve", by=people.manager, versions=versions)
    assert {outcome.deal.pk: bool(outcome.refusal) for outcome in outcomes} == {
        held.pk: True,
        fine.pk: False,
        stale.pk: True,
        over.pk: True,
    }
    assert set(Deal.objects.filter(status=Status.APPROVED, partner=people.partner)) == {fine}
    assert DealDecision.objects.count() == 1
    outcome = actions.decide_many([stale], "reject", by=people.colleague, versions={stale.pk: 1}, reason="No")
    assert "do not decide" in outcome[0].refusal


# --- the list of rules -------------------------------------------------------------------------


def test_only_an_admin_changes_what_decides(scoped: Tenant, people: SimpleNamespace) -> None:
    kept = rule(people, Decision.ONE)
    for who in (people.manager, people.seller):
        for change in (
            lambda who=who: actions.save_rule(ApprovalRule(name="x"), by=who),
            lambda who=who: actions.move_rule(kept, up=True, by=who),
            lambda who=who: actions.remove_rule(kept, by=who),
            lambda who=who: actions.save_reason(RejectionReason(name="x"), by=who),
            lambda who=who: actions.add_holiday(date(2026, 1, 1), "x", by=who),
        ):
            with pytest.raises(PermissionDenied):
                change()


def test_rules_change_places_and_are_taken_out(scoped: Tenant, people: SimpleNamespace) -> None:
    first, second, third = (rule(people, Decision.ONE) for _ in range(3))

    def names() -> list[str]:
        return list(ApprovalRule.objects.order_by("position").values_list("name", flat=True))

    actions.move_rule(third, up=True, by=people.admin)
    assert names() == ["Rule 1", "Rule 3", "Rule 2"]
    actions.move_rule(first, up=True, by=people.admin)
    actions.move_rule(second, up=False, by=people.admin)
    assert names() == ["Rule 1", "Rule 3", "Rule 2"]
    actions.remove_rule(first, by=people.admin)
    assert names() == ["Rule 3", "Rule 2"]
    with pytest.raises(ActionRefused) as refusal:
        rule(people, Decision.ONE, name="Rule 2")
    assert refusal.value.field == "name"
    with pytest.raises(ActionRefused) as refusal:
        rule(people, Decision.ONE, name="Odd", min_amount=5, max_amount=5)
    assert refusal.value.field == "max_amount"


def test_product_or_family_meets_the_product_condition(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    other = ProductFactory()
    rule(people, Decision.TWO, products=[people.product.pk], families=[ProductFactory().family_id])
    assert actions.submit(deal_in(Status.DRAFT), by=people.seller).decision_asked == Decision.TWO
    assert (
        actions.submit(deal_in(Status.DRAFT, product=other), by=people.seller).decision_asked == Decision.ONE
    )
