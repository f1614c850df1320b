"""What is written down about a request: whose it was, and no secret."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client

from portal.accounts.models import Membership, new_secret
from portal.tenancy.models import Tenant

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """The lines about requests so far."""
    caplog.set_level("INFO")

    def written() -> list[dict[str, Any]]:
        return [record.msg for record in caplog.records if record.name.startswith("django_structlog")]

    return written


def test_a_requests_last_line_says_which_request_tenant_and_member(
    admin: Membership, client_as: Callable[[Membership], Client], lines: Lines
) -> None:
    client_as(admin).get("/acme/people/")
    started, finished = lines()
    assert (started["event"], finished["event"]) == ("request_started", "request_finished")
    assert finished["request_id"] == started["request_id"]
    assert finished["tenant"] == str(admin.tenant_id)
    assert finished["member"] == str(admin.pk)


def test_a_files_lines_say_so_to_its_end(
    admin: Membership, client_as: Callable[[Membership], Client], lines: Lines
) -> None:
    b"".join(client_as(admin).get("/acme/people/?export=csv"))
    last = lines()[-1]
    assert (last["event"], last["member"]) == ("streaming_finished", str(admin.pk))


def test_the_next_request_is_nobodys(
    admin: Membership, client_as: Callable[[Membership], Client], lines: Lines
) -> None:
    client = client_as(admin)
    client.get("/acme/people/")
    client.get("/healthz/live")
    assert not {"tenant", "member"} & lines()[-1].keys()


def test_the_secrets_in_links_are_not_written_down(tenant: Tenant, client: Client, lines: Lines) -> None:
    secret = new_secret()
    for address in (f"/acme/join/{secret}/", f"/acme/answer/{secret}/", f"/acme/?then={secret}&page=2"):
        client.get(address)
    client.get(f"/accounts/password/reset/key/0192f0c47b1e7c3a9d552f6c1a8e4b10-{secret}/")
    written = [line["request"] for line in lines()]
    assert len(written) == 8
    assert not [request for request in written if secret in request]
    assert "GET /acme/join/***/" in written
    assert "GET /acme/?then=***&page=2" in written


def test_the_json_of_another_packages_line_holds_its_traceback() -> None:
    """Celery's, when a task has failed, and Django's, when a page has."""
    described = {**settings.LOGGING["formatters"]["structured"]}
    described.pop("()")
    formatter = structlog.stdlib.ProcessorFormatter(
        **{**described, "processors": [*described["processors"][:1], *settings.LOG_RENDERING["json"]]}
    )
    try:
        raise ValueError("broken row")
    except ValueError:
        line = logging.LogRecord("celery.app.trace", logging.ERROR, "", 1, "Task failed", (), sys.exc_info())
    written = json.loads(formatter.format(line))
    assert written["event"] == "Task failed"
    assert written["exception"].startswith("Traceback (most recent call last)")
    assert written["exception"].endswith("ValueError: broken row")
