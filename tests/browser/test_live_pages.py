"""What only a browser shows: nothing typed leaks, live pages, the appearance that is kept."""

import pytest
from playwright.sync_api import Browser, Page, expect

from incentives.published import start_from
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.record import record
from portal.tenancy.scope import tenant_scope
from tests.browser.judging import OF_COLOURS, faults_of
from tests.factories import PASSWORD, TenantFactory, make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def boss(transactional_db: None) -> Membership:
    vendor = TenantFactory(slug="acme", name="Acme")
    with tenant_scope(vendor.pk):
        return make_member(Role.ADMIN)


def sign_in(page: Page, member: Membership) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(member.user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_what_is_typed_reaches_no_cookie_and_the_appearance_is_kept(
    browser: Browser, live_server: object, boss: Membership
) -> None:
    page = browser.new_context(base_url=live_server.url).new_page()
    sign_in(page, boss)
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"csrftoken", "sessionid", "messages"}
    page.get_by_role("button", name="Your account").click()
    page.get_by_text("Dark", exact=True).click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    # An error's page does not know who looks at it, and keeps to the choice.
    page.goto("/acme/no-such-page/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_what_is_typed_while_a_row_is_added_is_not_lost(
    browser: Browser, live_server: object, boss: Membership
) -> None:
    """The form takes nothing until the new row is there, keeps what it had, and does not let itself be left unasked."""
    with tenant_scope(boss.tenant_id):
        start_from("rebate", by=boss)
    page = browser.new_context(base_url=live_server.url).new_page()
    sign_in(page, boss)
    page.goto("/acme/plans/new/")
    page.locator("#id_name").fill("Spring campaign")
    page.route("**/plans/new/", lambda route: (page.wait_for_timeout(600), route.continue_()))
    page.get_by_role("button", name="Add a band").click()
    expect(page.locator("#editor")).to_have_attribute("inert", "")
    page.keyboard.type("lost?")
    expect(page.get_by_label("End of band 2")).to_be_visible()
    expect(page.locator("#editor")).not_to_have_attribute("inert", "")
    expect(page.locator("#id_name")).to_have_value("Spring campaign")
    page.on("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.get_by_role("link", name="Cancel").click()
    assert asked.value.type == "beforeunload"


def test_an_open_page_shows_by_itself_what_others_did(
    browser: Browser, live_server: object, boss: Membership
) -> None:
    page = browser.new_context(base_url=live_server.url).new_page()
    sign_in(page, boss)
    page.goto("/acme/settings/audit/")
    page.wait_for_timeout(1500)
    with tenant_scope(boss.tenant_id):
        record("api_key.created", subject=boss, by=boss, data={"name": "Fresh from elsewhere"})
    expect(page.get_by_text("Fresh from elsewhere")).to_be_visible()
    expect(page.locator("#announce")).to_have_text("The page has been updated.")


HEAT_MAP = """() => {
    const cells = [1, 2, 3, 4].map((n) => `<td class="num heat-${n}"><a href="#${n}">${n}</a><br><small>5%</small></td>`);
    document.querySelector("main").innerHTML = `<div class="card table-card heat-scroll" tabindex="0"
        role="region" aria-label="Heat"><table class="table heat"><tbody><tr><th scope="row">Contoso</th>
        ${cells.join("")}</tr></tbody></table></div>`;
    document.querySelector(".heat-scroll").style.width = "12rem";
    document.querySelector(".heat-scroll").scrollLeft = 400;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_heat_map_shows_its_shades_and_whose_row_it_is(
    browser: Browser, live_server: object, boss: Membership, scheme: str
) -> None:
    page = browser.new_context(base_url=live_server.url, color_scheme=scheme).new_page()
    sign_in(page, boss)
    page.evaluate(HEAT_MAP)
    shades = [
        page.locator(f"td.heat-{n}").evaluate("cell => getComputedStyle(cell).backgroundColor")
        for n in (1, 2, 3, 4)
    ]
    assert len(set(shades)) == 4
    assert "rgba(0, 0, 0, 0)" not in shades
    assert faults_of(page, scheme, OF_COLOURS) == []
    name, region = page.locator(".heat th").bounding_box(), page.locator(".heat-scroll").bounding_box()
    assert page.locator(".heat-scroll").evaluate("region => region.scrollLeft") > 0
    assert abs(name["x"] - region["x"]) < 2


def test_a_button_called_action_sends_its_form(
    browser: Browser, live_server: object, boss: Membership
) -> None:
    page = browser.new_context(base_url=live_server.url).new_page()
    sign_in(page, boss)
    mistakes: list[str] = []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.evaluate(
        "document.querySelector('main').innerHTML = '<form><button name=action value=preview>Preview</button></form>'"
    )
    page.get_by_role("button", name="Preview").click()
    page.wait_for_url("**?action=preview")
    assert mistakes == []
