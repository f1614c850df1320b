"""A lead of the vendor's: offered, accepted, made a deal and won, on a desk and on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from metrics.actions import recompute_dirty
from metrics.models import Scorecard
from partners.deals.models import Deal
from partners.leads.models import Lead, LeadCriteria, LeadRule
from portal.accounts.enums import Role
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import PartnerFactory, ProductFactory, make_member

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.mark.slow
@pytest.mark.parametrize("size", list(SIZES))
def test_an_offered_lead_becomes_a_won_deal_and_counts(
    size: str, vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        manager = make_member(Role.CHANNEL_MANAGER)
        company = PartnerFactory(name="Alpha", manager=manager, country="NL")
        seller = make_member(Role.PARTNER_OWNER, partner=company)
        product = ProductFactory(name="Vault Backup")
        LeadRule.objects.create(name="Everybody", position=1)
        LeadCriteria.objects.create(kind="sales", min_budget=10_000_00)

    desk = as_member(manager, viewport=SIZES[size]).new_page()
    desk.goto("/acme/leads/new/")
    assert_sound(desk)
    desk.fill("#id_company", "Zonneveld Bakeries")
    desk.fill("#id_person", "Iris de Wit")
    desk.fill("#id_email", "iris@zonneveld.example")
    desk.select_option("#id_product", str(product.pk))
    desk.fill("#id_budget", "9000")
    desk.get_by_role("button", name="Save the lead").click()
    expect(desk.get_by_text("Offered to Alpha, who answers by").first).to_be_visible()
    expect(desk.get_by_text("Not qualified: budget below €10,000")).to_be_visible()
    assert_sound(desk)

    page = as_member(seller, viewport=SIZES[size]).new_page()
    page.goto("/acme/")
    page.locator("#panel-leads").get_by_role("link", name="Zonneveld Bakeries").click()
    expect(page.get_by_text("Accept or decline by")).to_be_visible()
    assert_sound(page)
    page.get_by_role("link", name="Accept", exact=True).click()
    page.get_by_role("button", name="Accept the lead").click()
    expect(page.get_by_text("The lead is yours.").first).to_be_visible()
    page.get_by_role("link", name="Make it a deal").click()
    expect(page.locator("#id_customer_name")).to_have_value("Zonneveld Bakeries")
    expect(page.locator("#id_amount")).to_have_value("9000.00")
    assert_sound(page)
    page.get_by_role("button", name="Make it a deal").click()
    expect(page.get_by_text("The lead is now the deal").first).to_be_visible()
    page.get_by_role("link", name="Report as won").click()
    page.fill("#id_revenue", "8500")
    page.get_by_role("button", name="Report the win").click()
    expect(page.get_by_text("Congratulations!").first).to_be_visible()

    with tenant_scope(vendor.pk):
        assert Lead.objects.get().deal == Deal.objects.get(stage="won", revenue=8_500_00)
    dispatch_pending(vendor.pk)
    with tenant_scope(vendor.pk):
        recompute_dirty()
        assert Scorecard.objects.filter(partner=company).exists()
    page.goto("/acme/scorecards/mine/")
    # All KPIs are fetched when one comes to them.
    page.locator("#all-kpis").scroll_into_view_if_needed()
    page.get_by_role("link", name="Acceptance of distributed leads").first.click()
    expect(page.get_by_text("1 ÷ 1")).to_be_visible()
    expect(page.get_by_text("100.0%").first).to_be_visible()
    expect(page.get_by_role("link", name="Zonneveld Bakeries").first).to_be_visible()
    assert_sound(page)


@pytest.mark.slow
@pytest.mark.parametrize("size", list(SIZES))
def test_an_admin_writes_a_rule_and_sees_what_it_would_do(
    size: str, vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
        PartnerFactory(name="Alpha", country="NL", region="North")
    page = as_member(admin, viewport=SIZES[size]).new_page()
    page.goto("/acme/leads/rules/")
    assert_sound(page)
    page.get_by_role("link", name="Add a rule").first.click()
    page.fill("#id_name", "Dutch")
    page.get_by_label("Only partners in the lead’s country").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Where the leads of the last 90 days would have gone")).to_be_visible()
    assert_sound(page)
    page.get_by_role("button", name="Save the rule").click()
    expect(page.get_by_role("heading", name="1. Dutch")).to_be_visible()
    for address in (
        "/acme/leads/criteria/",
        "/acme/leads/terms/",
        "/acme/leads/to-distribute/",
        "/acme/leads/",
    ):
        page.goto(address)
        assert_sound(page)
