"""Ways into the portal."""

from collections.abc import Callable

from django.core import mail
from playwright.sync_api import BrowserContext, expect

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.people.actions import invite
from portal.people.letters import post_due
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PASSWORD, PartnerFactory, make_member


def test_a_member_signs_in_with_a_password_and_finds_a_second_factor(
    vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        member = make_member(Role.PARTNER_OWNER, partner=PartnerFactory())
    page = as_member(None).new_page()
    page.goto("/accounts/login/")
    page.fill("#id_login", member.user.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/acme/")
    page.goto("/accounts/2fa/totp/activate/")
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", PASSWORD)
        page.locator("main form button[type=submit]").first.click()
    expect(page.locator("input[name=code]")).to_be_visible()


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in_without_a_password(
    vendor: Tenant, site: str, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        member = make_member(Role.PARTNER_OWNER, partner=PartnerFactory())
    context = as_member(None)
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    # Passkeys belong to a name, never to an address of numbers.
    home = site.replace("127.0.0.1", "localhost")
    page.goto(f"{home}/accounts/login/")
    page.fill("#id_login", member.user.email)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/acme/")

    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", PASSWORD)
        page.locator("main form button[type=submit]").first.click()
    page.check("input[name=passwordless]")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Security key added")).to_be_visible()

    context.clear_cookies()
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/acme/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_a_wrong_password_is_answered_in_a_sentence_and_keeps_the_address(
    vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        member = make_member(Role.ADMIN)
    page = as_member(None).new_page()
    page.goto("/accounts/login/")
    page.fill("#id_login", member.user.email)
    page.fill("#id_password", "not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("not correct").first).to_be_visible()
    expect(page.locator("#id_login")).to_have_value(member.user.email)


def test_an_invited_person_joins_by_the_link_in_the_letter(
    vendor: Tenant, as_member: Callable[..., BrowserContext]
) -> None:
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
        invite(by=admin, email="new@partner.example", name="Nova Dekker", role=Role.CHANNEL_MANAGER)
    post_due(vendor.pk)
    letter = str(mail.outbox[-1].body)
    path = "/acme/join/" + letter.split("/acme/join/")[1].split()[0]
    page = as_member(None).new_page()
    page.goto(path)
    for field in page.locator("main input[type=password]").all():
        field.fill("a long enough phrase")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/acme/")
    assert Membership.objects.filter(tenant=vendor, user__email="new@partner.example").count() == 1
