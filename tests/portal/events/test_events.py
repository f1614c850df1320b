from threading import Thread
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from partners.directory.models import Partner
from portal.events import consumers as registry
from portal.events.consumers import Consumer
from portal.events.dispatch import MAX_ATTEMPTS, dispatch_pending, pending_tenants
from portal.events.models import Event, PendingTenant
from portal.events.queries import failed_events, timeline
from portal.events.record import EventDraft, record, record_many
from portal.events.tasks import take_up_again
from portal.shell.registry import nightly_tasks
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What a consumer of `test.*`, the only one, was given."""
    events: list[Event] = []
    consumer = Consumer("test", ("test.*",), events.extend)
    monkeypatch.setattr(registry, "_consumers", {"test": consumer})
    return events


def replace_consumer(monkeypatch: pytest.MonkeyPatch, consume: object) -> None:
    monkeypatch.setattr(registry, "_consumers", {"test": Consumer("test", ("test.*",), consume)})


def record_in_scope(tenant: Tenant, *types: str) -> Partner:
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
        record_many([EventDraft(type_, partner, partner_id=partner.pk) for type_ in types])
    return partner


def test_a_consumer_gets_the_events_it_asked_for_in_order(tenant: Tenant, heard: list[Event]):
    record_in_scope(tenant, "test.first", "other.event", "test.second")
    dispatch_pending(tenant.pk)
    assert [event.type for event in heard] == ["test.first", "test.second"]
    with tenant_scope(tenant.pk):
        assert not Event.objects.filter(dispatched_at=None).exists()


def test_dispatching_again_hands_over_nothing(tenant: Tenant, heard: list[Event]):
    record_in_scope(tenant, "test.event")
    dispatch_pending(tenant.pk)
    dispatch_pending(tenant.pk)
    assert len(heard) == 1


def test_pending_work_is_known_until_it_is_done(tenant: Tenant, other_tenant: Tenant, heard: list[Event]):
    assert pending_tenants() == []
    record_in_scope(tenant, "test.event", "test.event")
    assert pending_tenants() == [tenant.pk]
    assert PendingTenant.objects.count() == 1
    dispatch_pending(tenant.pk)
    assert pending_tenants() == []


def test_nothing_is_recorded_when_the_action_fails(tenant: Tenant, heard: list[Event]):
    with pytest.raises(RuntimeError), tenant_scope(tenant.pk):
        record("test.event", subject=PartnerFactory())
        raise RuntimeError
    assert pending_tenants() == []
    with tenant_scope(tenant.pk):
        assert Event.objects.count() == 0


def test_an_event_after_a_rolled_back_savepoint_still_marks_the_tenant(scoped: Tenant):
    partner = PartnerFactory()
    with pytest.raises(RuntimeError), transaction.atomic():
        record("test.lost", subject=partner)
        raise RuntimeError
    record("test.kept", subject=partner)
    assert PendingTenant.objects.count() == 1


def test_one_bad_event_does_not_hold_up_the_others(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    heard: list[str] = []

    def refuse_one(events: list[Event]) -> None:
        for event in events:
            if event.type == "test.bad":
                raise ValueError("cannot digest this")
            heard.append(event.type)

    replace_consumer(monkeypatch, refuse_one)
    record_in_scope(tenant, "test.good", "test.bad", "test.better")
    dispatch_pending(tenant.pk)
    assert heard[-2:] == ["test.good", "test.better"]
    with tenant_scope(tenant.pk):
        (bad,) = failed_events()
        assert (bad.type, bad.attempts) == ("test.bad", 1)
        assert bad.last_error == "ValueError: cannot digest this"
        assert bad.retry_at > bad.occurred_at
    assert pending_tenants() == [tenant.pk]


def test_a_failed_event_comes_again_after_its_pause(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def refuse(events: list[Event]) -> None:
        raise ValueError("not yet")

    replace_consumer(monkeypatch, refuse)
    record_in_scope(tenant, "test.event")
    dispatch_pending(tenant.pk)
    heard: list[Event] = []
    replace_consumer(monkeypatch, heard.extend)
    dispatch_pending(tenant.pk)
    assert heard == []
    with tenant_scope(tenant.pk):
        Event.objects.update(retry_at=None)
    dispatch_pending(tenant.pk)
    assert len(heard) == 1
    assert pending_tenants() == []


def test_an_event_that_never_passes_is_given_up_and_stays_visible(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def refuse(events: list[Event]) -> None:
        raise ValueError("never")

    replace_consumer(monkeypatch, refuse)
    record_in_scope(tenant, "test.event")
    for _attempt in range(MAX_ATTEMPTS + 1):
        dispatch_pending(tenant.pk)
        with tenant_scope(tenant.pk):
            Event.objects.update(retry_at=None)
    with tenant_scope(tenant.pk):
        assert [event.attempts for event in failed_events()] == [MAX_ATTEMPTS]
    assert pending_tenants() == []


def test_what_was_given_up_is_tried_again_at_night(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def refuse(events: list[Event]) -> None:
        raise ValueError("until the next release")

    replace_consumer(monkeypatch, refuse)
    record_in_scope(tenant, "test.event")
    for _attempt in range(MAX_ATTEMPTS):
        dispatch_pending(tenant.pk)
        with tenant_scope(tenant.pk):
            Event.objects.update(retry_at=None)
    take_up_again(tenant_id=str(tenant.pk))
    assert pending_tenants() == [tenant.pk]
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert [event.attempts for event in failed_events()] == [MAX_ATTEMPTS]
    assert pending_tenants() == []
    heard: list[Event] = []
    replace_consumer(monkeypatch, heard.extend)
    take_up_again(tenant_id=str(tenant.pk))
    dispatch_pending(tenant.pk)
    assert [event.type for event in heard] == ["test.event"]
    assert pending_tenants() == []
    assert "events.take_up_again" in nightly_tasks()


def test_what_a_failing_consumer_wrote_is_undone(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def write_and_fail(events: list[Event]) -> None:
        PartnerFactory(name="half done")
        raise ValueError

    replace_consumer(monkeypatch, write_and_fail)
    record_in_scope(tenant, "test.event")
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert not Partner.objects.filter(name="half done").exists()


@pytest.mark.parametrize("statement", ["UPDATE events_event SET type = 'x'", "DELETE FROM events_event"])
def test_the_database_refuses_to_change_an_event(scoped: Tenant, statement: str):
    record("test.event", subject=PartnerFactory())
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_partner_session_records_and_reads_its_own_events_only(scoped: Tenant):
    ours, theirs = PartnerFactory(), PartnerFactory()
    record("test.theirs", subject=theirs, partner_id=theirs.pk)
    with tenant_scope(scoped.pk, ours.pk):
        record("test.ours", subject=ours, partner_id=ours.pk)
        assert [event.type for event in Event.objects.all()] == ["test.ours"]
        assert [event.type for event in timeline(theirs)] == []


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_do_not_hand_over_an_event_twice(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    heard: list[UUID] = []
    counts: list[int] = []

    def dispatch_once_more(events: list[Event]) -> None:
        heard.extend(event.pk for event in events)
        other = Thread(target=dispatch_and_close)
        other.start()
        other.join()

    def dispatch_and_close() -> None:
        try:
            counts.append(dispatch_pending(tenant.pk))
        finally:
            connection.close()

    replace_consumer(monkeypatch, dispatch_once_more)
    record_in_scope(tenant, "test.event")
    assert dispatch_pending(tenant.pk) == 1
    assert counts == [0]
    assert len(heard) == 1
    assert pending_tenants() == []


def test_a_batch_that_takes_too_long_comes_again_in_smaller_ones(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    sizes: list[int] = []

    def slow_when_many(events: list[Event]) -> None:
        sizes.append(len(events))
        if len(events) > 1:
            raise SoftTimeLimitExceeded

    replace_consumer(monkeypatch, slow_when_many)
    record_in_scope(tenant, *["test.event"] * 20)
    failures = 0
    while pending_tenants():
        try:
            dispatch_pending(tenant.pk)
        except SoftTimeLimitExceeded:
            failures += 1
    assert sizes[:failures] == [20, 20, 7][:failures]
    assert sizes[failures:] == [1] * 20


def test_one_event_that_always_takes_too_long_is_given_up(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def hang(events: list[Event]) -> None:
        raise SoftTimeLimitExceeded

    replace_consumer(monkeypatch, hang)
    record_in_scope(tenant, "test.event")
    for _message in range(MAX_ATTEMPTS + 5):
        try:
            dispatch_pending(tenant.pk)
        except SoftTimeLimitExceeded:
            with tenant_scope(tenant.pk):
                Event.objects.update(retry_at=None)
    with tenant_scope(tenant.pk):
        assert [event.attempts for event in failed_events()] == [MAX_ATTEMPTS]
    assert pending_tenants() == []
