"""Interactions: who logs, who reads, what is to be followed up, and what the partner never sees."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from partners.directory.models import Partner
from partners.engagement import actions, queries
from partners.engagement.models import ActiveDay, Interaction
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member
from tests.importing import Importer


@pytest.fixture
def partner(tenant: Tenant, partner_owner: Membership) -> Partner:
    with tenant_scope(tenant.pk):
        return Partner.objects.get(pk=partner_owner.partner_id)


def log(partner: Partner, by: Membership, **fields: Any) -> Interaction:
    fields = {"kind": "call", "happened_at": timezone.now(), "subject": "Renewal"} | fields
    return actions.log_interaction(partner, by=by, **fields)


def test_the_partner_reads_what_is_shared_and_nothing_internal(
    tenant: Tenant,
    manager: Membership,
    partner_owner: Membership,
    partner: Partner,
    client_as: Callable[..., Client],
) -> None:
    with tenant_scope(tenant.pk):
        shared, internal = log(partner, manager), log(partner, manager, internal=True, subject="Not trusted")
        others = log(PartnerFactory(), manager, subject="Elsewhere")
        assert set(queries.visible_interactions(manager)) == {shared, internal, others}
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert list(Interaction.objects.all()) == [shared]
        # What the audit trail keeps of an internal one is the vendor's as well.
        assert not Event.objects.filter(type="interaction.logged", subject_id=internal.pk).exists()
    client = client_as(partner_owner)
    for address in ("/acme/interactions/", f"/acme/partners/{partner.pk}/", "/acme/search/?q=trusted"):
        page = client.get(address).content.decode()
        assert "Not trusted" not in page
        assert "Elsewhere" not in page
    assert client.get(f"/acme/interactions/{internal.pk}/").status_code == 404
    assert client.get(f"/acme/interactions/{shared.pk}/").status_code == 200
    text = b"".join(client.get("/acme/interactions/?export=csv").streaming_content).decode()
    assert text.count("Renewal") == 1


@pytest.mark.usefixtures("scoped")
def test_what_is_refused(manager: Membership, partner_owner: Membership, partner: Partner) -> None:
    other = PartnerFactory()
    stranger = make_member(Role.PARTNER_MEMBER, partner=other)
    due = {"follow_up": "Send the offer", "follow_up_due": date(2026, 12, 1)}
    for by, fields, message in (
        (manager, {"happened_at": timezone.now() + timedelta(hours=1)}, "lies ahead"),
        (manager, {"subject": "  "}, "what it was about"),
        (manager, {"deal": DealFactory(partner=other)}, "another partner's"),
        (manager, {"follow_up": "Send the offer"}, "who follows up"),
        (manager, due | {"follow_up_owner": stranger}, "cannot read"),
        (manager, due | {"follow_up_owner": partner_owner, "internal": True}, "cannot read"),
    ):
        with pytest.raises(ActionRefused, match=message):
            log(partner, by, **fields)
    with pytest.raises(PermissionDenied):
        log(other, partner_owner)
    with pytest.raises(PermissionDenied):
        log(partner, partner_owner, internal=True)
    assert not Interaction.objects.exists()


def test_a_follow_up_is_somebodys_is_reminded_of_and_gets_done(
    scoped: Tenant, manager: Membership, partner_owner: Membership, partner: Partner
) -> None:
    today = timezone.localdate()
    interaction = log(
        partner, manager, follow_up="Send the offer", follow_up_owner=partner_owner, follow_up_due=today
    )
    assert list(queries.my_follow_ups(partner_owner)) == [interaction]
    dispatch_pending(scoped.pk)
    told = Notification.objects.filter(member=partner_owner, kind="engagement.follow_ups")
    assert told.filter(channel="portal").count() == 1
    assert [actions.remind_of_follow_ups(today, limit=10) for _night in range(2)] == [1, 0]
    later = today + timedelta(days=1)
    assert [actions.remind_of_follow_ups(later, limit=10) for _night in range(2)] == [1, 0]
    colleague = make_member(Role.PARTNER_MEMBER, partner=partner)
    with pytest.raises(PermissionDenied):
        actions.finish_follow_up(interaction, by=colleague)
    actions.finish_follow_up(interaction, by=partner_owner)
    assert list(queries.my_follow_ups(partner_owner)) == []
    state = queries.with_state(queries.visible_interactions(manager), later).get().state
    assert state == "done"


@pytest.mark.usefixtures("scoped")
def test_who_logged_it_corrects_it_and_takes_it_out(
    manager: Membership, admin: Membership, partner_owner: Membership, partner: Partner
) -> None:
    interaction = log(partner, partner_owner)
    with pytest.raises(PermissionDenied):
        actions.change_interaction(interaction, by=manager, subject="Mine now")
    actions.change_interaction(interaction, by=partner_owner, subject="Contract")
    actions.remove_interaction(interaction, by=admin)
    assert not queries.visible_interactions(manager).exists()


def test_a_form_keeps_what_was_typed_and_logs(
    tenant: Tenant, manager: Membership, partner: Partner, client_as: Callable[..., Client]
) -> None:
    client, address = client_as(manager), f"/acme/partners/{partner.pk}/interactions/new/"
    data = {"kind": "meeting", "happened_at": "2026-03-02T10:00", "subject": "Plan", "people": "Ada, Bob"}
    wrong = client.post(address, data | {"follow_up": "Write to <them>"})
    assert wrong.status_code == 422
    assert "Write to &lt;them&gt;" in wrong.content.decode()
    assert client.post(address, data).status_code == 302
    with tenant_scope(tenant.pk):
        interaction = Interaction.objects.get()
        assert (interaction.people, interaction.partner_id) == (["Ada", "Bob"], partner.pk)
    assert "Plan" in client.get(f"/acme/partners/{partner.pk}/").content.decode()


def test_the_list_asks_no_more_for_three_than_for_one(
    tenant: Tenant,
    manager: Membership,
    partner: Partner,
    client_as: Callable[..., Client],
    django_assert_max_num_queries: Any,
) -> None:
    client = client_as(manager)
    counts = []
    for number in (1, 2):
        with tenant_scope(tenant.pk):
            for _one in range(number):
                log(partner, manager)
        client.get("/acme/interactions/")
        with django_assert_max_num_queries(30) as asked:
            client.get("/acme/interactions/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_interactions_come_in_from_a_file_once(importer: Importer, partner: Partner) -> None:
    content = (
        "id,partner,type,date,subject,notes\n"
        f"I1,{partner.name},Phone call,2026-03-02,Renewal,All well\n"
        f"I2,{partner.name},Visit,2999-03-02,Ahead,\n"
    )
    run = importer.run("interactions", content)
    assert (run.counts["create"], run.counts["refuse"]) == (1, 1)
    interaction = Interaction.objects.get()
    assert (interaction.kind, interaction.partner_id, interaction.text) == ("call", partner.pk, "All well")
    assert importer.check("interactions", content).counts["skip"] == 1
    assert Event.objects.get(type="interactions.imported").partner_id == partner.pk


def test_the_api_logs_and_reads(
    tenant: Tenant,
    partner_owner: Membership,
    manager: Membership,
    partner: Partner,
    client_as: Callable[..., Client],
) -> None:
    body = {"kind": "mail", "happened_at": "2026-03-02T10:00:00Z", "subject": "Hello"}
    client = client_as(partner_owner)
    made = client.post("/acme/api/v1/interactions/", body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["partner"] == str(partner.pk)
    forbidden = client.post(
        "/acme/api/v1/interactions/", body | {"internal": True}, content_type="application/json"
    )
    assert forbidden.status_code == 403
    nobody = client_as(manager).post("/acme/api/v1/interactions/", body, content_type="application/json")
    assert nobody.status_code == 400


def test_a_person_is_noted_once_a_day_and_programs_never(
    tenant: Tenant,
    partner_owner: Membership,
    manager: Membership,
    client_as: Callable[..., Client],
    settings: Any,
) -> None:
    settings.NOTES_PRESENCE = True
    client = client_as(partner_owner)
    assert [client.get("/acme/").status_code for _page in range(2)] == [200, 200]
    client_as(manager).get("/acme/")
    with tenant_scope(tenant.pk):
        row = ActiveDay.objects.get()
        assert (row.member_id, row.day) == (partner_owner.pk, timezone.localdate(timezone=tenant.zone))
        assert not actions.note_presence(partner_owner, row.day)
        assert Event.objects.filter(type="activity.seen").count() == 1
