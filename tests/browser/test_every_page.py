"""Every page of every role, found by following the links: accessible, within the screen, and without errors.

One browser walks a small demo. A page is judged in both themes at both widths; the width changes in place.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Error, Page
from pytest_django import DjangoDbBlocker

from incentives.demo.seed import SLUG, seed
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from tests.browser.conftest import session_cookie
from tests.browser.judging import OF_COLOURS, OF_LAYOUT, RULES, faults_of
from tests.reliability.processes import portal

pytestmark = pytest.mark.slow

WIDTHS = (1440, 390)
THEMES = ("light", "dark")
BEFORE = ("/accounts/login/", "/accounts/password/reset/", f"/{SLUG}/apply/", f"/{SLUG}/locator/")
# Every rule once; again those that a narrower screen or other colours can break.
RULES_FOR = {
    ("light", 1440): RULES,
    ("light", 390): OF_LAYOUT,
    ("dark", 1440): OF_COLOURS,
    ("dark", 390): OF_COLOURS,
}
IDENTIFIER = re.compile(
    r"(?<=/cards/)[^/]+/\w+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)(month|quarter|year):[0-9-]+"
    r"|(?<=/questions/)[\w-]+|(?<=/certificates/)[^/]+"
)
# What is no page: downloads, other applications' pages, and signing out.
NO_PAGE = re.compile(
    r"/(logout|schema|refused\.\w+|platform|media|static)(/|$)|export|\.(ics|csv|xlsx|pdf)$|/(pdf|csv|ics|file|certificate)/$"
)
MOST = 400
LINKS = "[...document.querySelectorAll('a[href]')].filter(a => !a.hasAttribute('download')).map(a => a.href)"


@dataclass
class Site:
    address: str
    members: dict[str, Membership]
    pages: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A web server on a demo of a few months."""
    with (
        django_db_blocker.unblock(),
        override_settings(DEMO=True),
        portal(Path(tmp_path_factory.mktemp("portal"))) as processes,
    ):
        try:
            until = dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC)
            tenant = seed(until=until, say=lambda text: None, months=2, scale=0.12)
            assert tenant is not None
            members = {
                str(member.role): member
                for member in Membership.objects.filter(tenant=tenant).select_related("user").order_by("-id")
            }
            _process, address = processes.web(workers=2)
            yield Site(address, members)
        finally:
            call_command("flush", verbosity=0, interactive=False)


def window(browser: Browser, site: Site, role: str | None, theme: str = "light") -> BrowserContext:
    context = browser.new_context(base_url=site.address, viewport={"width": WIDTHS[0], "height": 900})
    context.set_default_timeout(30_000)
    cookies = [{"name": "theme", "value": theme, "url": site.address}]
    if role is not None:
        cookies.append(session_cookie(site.members[role], site.address))
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context


def pattern(path: str) -> str:
    return IDENTIFIER.sub("*", path)


def is_page(page: Page, address: str) -> bool:
    """Open the address; False where it gives a file instead."""
    try:
        response = page.goto(address, wait_until="domcontentloaded")
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    return response is not None and "text/html" in response.headers.get("content-type", "")


def pages_of(browser: Browser, site: Site, role: str) -> list[str]:
    """One address for each kind of page that can be reached from the role's home page."""
    if role in site.pages:
        return site.pages[role]
    context = window(browser, site, role)
    page = context.new_page()
    files: set[str] = set()
    found, waiting = {f"/{SLUG}/": f"/{SLUG}/"}, [f"/{SLUG}/"]
    while waiting and len(found) < MOST:
        address = waiting.pop(0)
        if not is_page(page, address):
            files.add(pattern(urlsplit(address).path))
            continue
        for link in page.evaluate(LINKS):
            parts = urlsplit(link)
            outside = f"{parts.scheme}://{parts.netloc}" != site.address
            if outside or NO_PAGE.search(parts.path) or pattern(parts.path) in found:
                continue
            # A group is named by its query; the other queries choose among what a page shows.
            address = f"{parts.path}?{parts.query}" if "key=" in parts.query else parts.path
            found[pattern(parts.path)] = address
            waiting.append(address)
    context.close()
    site.pages[role] = sorted(address for kind, address in found.items() if kind not in files)
    return site.pages[role]


def judge(browser: Browser, site: Site, role: str | None, theme: str, addresses: list[str]) -> list[str]:
    """What is wrong with the pages, in sentences."""
    context, faults = window(browser, site, role, theme), []
    # Policies are refused to axe itself as well, so it is put in by the browser and not by the page.
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for address in addresses:
        said.clear()
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        response = page.goto(address, wait_until="load")
        if response is None or response.status != 200:
            faults.append(f"{address}: answered {response.status if response else 'nothing'}")
            continue
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(60)
            faults += faults_of(page, f"{address} {theme} {width}", RULES_FOR[theme, width])
        faults += [f"{address}: console: {text[:300]}" for text in said]
    context.close()
    return faults


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", [Role.PARTNER_OWNER, Role.CHANNEL_MANAGER, Role.ADMIN])
def test_every_page_is_accessible_fits_the_screen_and_makes_no_errors(
    browser: Browser, site: Site, role: Role, theme: str
) -> None:
    addresses = pages_of(browser, site, role)
    assert 12 < len(addresses) < MOST, addresses
    faults = judge(browser, site, role, theme, addresses)
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("theme", THEMES)
def test_the_pages_before_signing_in_are_accessible(browser: Browser, site: Site, theme: str) -> None:
    faults = judge(browser, site, None, theme, list(BEFORE))
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("role", [Role.PARTNER_OWNER, Role.CHANNEL_MANAGER, Role.ADMIN])
def test_a_button_on_the_sign_in_page_leads_into_the_demo(browser: Browser, site: Site, role: Role) -> None:
    context = window(browser, site, None)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.locator(".demo-roles button", has_text=str(role.label)).first.click()
    page.wait_for_url(f"**/{SLUG}/")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Welcome")
    context.close()
