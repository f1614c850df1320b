"""A partner registers a customer that another is after, with products and a file; it is rejected by a key, appealed,
granted, and won with what was sold and its proof."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from partners.deals import actions
from partners.deals.approvals.models import RejectionReason
from partners.deals.models import Deal
from partners.directory.actions import name_customer
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.files.models import Attachment
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import PartnerFactory, ProductFactory, make_member
from tests.portal.files.builders import PDF

pytestmark = pytest.mark.slow
RIVAL = "Southwind"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@dataclass
class People:
    seller: Membership
    manager: Membership
    admin: Membership
    product_name: str
    other_product_name: str


@pytest.fixture
def people(vendor: Tenant) -> People:
    """Our partner's seller, whose customer Southwind has registered a moment before, and who decides."""
    with tenant_scope(vendor.pk):
        manager, admin = make_member(Role.CHANNEL_MANAGER), make_member(Role.ADMIN)
        ours = PartnerFactory(name="Northwind", manager=manager)
        theirs = PartnerFactory(name=RIVAL, manager=manager)
        product = ProductFactory(name="Vault Backup")
        rival = make_member(Role.PARTNER_OWNER, partner=theirs)
        actions.save_reason(RejectionReason(name="Registered by another partner"), by=admin)
        actions.register(
            theirs,
            by=rival,
            customer=name_customer(theirs, "Zonneveld Bakeries B.V.", by=rival, domain="zonneveld.example"),
            product=product,
            amount=8_000_00,
            expected_close=dt.date(2037, 3, 1),
        )
        seller = make_member(Role.PARTNER_OWNER, partner=ours)
        other = ProductFactory(name="Vault Restore", family=product.family)
        return People(seller, manager, admin, product.name, other.name)


@pytest.mark.parametrize("size", SIZES)
def test_register_conflict_decision_appeal_and_win(
    size: str, people: People, vendor: Tenant, as_member: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    view = {"viewport": SIZES[size]}
    seller = as_member(people.seller, **view).new_page()
    deal_url = register(seller, people, tmp_path)
    assert RIVAL not in seller.content()

    desk = as_member(people.manager, **view).new_page()
    look_at_both_sides(desk, deal_url)
    reject(desk, keys=size == "desktop")

    seller.goto(deal_url)
    expect(seller.get_by_text("Registered by another partner: They met first.").first).to_be_visible()
    assert RIVAL not in seller.content()
    seller.get_by_role("link", name="Appeal", exact=True).click()
    assert_sound(seller)
    seller.fill("#id_grounds", "We hold the signed quote of 2 March.")
    seller.get_by_role("button", name="Send the appeal").click()
    expect(seller.get_by_text("An administrator answers by").first).to_be_visible()
    expect(seller.get_by_role("link", name="Appeal", exact=True)).to_have_count(0)

    board = as_member(people.admin, **view).new_page()
    board.goto("/acme/deals/waiting/?what=appeal")
    expect(board.get_by_text("Appeal", exact=True).first).to_be_visible()
    board.get_by_role("link", name="Grant").click()
    board.fill("#id_reason", "The quote settles it.")
    board.get_by_role("button", name="Approve on appeal").click()
    expect(board.get_by_text("holds the customer until").first).to_be_visible()
    expect(board.get_by_text("Decisions and their grounds")).to_be_visible()
    assert_sound(board)

    seller.goto(deal_url)
    expect(seller.get_by_text("Approved", exact=True).first).to_be_visible()
    expect(seller.get_by_text("The quote settles it.").first).to_be_visible()
    win(seller, people, tmp_path)
    assert RIVAL not in seller.content()
    with tenant_scope(vendor.pk):
        deal = Deal.objects.get(partner=people.seller.partner_id)
        sold = deal.lines.order_by("position").values_list("product__name", "quantity", "unit_price")
        assert (deal.revenue, deal.cost) == (11_500_00, 7_000_00)
        assert list(sold) == [("Vault Backup", 2, 4_000_00), ("Vault Restore", 5, 700_00)]
        files = Attachment.objects.order_by("name").values_list("name", "purpose", "subject_id")
        assert list(files) == [("order.pdf", "proof", deal.pk), ("quote.pdf", "", deal.pk)]


def register(page: Page, people: People, folder: Path) -> str:
    """Our partner's registration, which is warned of a conflict before it is sent; the deal's address."""
    page.goto("/acme/deals/new/")
    page.fill("#id_customer_name", "Zonneveld Bakeries")
    page.fill("#id_customer_domain", "zonneveld.example")
    quote = folder / "quote.pdf"
    quote.write_bytes(PDF)
    page.locator("#id_attachments").set_input_files(quote)
    add_line(page, 0, people.product_name, "2", "4000")
    add_line(page, 1, people.other_product_name, "1", "2000")
    page.fill("#id_expected_close", "2037-03-01")
    expect(page.get_by_text("There is a conflict.")).to_be_visible()
    assert_sound(page)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_text("has been submitted")).to_be_visible()
    expect(page.get_by_text("€10,000").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="quote.pdf").click()
    assert download.value.path().read_bytes() == PDF
    return page.url


def add_line(page: Page, number: int, product: str, quantity: str, price: str) -> None:
    prefix = f"#id_line-{number}-" if number else "#id_"
    if number:
        page.get_by_role("button", name="Add a product").click()
    page.select_option(f"{prefix}product", label=product)
    page.fill(f"{prefix}quantity", quantity)
    page.fill(f"{prefix}unit_price", price)


def win(page: Page, people: People, folder: Path) -> None:
    """Reported with what was sold in the end, what it cost, and the order."""
    order = folder / "order.pdf"
    order.write_bytes(PDF)
    page.get_by_role("link", name="Report as won").click()
    expect(page.locator("#id_line-1-quantity")).to_have_value("1")
    page.locator("#id_proof").set_input_files(order)
    page.fill("#id_line-1-quantity", "5")
    page.fill("#id_line-1-unit_price", "700")
    page.fill("#id_revenue", "11500")
    page.fill("#id_cost", "7000")
    assert_sound(page)
    page.get_by_role("button", name="Report the win").click()
    expect(page.get_by_text("Congratulations").first).to_be_visible()
    expect(page.get_by_text("order.pdf").first).to_be_visible()
    expect(page.get_by_text("5 × Vault Restore").first).to_be_visible()
    assert_sound(page)


def look_at_both_sides(page: Page, deal_url: str) -> None:
    page.goto(deal_url)
    sides = page.get_by_role("region", name="Both sides of the conflict")
    expect(sides).to_contain_text(RIVAL)
    expect(sides).to_contain_text("Northwind")
    assert_sound(page)


def reject(page: Page, *, keys: bool) -> None:
    """From the list of what waits: by one key on the row that has the focus, or by its button."""
    page.goto("/acme/deals/waiting/")
    row = page.get_by_role("row").filter(has_text="Northwind")
    expect(row).to_contain_text("Conflict")
    assert_sound(page)
    if keys:
        page.locator("#search").focus()
        page.keyboard.type("jx")
        expect(page.locator("#search")).to_have_value("jx")
        page.goto("/acme/deals/waiting/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        expect(row.get_by_role("link").first).to_be_focused()
        page.keyboard.press("x")
    else:
        row.get_by_role("link", name="Reject").click()
    page.get_by_label("Why?").select_option(label="Registered by another partner")
    page.fill("#id_reason", "They met first.")
    page.get_by_role("button", name="Reject the registration").click()
    expect(page.get_by_text("The partner reads the reason").first).to_be_visible()


def test_several_at_once_by_key_and_by_hand(
    people: People, as_member: Callable[..., BrowserContext], vendor: Tenant
) -> None:
    """One approval by a key, the rest picked and returned together; switched off, the keys do nothing."""
    page = as_member(people.manager, viewport=SIZES["desktop"]).new_page()
    page.goto("/acme/deals/waiting/")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_role("switch", name="Decide with single keys").uncheck()
    page.locator("tbody tr a").first.focus()
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    expect(page.get_by_role("row").filter(has_text=RIVAL)).to_be_visible()

    page.get_by_label("Pick DR-").check()
    page.get_by_role("button", name="Return picked").click()
    expect(page.get_by_text("Each is decided by itself")).to_be_visible()
    assert_sound(page)
    page.get_by_role("link", name="Cancel").click()

    page.get_by_text("Keys", exact=True).click()
    page.get_by_role("switch", name="Decide with single keys").check()
    page.locator("tbody tr a").first.focus()
    page.keyboard.press("a")
    expect(page.get_by_text("is approved").first).to_be_visible()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
