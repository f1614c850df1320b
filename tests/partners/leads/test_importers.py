"""Leads from files."""

import pytest

from partners.leads.models import Lead, LeadCriteria, LeadRule
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory
from tests.importing import Importer

pytestmark = pytest.mark.django_db
FILE = """lead id,partner,company,contact,email,country,budget,lead source,channel,created
1,,Acme BV,Jane Doe,jane@acme.example,NL,12000,Website,owned,2026-10-02
2,Alpha,Beta BV,John Roe,john@beta.example,NL,500,Fair,paid,2026-10-02
"""


def test_the_vendors_leads_are_distributed_and_a_partners_stay_its_own(
    importer: Importer, scoped: Tenant
) -> None:
    alpha = PartnerFactory(name="Alpha")
    LeadRule.objects.create(name="All", position=1)
    LeadCriteria.objects.create(kind="sales", min_budget=1_000_00)
    run = importer.run("leads", FILE)
    assert run.result["created"] == 2
    acme, beta = Lead.objects.order_by("external_id")
    assert (acme.origin, acme.status, acme.partner_id) == ("vendor", "offered", alpha.pk)
    assert (beta.origin, beta.status, beta.partner_id) == ("own", "open", alpha.pk)
    assert (acme.qualified, beta.qualified) == (True, False)
    assert (acme.budget, acme.channel, beta.channel) == (12_000_00, "owned", "paid")
    assert (beta.submitted_at.date().isoformat(), acme.submitted_at) == ("2026-10-02", None)
    assert beta.number.startswith("L-")
    events = Event.objects.filter(type="leads.imported").order_by("partner_id")
    assert {event.partner_id for event in events} == {None, alpha.pk}


def test_the_same_file_again_changes_nothing_and_a_changed_one_not_whose_it_is(
    importer: Importer, scoped: Tenant
) -> None:
    PartnerFactory(name="Alpha")
    PartnerFactory(name="Gamma")
    importer.run("leads", FILE)
    again = importer.check("leads", FILE)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)
    Lead.objects.filter(external_id="1").update(status="disqualified")
    changed = FILE.replace("2,Alpha", "2,Gamma").replace("12000", "13000").replace("500", "700")
    importer.run("leads", changed)
    acme, beta = Lead.objects.order_by("external_id")
    assert (acme.budget, beta.budget, beta.partner.name) == (12_000_00, 700_00, "Alpha")
    assert beta.origin == "own"


def test_a_row_that_names_nobody_is_refused(importer: Importer, scoped: Tenant) -> None:
    run = importer.check("leads", "lead id,company,contact,email\n1,,,a@b.example\n")
    assert run.counts["refuse"] == 1
