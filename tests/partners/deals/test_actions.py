"""The verbs of a deal: who, from where, what is written and what is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from partners.deals import actions
from partners.deals.enums import OPEN_STAGES, TRANSITIONS, DealOrigin, SalesStage
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal, Holiday
from partners.deals.workdays import add_business_days, today
from partners.directory.enums import PartnerStatus
from portal.accounts.models import Membership
from portal.accounts.standing import ReadingOnly
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.events.queries import timeline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, ProductFactory

MakeDeal = Callable[..., Deal]

CALLS: dict[str, Callable[[Deal, Membership], Deal]] = {
    "submit": lambda deal, by: actions.submit(deal, by=by),
    "start_review": lambda deal, by: actions.start_review(deal, by=by),
    "approve": lambda deal, by: actions.approve(deal, by=by),
    "return": lambda deal, by: actions.return_for_changes(deal, by=by, reason="Which site?"),
    "reject": lambda deal, by: actions.reject(deal, by=by, reason="A direct account"),
    "withdraw": lambda deal, by: actions.withdraw(deal, by=by),
    "win": lambda deal, by: actions.win(deal, by=by, revenue=500_00, won_on=today(by.tenant)),
    "lose": lambda deal, by: actions.lose(deal, by=by, reason="Price", competitor="Initech"),
    "cancel": lambda deal, by: actions.cancel(deal, by=by, reason="Not pursued"),
    "reverse": lambda deal, by: actions.reverse(deal, Status.LOST, by=by, reason="Returned goods"),
}
PARTNER_VERBS = {"submit", "withdraw", "win", "lose"}
EVENTS = {
    "submit": "deal.submitted",
    "start_review": "deal.review_started",
    "approve": "deal.approved",
    "return": "deal.returned",
    "reject": "deal.rejected",
    "withdraw": "deal.withdrawn",
    "win": "deal.won",
    "lose": "deal.lost",
    "cancel": "deal.cancelled",
    "reverse": "deal.reversed",
}
TABLE = TRANSITIONS | {"reverse": (frozenset({Status.WON}), Status.LOST)}
MAY = {
    **{key: {"seller", "owner", "manager", "admin"} for key in PARTNER_VERBS},
    **{key: {"manager", "admin"} for key in ["start_review", "approve", "return", "reject", "cancel"]},
    "reverse": {"admin"},
}
PERSONAS = ("seller", "owner", "stranger", "manager", "colleague", "admin")


def test_the_table_is_the_programme_s() -> None:
    """Written out once more, so that a change of the table has to be meant."""
    assert {verb: ({str(s) for s in sources}, str(to)) for verb, (sources, to) in TRANSITIONS.items()} == {
        "submit": ({"draft", "returned"}, "submitted"),
        "start_review": ({"submitted"}, "in_review"),
        "approve": ({"submitted", "in_review"}, "approved"),
        "return": ({"submitted", "in_review"}, "returned"),
        "reject": ({"submitted", "in_review"}, "rejected"),
        "withdraw": ({"draft", "submitted", "in_review", "returned"}, "withdrawn"),
        "win": ({"approved"}, "won"),
        "lose": ({"approved"}, "lost"),
        "expire": ({"approved"}, "expired"),
        "cancel": ({"approved"}, "cancelled"),
        "extend": ({"approved"}, "approved"),
        "grant_appeal": ({"rejected"}, "approved"),
    }


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("verb", CALLS)
def test_each_verb_from_each_status_for_each_role(
    verb: str, persona: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    by = getattr(people, persona)
    sources, target = TABLE[verb]
    for status in Status:
        deal = deal_in(status)
        before = Event.objects.count()
        if persona not in MAY[verb]:
            with pytest.raises(PermissionDenied):
                CALLS[verb](deal, by)
        elif status not in sources:
            with pytest.raises(ActionRefused):
                CALLS[verb](deal, by)
        else:
            CALLS[verb](deal, by)
            deal.refresh_from_db()
            event = timeline(deal)[0]
            assert (deal.status, deal.version, event.type, event.actor_id, event.partner_id) == (
                target,
                2,
                EVENTS[verb],
                by.pk,
                people.partner.pk,
            )
            assert event.data["old"]["status"] == status
            assert event.data["new"]["status"] == target
            continue
        deal.refresh_from_db()
        assert (deal.status, deal.version) == (status, 1)
        assert Event.objects.count() == before


def test_a_manager_decides_for_partners_without_one_but_does_not_act_for_them(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    unmanaged = PartnerFactory(manager=None)
    deal = deal_in(Status.SUBMITTED, partner=unmanaged)
    assert actions.approve(deal, by=people.colleague).status == Status.APPROVED
    with pytest.raises(PermissionDenied):
        actions.lose(deal, by=people.colleague, reason="Price")


def test_someone_whose_access_ended_may_nothing(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    people.manager.is_active = False
    with pytest.raises(PermissionDenied):
        actions.approve(deal_in(Status.SUBMITTED), by=people.manager)


# --- drafting and submitting -------------------------------------------------------------------


def test_a_partner_registers_a_deal_in_its_own_session(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner, name="Initech")
    with tenant_scope(tenant.pk, people.partner.pk):
        deal = actions.register(
            people.partner,
            by=people.seller,
            customer=customer,
            product=people.product,
            amount=1_250_00,
            expected_close=today(tenant) + timedelta(days=30),
        )
        deal.refresh_from_db()
    assert (deal.status, deal.title, deal.amount_base) == ("submitted", "Initech – Router 9000", 1_250_00)
    assert deal.family_id == people.product.family_id
    assert (deal.owner_id, deal.engaged_on) == (people.seller.pk, today(tenant))
    assert deal.number.startswith(f"DR-{today(tenant).year}-")


def test_the_same_form_twice_makes_one_deal(scoped: Tenant, people: SimpleNamespace) -> None:
    token = DealFactory.build(partner=people.partner, customer=None, product=None).pk
    first = actions.create_draft(people.partner, by=people.seller, deal_id=token, notes="first")
    second = actions.create_draft(people.partner, by=people.seller, deal_id=token, notes="second")
    assert first.pk == second.pk
    assert [deal.notes for deal in Deal.objects.all()] == ["first"]
    assert timeline(first).count() == 1


@pytest.mark.parametrize("field", ["customer", "product", "amount", "expected_close"])
def test_an_incomplete_registration_is_refused_at_the_field(
    field: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.DRAFT, **{field: None})
    with pytest.raises(ActionRefused) as refusal:
        actions.submit(deal, by=people.seller)
    assert (refusal.value.field, refusal.value.code) == (field, "incomplete")


def test_no_order_is_expected_on_a_day_that_has_passed(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    day = today(scoped)
    deal = deal_in(Status.RETURNED, expected_close=day - timedelta(days=1))
    with pytest.raises(ActionRefused, match="has passed") as refusal:
        actions.submit(deal, by=people.seller)
    assert (refusal.value.field, refusal.value.code) == ("expected_close", "passed")
    deal = actions.update_deal(deal, by=people.seller, expected_close=day)
    assert actions.submit(deal, by=people.seller).status == Status.SUBMITTED


def test_below_the_minimum_the_refusal_says_which_limit(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    actions.change_policy(by=people.admin, minimum_amount=2_000_00)
    with pytest.raises(ActionRefused, match="2,000"):
        actions.submit(deal_in(Status.DRAFT, amount=1_999_99), by=people.seller)
    assert actions.submit(deal_in(Status.DRAFT, amount=2_000_00), by=people.seller).status == Status.SUBMITTED


def test_three_resubmissions_and_no_more(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    deal = actions.submit(deal_in(Status.DRAFT), by=people.seller)
    for count in (1, 2, 3):
        deal = actions.return_for_changes(deal, by=people.manager, reason="Which site?")
        deal = actions.submit(deal, by=people.seller)
        assert deal.resubmissions == count
    deal = actions.return_for_changes(deal, by=people.manager, reason="Which site?")
    with pytest.raises(ActionRefused, match="3 times"):
        actions.submit(deal, by=people.seller)


@pytest.mark.parametrize("status", [PartnerStatus.SUSPENDED, PartnerStatus.TERMINATED])
def test_a_partner_that_is_suspended_reads_and_does_not_write(
    status: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    draft, approved = deal_in(Status.DRAFT), deal_in(Status.APPROVED)
    people.partner.status = status
    people.partner.save()
    writes: list[Callable[[], Any]] = [
        lambda: actions.create_draft(people.partner, by=people.seller),
        lambda: actions.update_deal(draft, by=people.seller, notes="x"),
        lambda: actions.submit(draft, by=people.seller),
        lambda: actions.move_stage(approved, SalesStage.PROPOSAL, by=people.seller),
        lambda: actions.win(approved, by=people.seller, revenue=1, won_on=today(scoped)),
        lambda: actions.lose(approved, by=people.seller, reason="x"),
    ]
    for write in writes:
        # By whoever it is: the seller only reads now, and the manager is told why nobody writes.
        with pytest.raises(ReadingOnly):
            write()
    with pytest.raises(ActionRefused) as refusal:
        actions.create_draft(people.partner, by=people.manager)
    assert refusal.value.code == "partner_status"
    assert actions.cancel(approved, by=people.manager, reason="Suspended").status == Status.CANCELLED


def test_a_returned_deal_can_be_completed_and_the_change_is_kept(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.RETURNED)
    other = ProductFactory()
    deal = actions.update_deal(deal, by=people.seller, version=1, product=other, amount=77_00)
    assert (deal.family, deal.amount_base, deal.version) == (other.family, 77_00, 2)
    data = timeline(deal)[0].data
    assert (data["old"]["amount"], data["new"]["amount"]) == (1_000_00, 77_00)
    assert data["new"]["family_id"] == str(other.family_id)


def test_an_approved_deal_keeps_its_customer_but_not_its_forecast(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.APPROVED)
    assert actions.update_deal(deal, by=people.seller, amount=5_00).amount_base == 5_00
    with pytest.raises(ActionRefused):
        actions.update_deal(deal, by=people.seller, customer=CustomerFactory())
    with pytest.raises(ActionRefused):
        actions.update_deal(deal_in(Status.SUBMITTED), by=people.seller, amount=5_00)


def test_changing_nothing_writes_nothing(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    deal = deal_in(Status.DRAFT)
    actions.update_deal(deal, by=people.seller, amount=deal.amount, notes=deal.notes)
    deal.refresh_from_db()
    assert (deal.version, timeline(deal).count()) == (1, 0)


# --- stale pages -------------------------------------------------------------------------------


def test_a_page_that_is_out_of_date_decides_nothing(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.SUBMITTED)
    actions.start_review(deal, by=people.manager, version=1)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(deal, by=people.admin, version=1)
    assert refusal.value.code == "stale"


def test_the_same_decision_twice_says_that_it_is_done(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.SUBMITTED)
    actions.approve(deal, by=people.manager, version=1)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(deal, by=people.manager, version=1)
    assert refusal.value.code == "done"
    assert timeline(deal).count() == 1


# --- protection --------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [30, 60, 90, 120, 180])
def test_protection_runs_from_approval(
    days: int, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    actions.change_policy(by=people.admin, protection_days=days)
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        deal = actions.approve(deal_in(Status.SUBMITTED), by=people.manager)
    deal.refresh_from_db()
    assert deal.protection.upper - deal.protection.lower == timedelta(days=days)
    assert deal.protection.lower == deal.decided_at


def test_a_second_holder_is_refused_with_whom(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory()
    holder = actions.approve(deal_in(Status.SUBMITTED, customer=customer), by=people.manager)
    rival = deal_in(Status.SUBMITTED, partner=people.other_partner, customer=customer)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(rival, by=people.manager)
    assert refusal.value.code == "held"
    assert f"{holder.number} of Northwind" in str(refusal.value)
    another_family = deal_in(
        Status.SUBMITTED, partner=people.other_partner, customer=customer, product=ProductFactory()
    )
    assert actions.approve(another_family, by=people.manager).status == Status.APPROVED
    actions.cancel(holder, by=people.manager, reason="Not pursued")
    assert actions.approve(rival, by=people.manager).status == Status.APPROVED


def test_protection_that_has_ended_does_not_bar_another_even_before_the_sweep(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory()
    with time_machine.travel("2026-01-01T10:00:00Z", tick=False):
        holder = actions.approve(deal_in(Status.SUBMITTED, customer=customer), by=people.manager)
    with time_machine.travel("2026-04-01T10:00:00Z", tick=False):
        rival = actions.approve(
            deal_in(Status.SUBMITTED, partner=people.other_partner, customer=customer), by=people.manager
        )
        assert rival.status == Status.APPROVED
        assert actions.expire_due(timezone.now()) == 1
        assert actions.expire_due(timezone.now()) == 0
    holder.refresh_from_db()
    assert holder.status == Status.EXPIRED
    event = timeline(holder)[0]
    assert (event.type, event.actor_id, event.partner_id) == ("deal.expired", None, people.partner.pk)


def test_a_win_that_is_reversed_does_not_take_a_customer_from_the_next_holder(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory()
    first = actions.approve(deal_in(Status.SUBMITTED, customer=customer), by=people.manager)
    first = actions.win(first, by=people.seller, revenue=1_00, won_on=today(scoped))
    actions.approve(
        deal_in(Status.SUBMITTED, partner=people.other_partner, customer=customer), by=people.manager
    )
    with pytest.raises(ActionRefused) as refusal:
        actions.reverse(first, Status.APPROVED, by=people.admin, reason="Order withdrawn")
    assert refusal.value.code == "held"
    first = actions.reverse(first, Status.LOST, by=people.admin, reason="Order withdrawn")
    assert (first.status, first.stage, first.revenue, first.revenue_base) == ("lost", "lost", None, None)
    assert timeline(first)[0].data["old"]["revenue_base"] == 1_00


# --- outcome -----------------------------------------------------------------------------------


def test_a_win_is_not_reported_for_tomorrow_nor_for_before_the_deal_began(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    day = today(scoped)
    deal = deal_in(Status.APPROVED, engaged_on=day - timedelta(days=5))
    for wrong in (day + timedelta(days=1), day - timedelta(days=6)):
        with pytest.raises(ActionRefused) as refusal:
            actions.win(deal, by=people.seller, revenue=1_00, won_on=wrong)
        assert refusal.value.field == "won_on"
    with pytest.raises(ActionRefused) as refusal:
        actions.win(deal, by=people.seller, revenue=0, won_on=day)
    assert refusal.value.field == "revenue"
    deal = actions.win(deal, by=people.seller, revenue=1_00, won_on=day - timedelta(days=5))
    assert (deal.stage, deal.closed_on, deal.revenue_base) == ("won", day - timedelta(days=5), 1_00)


def test_tomorrow_is_counted_in_the_tenant_s_time_zone(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    scoped.time_zone = "Pacific/Auckland"
    scoped.save()
    people.seller.refresh_from_db()
    with time_machine.travel("2026-06-30T20:00:00Z", tick=False):
        deal = deal_in(Status.APPROVED)
        deal = actions.win(
            deal, by=people.seller, revenue=1_00, won_on=timezone.now().date() + timedelta(days=1)
        )
    assert deal.closed_on.isoformat() == "2026-07-01"


def test_revenue_is_kept_in_the_tenant_s_currency_at_the_deal_s_rate(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.APPROVED, currency="USD", rate="0.9155")
    deal = actions.win(deal, by=people.seller, revenue=1_000_01, won_on=today(scoped))
    assert (deal.revenue, deal.revenue_base) == (1_000_01, 915_51)


def test_an_imported_deal_lives_by_its_stage_alone(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in("", origin=DealOrigin.IMPORTED, customer=None)
    for stage in OPEN_STAGES[1:]:
        deal = actions.move_stage(deal, stage, by=people.seller)
        assert (deal.stage, deal.status) == (stage, "")
    for verb in ("submit", "approve", "withdraw", "cancel"):
        with pytest.raises(ActionRefused):
            CALLS[verb](deal, people.admin)
    with pytest.raises(ActionRefused) as refusal:
        actions.win(deal, by=people.seller, revenue=1_00, won_on=today(scoped))
    assert refusal.value.field == "customer"
    customer = CustomerFactory()
    deal = actions.win(deal, by=people.seller, revenue=1_00, won_on=today(scoped), customer=customer)
    assert (deal.status, deal.stage, deal.customer_id) == ("", "won", customer.pk)
    with pytest.raises(ActionRefused):
        actions.lose(deal, by=people.seller, reason="Price")
    deal = actions.reverse(deal, Status.APPROVED, by=people.admin, reason="Typed wrong")
    assert (deal.status, deal.stage, deal.closed_on) == ("", "negotiation", None)


def test_another_customer_is_another_deal(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    with pytest.raises(ActionRefused) as refusal:
        actions.win(
            deal_in(Status.APPROVED),
            by=people.seller,
            revenue=1_00,
            won_on=today(scoped),
            customer=CustomerFactory(),
        )
    assert refusal.value.field == "customer"


@pytest.mark.parametrize("stage", [SalesStage.WON, SalesStage.LOST])
def test_a_stage_does_not_close_a_deal(
    stage: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with pytest.raises(ActionRefused):
        actions.move_stage(deal_in(Status.APPROVED), SalesStage(stage), by=people.seller)


def test_where_wins_are_confirmed_the_partner_s_report_is_a_claim(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    actions.change_policy(by=people.admin, confirm_wins=True)
    deal = deal_in(Status.APPROVED)
    deal = actions.win(deal, by=people.seller, revenue=4_00, won_on=today(scoped))
    assert (deal.status, deal.stage, deal.revenue) == ("approved", "prospecting", None)
    assert timeline(deal)[0].type == "deal.win_reported"
    with pytest.raises(PermissionDenied):
        actions.confirm_win(deal, by=people.seller)
    deal = actions.decline_win(deal, by=people.manager, reason="No order yet")
    with pytest.raises(ActionRefused):
        actions.confirm_win(deal, by=people.manager)
    deal = actions.win(deal, by=people.seller, revenue=5_00, won_on=today(scoped))
    with time_machine.travel(timezone.now() + timedelta(days=365)):
        assert actions.expire_due(timezone.now()) == 0
    deal = actions.confirm_win(deal, by=people.manager)
    assert (deal.status, deal.stage, deal.revenue, deal.win_claim) == ("won", "won", 5_00, None)


@pytest.mark.parametrize("verb", ["return_for_changes", "reject"])
def test_a_decision_against_the_partner_needs_words(
    verb: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        getattr(actions, verb)(deal_in(Status.SUBMITTED), by=people.manager, reason="  ")
    assert refusal.value.field == "reason"


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-16T10:00", 2, "2026-11-18T10:00"),  # Monday
        ("2026-11-19T10:00", 2, "2026-11-23T10:00"),  # Thursday, over the weekend
        ("2026-11-21T15:00", 2, "2026-11-25T00:00"),  # Saturday counts from Monday on
        ("2026-11-20T10:00", 0, "2026-11-20T10:00"),
        ("2026-12-23T10:00", 2, "2026-12-28T10:00"),  # the holiday and the weekend after it
        ("2026-12-25T10:00", 1, "2026-12-29T00:00"),  # on the holiday itself: from Monday on
    ],
)
def test_business_days(start: str, days: int, due: str, scoped: Tenant) -> None:
    tenant = scoped
    Holiday.objects.create(day=date(2026, 12, 25), name="Christmas")
    moment = timezone.datetime.fromisoformat(start + "+00:00")
    assert add_business_days(moment, days, tenant) == timezone.datetime.fromisoformat(due + "+00:00")
