"""Selling an open deal in a real browser: the board by keyboard and by mouse, a comment that calls somebody, files,
and a deal that two partners sell together; on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from metrics.actions import ensure_default_template
from partners.coselling.models import Seat
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.discussion.models import Comment
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import assert_sound
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, UserFactory, make_member
from tests.portal.files.builders import PDF

AsMember = Callable[..., BrowserContext]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
pytestmark = pytest.mark.slow


@pytest.fixture
def seller(vendor: Tenant) -> Membership:
    with tenant_scope(vendor.pk):
        manager = make_member(Role.CHANNEL_MANAGER, user=UserFactory(name="Marieke de Vries"))
        return make_member(Role.PARTNER_OWNER, partner=PartnerFactory(name="Holder Ltd", manager=manager))


@pytest.fixture
def deal(vendor: Tenant, seller: Membership) -> Deal:
    with tenant_scope(vendor.pk):
        partner = Partner.objects.get(pk=seller.partner_id)
        customer = CustomerFactory(name="Cafe Customer", served_by=partner)
        return DealFactory(
            partner=partner,
            customer=customer,
            title="Headquarters",
            status="",
            origin="imported",
            stage=SalesStage.ENGAGING,
            owner=seller,
        )


def stage_of(deal: Deal) -> str:
    with tenant_scope(deal.tenant_id):
        return Deal.objects.get(pk=deal.pk).stage


def test_a_card_is_moved_by_keyboard_and_by_dragging(
    deal: Deal, seller: Membership, as_member: AsMember
) -> None:
    page = as_member(seller, **DESK).new_page()
    page.goto("/acme/deals/board/")
    assert_sound(page)
    button = page.get_by_role("button", name="Move Headquarters")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Proposal", exact=True).focus()
    page.keyboard.press("Enter")
    proposal = page.locator('[data-stage="proposal"]')
    expect(proposal.get_by_text("Headquarters").first).to_be_visible()
    expect(proposal.locator("[data-count]")).to_have_text("1")
    expect(button).to_be_focused()
    assert stage_of(deal) == "proposal"

    page.locator(".board-card").drag_to(page.locator('[data-stage="negotiation"]'))
    expect(page.locator('[data-stage="negotiation"]').get_by_text("Headquarters").first).to_be_visible()
    expect(page.locator('[data-stage="negotiation"] [data-count]')).to_have_text("1")
    assert stage_of(deal) == "negotiation"


def test_a_card_goes_back_when_the_portal_says_no(
    deal: Deal, seller: Membership, as_member: AsMember
) -> None:
    page = as_member(seller, **PHONE).new_page()
    # A page that has caught up in between would be right to move the card.
    page.route("**/pulse/", lambda route: route.abort())
    page.goto("/acme/deals/board/")
    assert_sound(page)
    with tenant_scope(deal.tenant_id):
        Deal.objects.filter(pk=deal.pk).update(version=deal.version + 1)
    page.get_by_role("button", name="Move Headquarters").tap()
    page.get_by_role("button", name="Proposal", exact=True).tap()
    expect(page.get_by_text("Someone changed this deal").first).to_be_visible()
    expect(page.locator('[data-stage="engaging"]').get_by_text("Headquarters").first).to_be_visible()
    assert stage_of(deal) == "engaging"


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_comment_calls_somebody_and_files_are_checked(
    deal: Deal, seller: Membership, as_member: AsMember, tmp_path: Path, screen: dict
) -> None:
    page = as_member(seller, **screen).new_page()
    page.goto(f"/acme/deals/{deal.pk}/")
    page.locator("#id_text").press_sequentially("Hello @Mar")
    expect(page.get_by_role("option", name="Marieke de Vries")).to_be_visible()
    assert_sound(page)
    page.keyboard.press("Enter")
    expect(page.locator("#id_text")).to_have_value("Hello @Marieke de Vries ")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".mention")).to_have_text("@Marieke de Vries")
    with tenant_scope(deal.tenant_id):
        comment = Comment.objects.get()
        assert [mention["name"] for mention in comment.mentions] == ["Marieke de Vries"]

    genuine, false = tmp_path / "offer.pdf", tmp_path / "invoice.pdf"
    genuine.write_bytes(PDF)
    false.write_bytes(b"<html><script>alert(1)</script>")
    page.locator("#id_uploads").set_input_files(genuine)
    page.get_by_role("button", name="Add", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="offer.pdf").click()
    assert download.value.suggested_filename == "offer.pdf"
    page.locator("#id_uploads").set_input_files(false)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("not a genuine PDF file")).to_be_visible()
    assert_sound(page)


def test_two_partners_sell_a_deal_together(
    vendor: Tenant, deal: Deal, seller: Membership, as_member: AsMember
) -> None:
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        second = make_member(
            Role.PARTNER_OWNER,
            partner=PartnerFactory(name="Second Inc"),
            user=UserFactory(email="sue@second.example"),
        )
    page = as_member(seller, **DESK).new_page()
    page.goto(f"/acme/deals/{deal.pk}/")
    page.get_by_role("link", name="Invite").click()
    page.fill("#id_email", "sue@second.example")
    page.fill("#id_percent", "30")
    assert_sound(page)
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("has been invited")).to_be_visible()
    dispatch_pending(vendor.pk)

    with tenant_scope(vendor.pk):
        seat = Seat.objects.get()
    other = as_member(second, **PHONE).new_page()
    other.goto("/acme/shared/")
    other.get_by_role("link", name="Holder Ltd").tap()
    expect(other.get_by_text("Cafe Customer")).to_have_count(0)
    other.get_by_role("button", name="Join").tap()
    expect(other.get_by_text("Cafe Customer")).to_be_visible()
    assert_sound(other)

    page.goto(f"/acme/deals/{deal.pk}/")
    expect(page.locator("#sellers").get_by_text("Second Inc").first).to_be_visible()
    page.get_by_role("link", name="Report as won").click()
    page.fill("#id_revenue", "1000")
    assert_sound(page)
    page.get_by_role("button", name="Report the win").click()
    expect(page.get_by_text("Congratulations")).to_be_visible()
    other.goto(f"/acme/shared/seats/{seat.pk}/")
    expect(other.get_by_text("€300").first).to_be_visible()
