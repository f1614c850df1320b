"""Events of the programme: the audience, answers, the last place, attendance, and the partner's walls."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from partners.engagement import actions, queries
from partners.engagement.enums import Answer
from partners.engagement.models import Gathering, Guest
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member
from tests.importing import Importer


def an_event(manager: Membership, **fields: Any) -> Gathering:
    begins = timezone.now() + timedelta(days=10)
    fields = {
        "title": "Summit",
        "kind": "conference",
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=2),
        "place": "Utrecht",
    } | fields
    return actions.create_gathering(by=manager, **fields)


def guest_of(gathering: Gathering, member: Membership) -> Guest:
    return Guest.objects.select_related("gathering").get(gathering=gathering, member=member)


@pytest.mark.usefixtures("scoped")
def test_the_audience_is_by_type_and_region_of_partners_that_trade(manager: Membership) -> None:
    fits = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory(type=PartnerType.RESELLER, region="EMEA"))
    make_member(Role.PARTNER_MEMBER, partner=PartnerFactory(type=PartnerType.REFERRAL, region="EMEA"))
    make_member(Role.PARTNER_MEMBER, partner=PartnerFactory(type=PartnerType.RESELLER, region="APAC"))
    make_member(Role.PARTNER_MEMBER, partner=PartnerFactory(region="EMEA", status=PartnerStatus.SUSPENDED))
    event = an_event(manager, types=[PartnerType.RESELLER], regions=["EMEA"])
    assert actions.publish(event, by=manager) == 1
    assert [guest.member_id for guest in event.guests.all()] == [fits.pk]
    # Who comes later is invited later, once.
    late = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=fits.partner_id))
    assert [actions.invite_missing([late.partner_id]) for _time in range(2)] == [1, 0]
    nobody = an_event(manager, title="Empty", regions=["Nowhere"])
    with transaction.atomic(), pytest.raises(ActionRefused, match="Nobody is in the audience"):
        actions.publish(nobody, by=manager)


def test_an_event_for_nobody_stays_a_draft(
    tenant: Tenant, manager: Membership, client_as: Callable[..., Client]
) -> None:
    with tenant_scope(tenant.pk):
        event = an_event(manager, regions=["Nowhere"])
    client = client_as(manager)
    page = client.post(f"/acme/events/{event.pk}/invite/", follow=True).content.decode()
    assert "Nobody is in the audience" in page
    with tenant_scope(tenant.pk):
        event.refresh_from_db()
        assert not event.is_published
        assert not Event.objects.filter(type="gathering.published").exists()
        # One that has lost its guests has a page all the same.
        Gathering.objects.update(status="published")
    assert client.get(f"/acme/events/{event.pk}/").status_code == 200


def test_the_invited_are_told_by_mail_reminded_and_told_of_the_end(
    scoped: Tenant, manager: Membership, partner_owner: Membership
) -> None:
    event = an_event(manager)
    actions.publish(event, by=manager)
    dispatch_pending(scoped.pk)
    told = Notification.objects.filter(member=partner_owner, kind="engagement.invited")
    assert set(told.values_list("channel", flat=True)) == {"portal", "mail"}
    now = event.starts_at - timedelta(days=1)
    assert [actions.remind_of_gatherings(now, limit=5) for _night in range(2)] == [1, 0]
    actions.cancel(event, by=manager, reason="The hall burnt down")
    dispatch_pending(scoped.pk)
    news = Notification.objects.filter(member=partner_owner, kind="engagement.events", channel="portal")
    assert news.count() == 2
    with pytest.raises(ActionRefused, match="cannot do that"):
        actions.cancel(event, by=manager, reason="Again")
    assert mail.outbox is not None


@pytest.mark.usefixtures("scoped")
def test_the_last_place_and_a_change_of_mind(manager: Membership) -> None:
    partner = PartnerFactory()
    first, second = (make_member(Role.PARTNER_MEMBER, partner=partner) for _number in range(2))
    event = an_event(manager, capacity=1)
    actions.publish(event, by=manager)
    actions.answer(guest_of(event, first), True, by=first)
    with pytest.raises(ActionRefused, match="All places are taken"):
        actions.answer(guest_of(event, second), True, by=second)
    with pytest.raises(ActionRefused, match="their own invitation"):
        actions.answer(guest_of(event, first), False, by=second)
    actions.answer(guest_of(event, first), False, by=first)
    assert actions.answer(guest_of(event, second), True, by=second).answer == Answer.ACCEPTED
    with (
        time_machine.travel(event.starts_at + timedelta(minutes=1)),
        pytest.raises(ActionRefused, match="begun"),
    ):
        actions.answer(guest_of(event, first), True, by=first)


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_do_not_both_get_the_last_place() -> None:
    tenant = TenantFactory(slug="acme")
    with tenant_scope(tenant.pk):
        people = [make_member(Role.PARTNER_MEMBER, partner=PartnerFactory()) for _number in range(2)]
        manager = make_member(Role.CHANNEL_MANAGER)
        event = an_event(manager, capacity=1)
        actions.publish(event, by=manager)
    barrier, refused = threading.Barrier(2), []

    def accept(member: Membership) -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk, member.partner_id):
                actions.answer(guest_of(event, member), True, by=member)
        except ActionRefused as refusal:
            refused.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(member,)) for member in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with tenant_scope(tenant.pk):
        assert event.guests.filter(answer=Answer.ACCEPTED).count() == 1
    assert refused == ["full"]


def test_attendance_by_hand_by_file_and_by_api(
    tenant: Tenant,
    admin: Membership,
    partner_owner: Membership,
    importer: Importer,
    client_as: Callable[..., Client],
) -> None:
    colleague = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=partner_owner.partner_id))
    event = an_event(admin)
    actions.publish(event, by=admin)
    with pytest.raises(ActionRefused, match="not begun"):
        actions.record_attendance(event, {partner_owner.pk: True}, by=admin)
    begins = timezone.now() - timedelta(days=2)
    Gathering.objects.update(starts_at=begins, ends_at=begins + timedelta(hours=1))
    walk_in = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
    assert actions.record_attendance(event, {partner_owner.pk: True, walk_in.pk: True}, by=admin) == 2
    assert guest_of(event, walk_in).attended
    content = f"event,email,attended\nSummit,{colleague.user.email},yes\nSummit,{walk_in.user.email},no\n"
    run = importer.run("attendance", content)
    assert (run.counts["create"], run.counts["change"]) == (1, 1)
    assert [guest_of(event, member).attended for member in (partner_owner, colleague, walk_in)] == [
        True,
        True,
        False,
    ]
    told = Event.objects.filter(type="gathering.attended").values_list("partner_id", flat=True)
    assert set(told) == {partner_owner.partner_id, walk_in.partner_id}


def test_the_api_takes_attendance_by_address(
    tenant: Tenant, manager: Membership, partner_owner: Membership, client_as: Callable[..., Client]
) -> None:
    with tenant_scope(tenant.pk):
        event = an_event(manager)
        actions.publish(event, by=manager)
        begins = timezone.now() - timedelta(days=2)
        Gathering.objects.update(starts_at=begins, ends_at=begins + timedelta(hours=1))
    address = f"/acme/api/v1/events/{event.pk}/attendance/"
    client = client_as(manager)
    body = {"people": [{"email": partner_owner.user.email}]}
    assert client.post(address, body, content_type="application/json").status_code == 200
    unknown = client.post(address, {"people": [{"email": "x@example.com"}]}, content_type="application/json")
    assert unknown.status_code == 400
    with tenant_scope(tenant.pk):
        assert guest_of(event, partner_owner).attended


def test_a_partner_sees_its_own_invitations_and_writes_none(
    tenant: Tenant,
    manager: Membership,
    partner_owner: Membership,
    partner_member: Membership,
    client_as: Callable[..., Client],
) -> None:
    with tenant_scope(tenant.pk):
        own = Partner.objects.get(pk=partner_owner.partner_id)
        Partner.objects.filter(pk=own.pk).update(region="APAC")
        event = an_event(manager, regions=["APAC"])
        actions.publish(event, by=manager)
        draft = an_event(manager, title="Secret plans")
        with pytest.raises(PermissionDenied):
            actions.publish(draft, by=partner_owner)
    with tenant_scope(tenant.pk, partner_member.partner_id):
        assert not Gathering.objects.exists()
        assert not Guest.objects.exists()
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert [row.pk for row in Gathering.objects.all()] == [event.pk]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Guest.objects.update(attended=True)
    client = client_as(partner_owner)
    page = client.get("/acme/events/").content.decode()
    assert "Summit" in page
    assert "Secret plans" not in page
    assert client_as(partner_member).get(f"/acme/events/{event.pk}/").status_code == 404
    assert client.post(f"/acme/events/{event.pk}/answer/", {"answer": "accept"}).status_code == 302
    with tenant_scope(tenant.pk):
        assert guest_of(event, partner_owner).answer == Answer.ACCEPTED
        assert queries.left_for(event) is None
    for address in (f"/acme/events/{event.pk}/calendar.ics", "/acme/events/calendar.ics"):
        (found,) = Calendar.from_ical(client.get(address).content).walk("VEVENT")
        assert (found["SUMMARY"], found["LOCATION"], found["STATUS"]) == ("Summit", "Utrecht", "CONFIRMED")
