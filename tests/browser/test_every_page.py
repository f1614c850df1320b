"""Every page of every role, found by following the links: accessible, within the screen, and without errors.

One browser walks a small demo. A page is judged in both themes at both widths, which change in place.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
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

BEFORE = ("/accounts/login/", "/accounts/password/reset/", f"/{SLUG}/apply/", f"/{SLUG}/locator/")
# Every rule once; again those that a narrower screen or other colours can break.
Looks = tuple[tuple[str, int, dict[str, Any]], ...]
LOOKS: Looks = (
    ("light", 1440, RULES),
    ("dark", 1440, OF_COLOURS),
    ("dark", 390, OF_COLOURS),
    ("light", 390, OF_LAYOUT),
)
IDENTIFIER = re.compile(
    r"(?<=/cards/)[^/]+/\w+|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)(month|quarter|year):[0-9-]+"
    r"|(?<=/questions/)[\w-]+|(?<=/certificates/)[^/]+"
)
# What is no page: downloads, other applications' pages, and signing out.
NO_PAGE = re.compile(
    r"/(logout|schema|refused\.\w+|platform|media|static)(/|$)|export|\.(ics|csv|xlsx|pdf)$|/(pdf|csv|ics|file|certificate)/$"
)
CODE = re.compile(r".{0,80}</(a|span|small|i|div|p|td)>")
LINKS = "[...document.querySelectorAll('a[href]')].filter(a => !a.hasAttribute('download')).map(a => a.href)"


@dataclass
class Site:
    address: str
    members: dict[str, Membership]


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A web server on a demo of a few months."""
    # It is flushed in the end, which nothing but a test database survives.
    if not connection.settings_dict["NAME"].startswith("test_"):
        pytest.fail("No test of this run asks for the test database: run this whole file.")
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


def window(browser: Browser, site: Site, role: str | None) -> BrowserContext:
    # Without transitions, so that a theme is there at once.
    context = browser.new_context(
        base_url=site.address, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "theme", "value": "light", "url": site.address}])
    if role is not None:
        context.add_cookies([session_cookie(site.members[role], site.address)])  # type: ignore[list-item]
    return context


def kind_of(path: str) -> str:
    return IDENTIFIER.sub("*", path)


def opens_a_page(page: Page, address: str, faults: list[str]) -> bool:
    """Open the address; False where it gives a file instead of a page."""
    try:
        response = page.goto(address, wait_until="load")
    except Error as error:
        if "Download is starting" in error.message:
            return False
        raise
    if response is None or "text/html" not in response.headers.get("content-type", ""):
        return False
    if response.status != 200:
        faults.append(f"{address}: answered {response.status}")
        return False
    return True


def judged(page: Page, address: str, looks: Looks) -> list[str]:
    """The open page at the widths and in the themes, which change in place."""
    faults = []
    for theme, width, rules in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        page.wait_for_timeout(60)
        faults += faults_of(page, f"{address} {theme} {width}", rules)
    page.set_viewport_size({"width": 1440, "height": 900})
    return faults


def walk(
    browser: Browser, site: Site, role: str | None, *starts: str, looks: Looks = LOOKS
) -> tuple[int, list[str]]:
    """Open and judge the starts and, for who has signed in, one page of each kind that links lead to.

    How many pages there were, and what is wrong with them, in sentences.
    """
    context, faults, pages = window(browser, site, role), [], 0
    # Policies are refused to axe itself as well, so it is put in by the browser and not by the page.
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    known, waiting = {kind_of(start) for start in starts}, list(starts)
    while waiting:
        address = waiting.pop(0)
        said.clear()
        if not opens_a_page(page, address, faults):
            continue
        pages += 1
        for link in page.evaluate(LINKS) if role else ():
            parts = urlsplit(link)
            outside = f"{parts.scheme}://{parts.netloc}" != site.address
            if outside or NO_PAGE.search(parts.path) or kind_of(parts.path) in known:
                continue
            known.add(kind_of(parts.path))
            # A group is named by its query; the other queries choose among what a page shows.
            waiting.append(f"{parts.path}?{parts.query}" if "key=" in parts.query else parts.path)
        if code := CODE.search(page.inner_text("body")):
            faults.append(f"{address}: shows code: {code.group()}")
        faults += judged(page, address, looks)
        faults += [f"{address}: console: {text[:300]}" for text in said]
    context.close()
    return pages, faults


@pytest.mark.parametrize("role", [Role.PARTNER_OWNER, Role.CHANNEL_MANAGER, Role.ADMIN])
def test_every_page_is_accessible_fits_the_screen_and_makes_no_errors(
    browser: Browser, site: Site, role: Role
) -> None:
    # What managers see, admins see with more on it: there one look is enough.
    looks = LOOKS[:1] if role == Role.CHANNEL_MANAGER else LOOKS
    pages, faults = walk(browser, site, role, f"/{SLUG}/", looks=looks)
    assert pages > 60
    assert not faults, "\n" + "\n".join(faults)


# The mark is what makes pytest-django create the test database when these tests run alone.
@pytest.mark.django_db
def test_the_pages_before_signing_in_are_accessible(browser: Browser, site: Site) -> None:
    pages, faults = walk(browser, site, None, *BEFORE)
    assert pages == len(BEFORE)
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
