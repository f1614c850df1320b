"""A real Chromium on a real web server and worker. Their data is committed, because other processes must see it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect

from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import TenantFactory
from tests.reliability.processes import Portal, portal

# Playwright's sync API runs an event loop in this thread; Django would refuse the ORM beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
# A busy machine may be slow; how fast things are is for measurements to say.
SECONDS = 30
expect.set_options(timeout=SECONDS * 1000)


def chromium() -> str | None:
    """Where Chromium is: PORTAL_CHROMIUM, or a program of a usual name."""
    named = os.environ.get("PORTAL_CHROMIUM")
    return named or next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
    # The longest of all begins first, so that nobody waits for it alone.
    items.sort(key=lambda item: item.path.name != "test_every_page.py")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = chromium()
    if program is None:
        reason = "no Chromium: install it, or set PORTAL_CHROMIUM to its program"
        if os.environ.get("PORTAL_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return {**browser_type_launch_args, "executable_path": program, "args": FLAGS}


@pytest.fixture
def running(transactional_db: None, tmp_path: Path) -> Iterator[Portal]:
    """The portal's processes on this test's database, with a broker of their own; all end with the test."""
    with portal(tmp_path) as found:
        yield found


@pytest.fixture
def site(running: Portal) -> str:
    """The address of a web server of the portal."""
    _process, address = running.web()
    return address


@pytest.fixture
def vendor(transactional_db: None) -> Tenant:
    return TenantFactory(slug="acme", name="Acme", currency="EUR")


@pytest.fixture
def as_member(browser: Browser, site: str) -> Iterator[Callable[..., BrowserContext]]:
    """A browser window signed in as a member: `as_member(manager).new_page()`."""
    contexts = []

    def sign_in(member: Membership | None, **options: Any) -> BrowserContext:
        context = browser.new_context(base_url=site, locale="en-GB", **options)
        context.set_default_timeout(SECONDS * 1000)
        if member is not None:
            context.add_cookies([session_cookie(member, site)])
        contexts.append(context)
        return context

    yield sign_in
    for context in contexts:
        context.close()


def session_cookie(member: Membership, address: str) -> dict[str, Any]:
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
