"""The verbs of a lead, and that a partner that has lost one sees nothing of it any more."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from partners.deals import actions as deals
from partners.deals.enums import DealOrigin, RegistrationStatus
from partners.directory.models import Customer
from partners.leads import actions, queries
from partners.leads.consumers import deals_withdrawn
from partners.leads.enums import TRANSITIONS, LeadOrigin, LeadStatus, OfferState
from partners.leads.models import Lead, LeadOffer, LeadPolicy, LeadRule
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.events.queries import timeline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import LeadFactory, PartnerFactory, VendorLeadFactory

pytestmark = pytest.mark.django_db
S = LeadStatus

TABLE = {
    "offer": ({"unassigned", "pool"}, "offered"),
    "put_in_pool": ({"unassigned"}, "pool"),
    "accept": ({"offered"}, "open"),
    "decline": ({"offered"}, "unassigned"),
    "move_on": ({"offered"}, "unassigned"),
    "pick": ({"pool"}, "open"),
    "take_back": ({"pool", "offered", "open"}, "unassigned"),
    "convert": ({"open"}, "converted"),
    "disqualify": ({"unassigned", "pool", "open"}, "disqualified"),
}


def lead_in(status: str, people: SimpleNamespace) -> Lead:
    """A lead of the vendor's in a status, at Alpha where a partner has it."""
    now = timezone.now()
    fields: dict = {"status": status}
    if status in (S.OFFERED, S.OPEN, S.CONVERTED):
        fields |= {"partner": people.alpha, "offered_at": now}
    if status == S.OFFERED:
        fields["answer_due_at"] = now + timedelta(days=2)
    if status == S.CONVERTED:
        fields |= {"closed_at": now, "deal": deals.create_draft(people.alpha, by=people.seller)}
    if status == S.POOL:
        fields["pooled_at"] = now
    lead = VendorLeadFactory(**fields)
    if status == S.OFFERED:
        LeadOffer.objects.create(
            lead=lead, partner=people.alpha, means="rule", offered_at=now, due_at=now + timedelta(days=2)
        )
    return lead


def act(verb: str, lead: Lead, people: SimpleNamespace) -> None:
    """The verb as someone who may."""
    calls = {
        "offer": lambda: actions.offer(lead, people.beta, by=people.admin),
        "put_in_pool": lambda: actions.put_in_pool(lead, by=people.admin),
        "accept": lambda: actions.accept(lead, by=people.admin),
        "decline": lambda: actions.decline(lead, by=people.admin, reason="Too far"),
        "move_on": lambda: actions.move_on_due(timezone.now() + timedelta(days=9)),
        "pick": lambda: actions.pick(lead.pk, by=people.seller),
        "take_back": lambda: actions.take_back(lead, by=people.admin),
        "convert": lambda: actions.convert(lead, by=people.admin),
        "disqualify": lambda: actions.disqualify(lead, by=people.admin, reason="Bankrupt"),
    }
    calls[verb]()


def test_the_table_is_the_one_agreed_on() -> None:
    assert {
        verb: ({str(s) for s in sources}, str(to)) for verb, (sources, to) in TRANSITIONS.items()
    } == TABLE


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("verb", list(TABLE))
def test_each_verb_goes_from_where_the_table_says_and_from_nowhere_else(
    verb: str, status: str, scoped: Tenant, people: SimpleNamespace
) -> None:
    lead = lead_in(status, people)
    sources, target = TABLE[verb]
    events = Event.objects.count()
    if status in sources:
        act(verb, lead, people)
        lead.refresh_from_db()
        assert lead.status == target
    elif verb == "move_on":
        act(verb, lead, people)
        lead.refresh_from_db()
        assert (lead.status, Event.objects.count()) == (status, events)
    else:
        with pytest.raises(ActionRefused), transaction.atomic():
            act(verb, lead, people)
        lead.refresh_from_db()
        assert (lead.status, Event.objects.count()) == (status, events)


WHO_MAY = {
    "offer": {"manager", "colleague", "admin"},
    "put_in_pool": {"manager", "colleague", "admin"},
    "accept": {"seller", "manager", "admin"},
    "decline": {"seller", "manager", "admin"},
    "take_back": {"manager", "admin"},
    "convert": {"seller", "manager", "admin"},
    "disqualify": {"seller", "manager", "admin"},
}


@pytest.mark.parametrize("who", ["seller", "rival", "manager", "colleague", "admin"])
@pytest.mark.parametrize("verb", list(WHO_MAY))
def test_each_verb_is_for_those_who_may_and_refused_to_the_others(
    verb: str, who: str, scoped: Tenant, people: SimpleNamespace
) -> None:
    free = PartnerFactory(name="Free")
    by: Membership = getattr(people, who)
    status = {"offer": S.UNASSIGNED, "put_in_pool": S.UNASSIGNED, "accept": S.OFFERED, "decline": S.OFFERED}
    lead = lead_in(status.get(verb, S.OPEN), people)
    calls = {
        "offer": lambda: actions.offer(lead, free, by=by),
        "put_in_pool": lambda: actions.put_in_pool(lead, by=by),
        "accept": lambda: actions.accept(lead, by=by),
        "decline": lambda: actions.decline(lead, by=by, reason="Too far"),
        "take_back": lambda: actions.take_back(lead, by=by),
        "convert": lambda: actions.convert(lead, by=by),
        "disqualify": lambda: actions.disqualify(lead, by=by, reason="Bankrupt"),
    }
    if who in WHO_MAY[verb]:
        calls[verb]()
    else:
        with pytest.raises(PermissionDenied):
            calls[verb]()


def test_a_manager_gives_leads_to_the_own_portfolio_and_to_partners_without_a_manager(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    free = PartnerFactory(name="Free")
    assert [p.name for p in queries.assignable_partners(people.manager)] == ["Alpha", "Beta", "Free"]
    assert [p.name for p in queries.assignable_partners(people.colleague)] == ["Free"]
    with pytest.raises(PermissionDenied):
        actions.offer(lead_in(S.UNASSIGNED, people), people.alpha, by=people.colleague)
    actions.offer(lead_in(S.UNASSIGNED, people), free, by=people.colleague)


def test_a_partners_own_lead_is_its_own_and_qualified_without_criteria(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    token = uuid7()
    with tenant_scope(tenant.pk, people.alpha.pk):
        for _time in range(2):
            lead = actions.submit_lead(
                people.alpha, by=people.seller, lead_id=token, company="Acme BV", email="j@acme.example"
            )
        assert (lead.status, lead.origin, lead.qualified) == (S.OPEN, LeadOrigin.OWN, True)
        assert Lead.objects.count() == 1
        assert [event.type for event in timeline(lead)] == ["lead.created"]
    with tenant_scope(tenant.pk, people.beta.pk):
        assert not Lead.objects.exists()


def test_who_declines_a_lead_sees_nothing_of_it_and_the_next_learns_nothing_of_the_first(
    tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    with tenant_scope(tenant.pk):
        lead = actions.enter_lead(by=people.manager, company="Acme BV", email="j@acme.example", country="NL")
        first, second = (people.seller, people.rival)
        if lead.partner_id == people.beta.pk:
            first, second = second, first
        assert lead.status == S.OFFERED
    with tenant_scope(tenant.pk, second.partner_id):
        assert not queries.visible_leads(second).exists()
    with tenant_scope(tenant.pk, first.partner_id):
        actions.decline(queries.visible_leads(first).get(), by=first, reason="Secret grounds")
        assert not Lead.objects.exists()
        assert {event.type for event in Event.objects.all()} == {"lead.offered", "lead.declined"}
        assert not any("Acme" in str(event.data) for event in Event.objects.all())
    with tenant_scope(tenant.pk, second.partner_id):
        lead = queries.visible_leads(second).get()
        assert (lead.status, lead.notes) == (S.OFFERED, "")
        assert [event.type for event in timeline(lead)] == ["lead.offered"]
        assert "Secret grounds" not in str([event.data for event in Event.objects.all()])
        assert [offer.partner_id for offer in LeadOffer.objects.all()] == [second.partner_id]
        actions.accept(lead, by=second)
    with tenant_scope(tenant.pk):
        states = list(LeadOffer.objects.order_by("offered_at").values_list("partner_id", "state"))
        assert states == [(first.partner_id, OfferState.DECLINED), (second.partner_id, OfferState.ACCEPTED)]


def test_what_is_not_answered_in_time_moves_on_once_and_after_the_last_goes_to_the_pool(
    tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    with tenant_scope(tenant.pk):
        LeadPolicy.objects.create(answer_within=4, answer_unit="hours", max_offers=2)
        with time_machine.travel("2026-11-02 09:00Z", tick=False):
            lead = actions.enter_lead(by=people.admin, company="Acme BV", phone="1")
            first = lead.partner_id
            assert lead.answer_due_at.isoformat() == "2026-11-02T13:00:00+00:00"
        with time_machine.travel("2026-11-02 12:59Z", tick=False):
            assert actions.move_on_due(timezone.now()) == 0
        with time_machine.travel("2026-11-02 13:00Z", tick=False):
            assert actions.move_on_due(timezone.now()) == 1
            assert actions.move_on_due(timezone.now()) == 0
            lead.refresh_from_db()
            assert lead.status == S.OFFERED
            assert {first, lead.partner_id} == {people.alpha.pk, people.beta.pk}
        with time_machine.travel("2026-11-02 18:00Z", tick=False):
            assert actions.move_on_due(timezone.now()) == 1
            lead.refresh_from_db()
            assert (lead.status, lead.partner_id) == (S.POOL, None)
        types = list(timeline(lead).values_list("type", flat=True))[::-1]
        assert types == [
            "lead.created",
            "lead.offered",
            "lead.moved_on",
            "lead.offered",
            "lead.moved_on",
            "lead.pooled",
        ]
        # Who has had it does not get it from the pool either.
        assert queries.pickable(people.seller) == queries.pickable(people.rival) == []
        with pytest.raises(ActionRefused):
            actions.pick(lead.pk, by=people.seller)


def test_an_answer_after_the_time_is_refused(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        lead = lead_in(S.OFFERED, people)
        Lead.objects.update(answer_due_at=timezone.now() - timedelta(minutes=1))
    with tenant_scope(tenant.pk, people.alpha.pk), pytest.raises(ActionRefused, match="time to answer"):
        actions.accept(lead, by=people.seller)


def test_a_picked_lead_is_gone_from_the_pool_and_was_only_a_teaser_before(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    with tenant_scope(tenant.pk):
        lead = VendorLeadFactory(company="Acme BV", industry="retail", region="North", budget=5_000_00)
        elsewhere = VendorLeadFactory(region="South")
        actions.put_in_pool(lead, by=people.admin)
        actions.put_in_pool(elsewhere, by=people.admin)
    with tenant_scope(tenant.pk, people.alpha.pk):
        assert not Lead.objects.exists()
        (teaser,) = queries.pickable(people.seller)
        assert (teaser.pk, teaser.industry, teaser.budget) == (lead.pk, "retail", 5_000_00)
        assert "Acme" not in str(teaser)
        actions.pick(lead.pk, by=people.seller)
        mine = Lead.objects.get()
        assert (mine.pk, mine.status, mine.owner_id) == (lead.pk, S.OPEN, people.seller.pk)
        with pytest.raises(ActionRefused, match="no longer in the pool"):
            actions.pick(elsewhere.pk, by=people.seller)
    with tenant_scope(tenant.pk, people.beta.pk):
        assert queries.pickable(people.rival) == []


def test_a_lead_taken_back_takes_the_partners_notes_with_it(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        lead = lead_in(S.OPEN, people)
    with tenant_scope(tenant.pk, people.alpha.pk):
        actions.update_lead(lead, by=people.seller, notes="They hate Beta")
        with pytest.raises(ActionRefused, match="vendor keeps"):
            actions.update_lead(lead, by=people.seller, company="Other")
    with tenant_scope(tenant.pk):
        actions.take_back(lead, by=people.manager)
        actions.offer(lead, people.beta, by=people.manager)
    with tenant_scope(tenant.pk, people.beta.pk):
        assert Lead.objects.get().notes == ""
        assert "hate" not in str([event.data for event in Event.objects.all()])
    with tenant_scope(tenant.pk, people.alpha.pk):
        assert not Lead.objects.exists()


def test_an_own_lead_becomes_a_registration_with_all_that_it_said(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    with tenant_scope(tenant.pk, people.alpha.pk):
        lead = actions.submit_lead(
            people.alpha,
            by=people.seller,
            company="Acme BV",
            domain="www.acme.example",
            country="NL",
            industry="Retail",
            employees=40,
            person="Jane Doe",
            email="jane@acme.example",
            product=people.product,
            budget=12_000_00,
            need="A faster network",
            source="Trade fair",
            channel="paid",
        )
        lead = actions.convert(lead, by=people.seller)
        deal = lead.deal
        assert (lead.status, deal.status, deal.origin) == (
            S.CONVERTED,
            RegistrationStatus.DRAFT,
            DealOrigin.REGISTERED,
        )
        assert (deal.amount, deal.product_id, deal.source, deal.channel) == (
            12_000_00,
            people.product.pk,
            "Trade fair",
            "paid",
        )
        assert "A faster network" in deal.notes
        assert "Jane Doe · jane@acme.example" in deal.notes
        customer = Customer.objects.get(pk=deal.customer_id)
        assert (customer.name, customer.domain, customer.country) == ("Acme BV", "acme.example", "NL")
        assert (customer.industry, customer.employees) == ("Retail", 40)
        with pytest.raises(ActionRefused, match="cannot become a deal"):
            actions.convert(lead, by=people.seller)


def test_a_vendors_lead_becomes_a_deal_without_registration(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk):
        lead = lead_in(S.OPEN, people)
    with tenant_scope(tenant.pk, people.alpha.pk):
        deal = actions.convert(lead, by=people.seller, product=people.product, amount=900_00).deal
        assert (deal.origin, deal.status, deal.is_live) == (DealOrigin.DISTRIBUTED, "", True)
        won = deals.win(deal, by=people.seller, revenue=800_00, won_on=timezone.localdate())
        assert won.stage == "won"


def test_a_withdrawn_registration_gives_its_lead_back_once(tenant: Tenant, people: SimpleNamespace) -> None:
    with tenant_scope(tenant.pk, people.alpha.pk):
        lead = actions.convert(LeadFactory(partner=people.alpha), by=people.seller)
        deals.withdraw(lead.deal, by=people.seller)
    with tenant_scope(tenant.pk):
        event = Event.objects.get(type="deal.withdrawn")
        for _time in range(2):
            deals_withdrawn([event])
        lead.refresh_from_db()
        assert (lead.status, lead.deal_id, lead.closed_at) == (S.OPEN, None, None)
        assert Event.objects.filter(type="lead.conversion_undone").count() == 1


def test_what_was_disqualified_can_be_taken_up_again(scoped: Tenant, people: SimpleNamespace) -> None:
    lead = actions.disqualify(lead_in(S.OPEN, people), by=people.seller, reason="No budget")
    assert (lead.status, lead.closing_reason) == (S.DISQUALIFIED, "No budget")
    lead = actions.reopen(lead, by=people.seller)
    assert (lead.status, lead.partner_id, lead.closing_reason) == (S.OPEN, people.alpha.pk, "")
    with pytest.raises(ActionRefused, match="Say why"):
        actions.disqualify(lead, by=people.seller, reason="  ")


def test_nobody_decides_on_what_they_have_not_seen(scoped: Tenant, people: SimpleNamespace) -> None:
    lead = lead_in(S.OPEN, people)
    actions.update_lead(lead, by=people.admin, company="Renamed")
    with pytest.raises(ActionRefused, match="Someone changed this lead"):
        actions.disqualify(lead, by=people.admin, reason="Gone", version=1)


def test_the_database_keeps_one_offer_open_and_each_status_with_its_holder(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    lead = lead_in(S.OFFERED, people)
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadOffer.objects.create(lead=lead, partner=people.beta, means="hand", offered_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        VendorLeadFactory(status=S.OPEN)
    with pytest.raises(IntegrityError), transaction.atomic():
        VendorLeadFactory(partner=people.alpha)
