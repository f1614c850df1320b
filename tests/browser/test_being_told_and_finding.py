"""The bell and the search as people use them: by mouse, by keyboard, on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.record import record
from portal.notifications.models import Notification
from portal.search.index import add_everything_missing
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, make_member

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def company(vendor: Tenant) -> Partner:
    with tenant_scope(vendor.pk):
        return PartnerFactory(name="Ours")


@pytest.fixture
def seller(vendor: Tenant, company: Partner) -> Membership:
    with tenant_scope(vendor.pk):
        return make_member(Role.PARTNER_OWNER, partner=company)


@pytest.fixture
def deal(vendor: Tenant, company: Partner, seller: Membership) -> Deal:
    with tenant_scope(vendor.pk):
        rival = PartnerFactory(name="Rival")
        hidden = CustomerFactory(name="Zonneveld Secret", normalised_name="zonneveld secret", served_by=rival)
        DealFactory(partner=rival, customer=hidden, title="Zonneveld hidden")
        customer = CustomerFactory(
            name="Zonneveld Bakeries", normalised_name="zonneveld bakeries", served_by=company
        )
        deal = DealFactory(
            partner=company, customer=customer, title="New ovens", number="DR-2026-00042", owner=seller
        )
        add_everything_missing()
    return deal


def happen(deal: Deal, *types: str) -> None:
    with tenant_scope(deal.tenant_id):
        for type_ in types:
            record(
                type_, subject=deal, partner_id=deal.partner_id, data={"new": {"decision_reason": "Because"}}
            )
    dispatch_pending(deal.tenant_id)


def test_the_bell_rings_by_itself_and_leads_to_the_deal(
    seller: Membership, deal: Deal, as_member: Callable[..., BrowserContext]
) -> None:
    page = as_member(seller).new_page()
    page.goto("/acme/")
    bell = page.locator(".sidebar .bell button")
    expect(bell).to_have_accessible_name("Notifications")
    page.wait_for_timeout(1500)
    happen(deal, "deal.rejected")
    expect(bell).to_have_accessible_name(re.compile("1 unread"))
    bell.focus()
    page.keyboard.press("Enter")
    news = page.locator(".sidebar .bell-menu").get_by_role("link", name="is rejected: Because")
    expect(news).to_be_visible()
    assert_sound(page)
    news.click()
    expect(page).to_have_url(re.compile(f"/acme/deals/{deal.pk}/"))
    expect(bell).to_have_accessible_name("Notifications")


def test_everything_can_be_read_and_chosen_on_a_phone(
    seller: Membership, deal: Deal, as_member: Callable[..., BrowserContext]
) -> None:
    happen(deal, "deal.rejected", "deal.returned")
    page = as_member(seller, viewport=PHONE).new_page()
    page.goto("/acme/notifications/")
    expect(page.locator(".news-list > li")).to_have_count(2)
    assert_sound(page)
    page.get_by_role("button", name="Mark as read: DR-2026-00042 · Zonneveld Bakeries is rejected").click()
    expect(page.locator(".news.is-unread")).to_have_count(1)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator(".news.is-unread")).to_have_count(0)

    page.get_by_role("link", name="Choose what").first.click()
    group = page.get_by_role("group", name="Decisions on your deals")
    group.get_by_label("In the portal").uncheck()
    group.get_by_label("By e-mail").select_option("never")
    assert_sound(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your choices have been saved.")).to_be_visible()
    with tenant_scope(deal.tenant_id):
        before = Notification.objects.count()
    happen(deal, "deal.rejected")
    with tenant_scope(deal.tenant_id):
        assert Notification.objects.count() == before


def test_searching_by_keyboard_alone(
    seller: Membership, deal: Deal, as_member: Callable[..., BrowserContext]
) -> None:
    page = as_member(seller).new_page()
    page.goto("/acme/customers/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Search deals, customers, partners and pages")
    expect(box).to_be_focused()
    page.keyboard.type("zonn")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(page.locator("#finder")).not_to_contain_text("Secret")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#finder-status")).to_have_text("2 hits")
    assert_sound(page)
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "hit-deals-1")
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/acme/deals/{deal.pk}/"))

    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="New ovens")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


def test_a_number_leads_straight_to_its_deal_on_a_phone(
    seller: Membership, deal: Deal, as_member: Callable[..., BrowserContext]
) -> None:
    page = as_member(seller, viewport=PHONE).new_page()
    page.goto("/acme/")
    page.get_by_role("banner").get_by_role("link", name="Search").click()
    page.keyboard.type("dr-2026-42")
    expect(page.get_by_role("option", name="New ovens")).to_have_attribute("aria-selected", "true")
    assert_sound(page)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/acme/deals/{deal.pk}/"))


def test_searching_for_what_is_not_there_says_so(
    seller: Membership, deal: Deal, as_member: Callable[..., BrowserContext]
) -> None:
    page = as_member(seller).new_page()
    page.goto("/acme/")
    page.locator(".sidebar [data-search-open]").click()
    page.keyboard.type("secret")
    expect(page.get_by_text("Nothing found for “secret”.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Search deals")).to_have_attribute("aria-expanded", "false")
    assert_sound(page)
