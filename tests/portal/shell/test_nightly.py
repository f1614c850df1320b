"""The nightly round: once a night and tenant, where it is night, whatever happens meanwhile."""

import datetime as dt

import pytest
import time_machine
from kombu.exceptions import OperationalError

from portal.shell import tasks
from portal.tenancy.models import Tenant
from tests.factories import TenantFactory

NIGHT = dt.datetime(2026, 3, 3, 2, 5, tzinfo=dt.UTC)
AN_HOUR = dt.timedelta(hours=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The slugs of the tenants whose nightly tasks were sent."""
    slugs: list[str] = []
    monkeypatch.setattr(tasks, "send_nightly", lambda tenant: slugs.append(tenant.slug))
    return slugs


def test_each_tenant_has_one_round_a_night_from_two_where_it_is(tenant: Tenant, sent: list[str]) -> None:
    TenantFactory(slug="nippon", time_zone="Asia/Tokyo")
    with time_machine.travel(NIGHT - AN_HOUR, tick=False) as clock:
        tasks.nightly()
        assert sent == ["nippon"]
        for _hour in range(3):
            clock.shift(AN_HOUR)
            tasks.nightly()
        assert sorted(sent) == ["acme", "nippon"]
        clock.shift(dt.timedelta(days=1))
        tasks.nightly()
    assert sorted(sent) == ["acme", "acme", "nippon", "nippon"]


def test_a_round_that_was_interrupted_is_made_in_the_next_hour(
    tenant: Tenant, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(tenant: Tenant) -> None:
        raise OperationalError("The broker is away.")

    with time_machine.travel(NIGHT, tick=False) as clock:
        with monkeypatch.context() as patch, pytest.raises(OperationalError):
            patch.setattr(tasks, "send_nightly", away)
            tasks.nightly()
        clock.shift(AN_HOUR)
        tasks.nightly()
    assert sent == ["acme"]
