"""Which partner gets a lead: worked out by hand."""

from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from incentives.tiers.models import Tier, TierAssignment
from partners.leads import actions
from partners.leads.distribution import Roster, place, preview
from partners.leads.enums import LeadStatus, RuleOutcome
from partners.leads.models import Lead, LeadPolicy, LeadRule
from partners.leads.queries import rules
from portal.tenancy.models import Tenant
from tests.factories import (
    LeadFactory,
    PartnerFactory,
    ProductFactory,
    ProductFamilyFactory,
    VendorLeadFactory,
)

pytestmark = pytest.mark.django_db


def rule(position: int, **fields: object) -> LeadRule:
    return LeadRule.objects.create(name=f"Rule {position}", position=position, **fields)


def enter(people: SimpleNamespace, **fields: object) -> Lead:
    return actions.enter_lead(by=people.admin, **{"company": "Acme", "phone": "1", **fields})


def test_the_first_rule_that_a_lead_meets_says_where_it_goes(scoped: Tenant, people: SimpleNamespace) -> None:
    family = ProductFamilyFactory(name="Cloud")
    rule(1, countries=["DE"], outcome="hold")
    rule(2, families=[family.pk], outcome="pool")
    rule(3, industries=["retail"], min_budget=1_000_00, same_country=True)
    rule(4, is_active=False)
    german = enter(people, country="DE", family=family)
    cloud = enter(people, country="NL", family=family)
    shop = enter(people, country="NL", industry="Retail", budget=1_000_00)
    poor = enter(people, country="NL", industry="Retail", budget=999_99)
    assert [lead.status for lead in (german, cloud, shop, poor)] == [
        "unassigned",
        "pool",
        "offered",
        "unassigned",
    ]


def test_a_rule_may_name_products_beside_families(scoped: Tenant, people: SimpleNamespace) -> None:
    backup, router = ProductFactory(name="Backup"), ProductFactory(name="Router")
    cloud = ProductFactory(name="Drive", family=ProductFamilyFactory(name="Cloud"))
    rule(1, products=[backup.pk], families=[cloud.family_id], outcome="pool")
    wanted = [enter(people, product=product) for product in (backup, cloud, router)]
    assert [lead.status for lead in (*wanted, enter(people))] == ["pool", "pool", "unassigned", "unassigned"]


def test_who_has_the_fewest_open_leads_comes_first(scoped: Tenant, people: SimpleNamespace) -> None:
    LeadFactory.create_batch(2, partner=people.alpha)
    LeadFactory(partner=people.alpha, status="disqualified")  # closed ones are no load
    rule(1, preference="load")
    assert [enter(people).partner.name for _ in range(2)] == ["Beta", "Beta"]
    # Now both have two.
    assert sorted(enter(people).partner.name for _ in range(2)) == ["Alpha", "Beta"]


def test_equals_take_turns(scoped: Tenant, people: SimpleNamespace) -> None:
    rule(1, preference="load")
    got = [enter(people).partner.name for _ in range(4)]
    assert got in (["Alpha", "Beta"] * 2, ["Beta", "Alpha"] * 2)
    # Beta gives one back: it has fewer, so the next is its.
    actions.disqualify(
        actions.accept(Lead.objects.filter(partner=people.beta).first(), by=people.admin),
        by=people.admin,
        reason="Gone",
    )
    assert enter(people).partner.name == "Beta"


def test_a_higher_tier_is_offered_leads_first_until_it_has_the_most_allowed(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    Tier.objects.create(name="Member", rank=0)
    gold = Tier.objects.create(name="Gold", rank=1, lead_priority=5)
    TierAssignment.objects.create(partner=people.beta, tier=gold, during=("2020-01-01", None))
    rule(1, max_open=2)
    assert [enter(people).partner.name for _ in range(4)] == ["Beta", "Beta", "Alpha", "Alpha"]
    assert enter(people).status == LeadStatus.POOL  # all have as many as they may
    LeadRule.objects.all().delete()
    rule(1, segments=[str(gold.pk)])
    assert enter(people).partner.name == "Beta"


def test_partners_are_chosen_by_country_region_and_type(scoped: Tenant, people: SimpleNamespace) -> None:
    german = PartnerFactory(name="Gamma", country="DE", region="Middle", type="distributor")
    PartnerFactory(name="Closed", country="DE", region="Middle", status="suspended")
    rule(1, countries=["DE"], same_country=True)
    rule(2, regions=["Middle"], same_region=True)
    rule(3, partner_types=["distributor"])
    assert enter(people, country="DE").partner == german
    assert enter(people, country="AT", region="Middle").partner == german
    assert enter(people, country="FR").partner == german
    # Without a region of its own a lead has that of its country's partners.
    assert enter(people, country="NL").region == "North"


def test_placing_a_hundred_leads_takes_as_many_queries_as_one(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    rule(1)
    one = VendorLeadFactory()
    actions.distribute_now([VendorLeadFactory().pk])  # the first event of a transaction wakes the dispatcher
    with CaptureQueriesContext(connection) as few:
        assert actions.distribute_now([one.pk]) == 1
    many = VendorLeadFactory.create_batch(100)
    with CaptureQueriesContext(connection) as more:
        assert actions.distribute_now([lead.pk for lead in many]) == 100
    assert len(more) == len(few)
    assert Lead.objects.filter(status="offered").count() == 102


def test_what_the_vendor_notes_reaches_the_partner(scoped: Tenant, people: SimpleNamespace) -> None:
    rule(1)
    lead = enter(people, need="A network", notes="Call before noon")
    assert (lead.need, lead.notes) == ("A network\n\nCall before noon", "")


def test_leads_wait_where_the_tenant_distributes_by_hand(scoped: Tenant, people: SimpleNamespace) -> None:
    LeadPolicy.objects.create(automatic=False)
    rule(1)
    lead = enter(people)
    assert lead.status == LeadStatus.UNASSIGNED
    assert actions.distribute_waiting(by=people.manager) == 1


def test_the_preview_gives_the_last_leads_out_again_without_writing(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    VendorLeadFactory.create_batch(3, country="NL")
    VendorLeadFactory(country="DE", status="pool")
    VendorLeadFactory(country="FR")
    LeadFactory(partner=people.alpha, country="NL")
    rule(1, countries=["NL"])
    rule(2, countries=["DE"], outcome="pool")
    found = preview(rules(), LeadPolicy())
    assert (found.total, found.pooled, found.held) == (5, 1, 1)
    assert found.by_rule == [("Rule 1", 3), ("Rule 2", 1)]
    assert sorted(count for _name, count in found.by_partner) == [1, 2]
    assert Lead.objects.filter(status="offered").count() == 0


def test_after_the_last_partner_a_lead_goes_where_the_tenant_says(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    roster = Roster.load(scoped, timezone.now())
    everyone = {people.alpha.pk, people.beta.pk}
    by_hand = place(VendorLeadFactory(), [rule(1)], roster, LeadPolicy(after_offers="manager"), everyone)
    pooled = place(VendorLeadFactory(), rules(), roster, LeadPolicy(after_offers="pool"), everyone)
    assert (by_hand.outcome, pooled.outcome) == (RuleOutcome.HOLD, RuleOutcome.POOL)
