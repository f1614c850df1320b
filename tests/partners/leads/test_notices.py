"""Who is told what about leads, and that no notice keeps what its reader may no longer see."""

from types import SimpleNamespace

import pytest

from partners.leads import actions, notices
from partners.leads.models import LeadRule
from partners.leads.search import leads
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.models import Notification
from portal.shell.notices import Notice, kind_of
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

pytestmark = pytest.mark.django_db


def told(kind: str, *types: str) -> list[Notice]:
    return list(kind_of(kind).tell(list(Event.objects.filter(type__in=types).order_by("pk"))))


def test_an_offer_is_told_to_its_partner_without_naming_the_company(
    scoped: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    lead = actions.enter_lead(by=people.admin, company="Secret Co", person="Jane", phone="1")
    (notice,) = told("leads.offered", "lead.offered")
    holder = people.seller if lead.partner_id == people.alpha.pk else people.rival
    assert list(notice.members) == [holder.pk]
    assert "Secret" not in str(notice.words)
    assert lead.number in notices.offered_text(notice.words)
    actions.decline(lead, by=people.admin, reason="Too far")
    # Of the two offers the first is no longer worth telling.
    assert [n.event.partner_id for n in told("leads.offered", "lead.offered")] == [
        people.beta.pk if lead.partner_id == people.alpha.pk else people.alpha.pk
    ]
    dispatch_pending(scoped.pk)
    assert not any("Secret" in str(n.words) for n in Notification.objects.filter(kind="leads.offered"))


def test_managers_hear_of_answers_and_of_what_waits(scoped: Tenant, people: SimpleNamespace) -> None:
    lead = actions.enter_lead(by=people.admin, company="Acme", phone="1")
    (waits,) = told("leads.waiting", "lead.held")
    assert {people.manager.pk, people.colleague.pk, people.admin.pk} == set(waits.members)
    actions.offer(lead, people.alpha, by=people.manager)
    actions.accept(lead, by=people.seller)
    (answer,) = told("leads.answered", "lead.accepted")
    assert list(answer.members) == [people.manager.pk]
    assert notices.answered_text(answer.words) == "Alpha has accepted the lead Acme"


def test_leads_are_found_by_those_who_may_see_them(
    tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    with tenant_scope(tenant.pk):
        lead = actions.enter_lead(by=people.admin, company="Blue Whale Ltd", phone="1")
    dispatch_pending(tenant.pk)
    first, second = (people.seller, people.rival)
    if lead.partner_id == people.beta.pk:
        first, second = second, first
    with tenant_scope(tenant.pk):
        assert [hit.title for hit in leads(people.manager, "whale")] == ["Blue Whale Ltd"]
    with tenant_scope(tenant.pk, first.partner_id):
        assert [hit.exact for hit in leads(first, lead.number)] == [True]
    with tenant_scope(tenant.pk, second.partner_id):
        assert leads(second, "whale") == leads(second, lead.number) == []
