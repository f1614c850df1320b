"""Comments on a deal: who reads them, who is called, what stays of what was changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.discussion import actions
from portal.discussion.models import Comment, Revision
from portal.discussion.queries import mentioned, people
from portal.discussion.templatetags.discussion import said
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, UserFactory, make_member

SignIn = Callable[[Membership], Client]


@pytest.fixture
def deal(tenant: Tenant, partner_owner: Membership) -> Deal:
    with tenant_scope(tenant.pk):
        return DealFactory(partner=Partner.objects.get(pk=partner_owner.partner_id))


@pytest.fixture
def stranger(tenant: Tenant) -> Membership:
    """Of another partner."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=PartnerFactory(), user=UserFactory(name="Sam Strange"))


def posted(deal: Deal, text: str, by: Membership, **fields: object) -> Comment:
    with tenant_scope(by.tenant_id, by.partner_id):
        return actions.post(deal, text, by=by, **fields)


def named(member: Membership, name: str) -> Membership:
    member.user.name = name
    member.user.save()
    return member


def test_the_event_names_the_deal_and_who_was_called(
    deal: Deal, manager: Membership, partner_owner: Membership
):
    named(manager, "Anna de Vries")
    comment = posted(deal, "@anna de vries, can you look? CC @Nobody", partner_owner)
    with tenant_scope(deal.tenant_id):
        event = Event.objects.get(type="deal.commented")
    assert (event.subject_id, event.partner_id, event.actor_id) == (
        deal.pk,
        deal.partner_id,
        partner_owner.pk,
    )
    assert event.data == {
        "comment": str(comment.pk),
        "mentioned": [str(manager.pk)],
        "internal": False,
        "excerpt": "@anna de vries, can you look? CC @Nobody",
    }


def test_only_those_who_can_read_it_can_be_called(
    deal: Deal, manager: Membership, admin: Membership, partner_owner: Membership, stranger: Membership
):
    named(admin, "Ada Admin"), named(partner_owner, "Otto Owner")
    text = "@Ada Admin @Otto Owner @Sam Strange"

    def called(comment: Comment) -> list[str]:
        return [mention["name"] for mention in comment.mentions]

    assert called(posted(deal, text, manager)) == ["Ada Admin", "Otto Owner"]
    assert called(posted(deal, text, manager, internal=True)) == ["Ada Admin"]
    assert called(posted(deal, text, partner_owner)) == ["Ada Admin"]


def test_of_names_that_begin_alike_the_longest_is_meant(scoped: Tenant):
    ann, anna = (
        make_member(Role.CHANNEL_MANAGER, user=UserFactory(name=name))
        for name in ("Ann Lee", "Ann Lee-Smith")
    )
    assert mentioned("Hi @Ann Lee-Smith!", [ann, anna]) == [anna]
    assert mentioned("Hi @Ann Lee, @ann lee", [ann, anna]) == [ann]
    assert mentioned("mail x@Ann Lee or @Ann Leeds", [ann, anna]) == []


def test_the_database_keeps_internal_comments_and_other_partners_from_a_partner(
    deal: Deal, manager: Membership, partner_owner: Membership, stranger: Membership
):
    posted(deal, "Give them 20%?", manager, internal=True)
    shared = posted(deal, "Welcome", manager)
    for member, seen in ((partner_owner, [shared.pk]), (stranger, [])):
        with tenant_scope(deal.tenant_id, member.partner_id), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM discussion_comment")
            assert [row[0] for row in cursor.fetchall()] == seen
            cursor.execute("SELECT count(*) FROM events_event WHERE type = 'deal.commented'")
            assert cursor.fetchone() == (len(seen),)


def test_a_partner_cannot_write_an_internal_comment_or_on_anothers_deal(
    deal: Deal, partner_owner: Membership, stranger: Membership, client_as: SignIn
):
    assert posted(deal, "Secret", partner_owner, internal=True).partner_id == deal.partner_id
    with pytest.raises(PermissionDenied):
        posted(deal, "Hello", stranger)
    address = f"/acme/discussion/deals.deal/{deal.pk}/"
    assert client_as(stranger).post(address, {"text": "Hello"}).status_code == 404
    forged = {"partner_id": deal.partner_id, "subject_type": "deals.deal", "subject_id": deal.pk}
    with (
        tenant_scope(deal.tenant_id, stranger.partner_id),
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        Comment.objects.create(**forged, author=stranger, text="x")


def test_pages_post_change_and_delete(deal: Deal, partner_owner: Membership, client_as: SignIn):
    client, page = client_as(partner_owner), f"/acme/deals/{deal.pk}/"
    answer = client.post(f"/acme/discussion/deals.deal/{deal.pk}/", {"text": "First <b>try</b>"})
    with tenant_scope(deal.tenant_id):
        comment = Comment.objects.get()
    assert answer["Location"] == f"{page}#comment-{comment.pk}"
    assert "First &lt;b&gt;try&lt;/b&gt;" in client.get(page).content.decode()
    assert "First" in client.get(f"/acme/discussion/{comment.pk}/edit/").content.decode()
    client.post(f"/acme/discussion/{comment.pk}/edit/", {"text": "Second"})
    assert "Second" in client.get(page).content.decode()
    client.post(f"/acme/discussion/{comment.pk}/delete/")
    shown = client.get(page).content.decode()
    assert "This comment was deleted" in shown and "Second" not in shown
    with tenant_scope(deal.tenant_id):
        assert [revision.text for revision in Revision.objects.all()] == ["First <b>try</b>", "Second"]


def test_what_was_typed_is_not_lost_when_it_is_refused(
    deal: Deal, partner_owner: Membership, client_as: SignIn
):
    answer = client_as(partner_owner).post(f"/acme/discussion/deals.deal/{deal.pk}/", {"text": "y" * 5001})
    assert answer.status_code == 422
    assert "y" * 5001 in answer.content.decode()


def test_after_an_hour_and_by_others_nothing_is_changed(
    deal: Deal, partner_owner: Membership, admin: Membership
):
    comment = posted(deal, "Mine", partner_owner)
    with tenant_scope(deal.tenant_id), pytest.raises(PermissionDenied):
        actions.edit(comment, deal, "Theirs", by=admin)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=61)),
        tenant_scope(deal.tenant_id, deal.partner_id),
        pytest.raises(ActionRefused),
    ):
        actions.delete(comment, deal, by=partner_owner)


def test_the_history_of_a_comment_cannot_be_changed(deal: Deal, partner_owner: Membership):
    comment = posted(deal, "One", partner_owner)
    with tenant_scope(deal.tenant_id, deal.partner_id):
        actions.edit(comment, deal, "Two", by=partner_owner)
    with tenant_scope(deal.tenant_id), pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.update(text="Never said")


def test_a_change_calls_only_those_who_were_not_called_before(
    deal: Deal, manager: Membership, admin: Membership, partner_owner: Membership
):
    named(manager, "Anna Ames"), named(admin, "Ada Admin")
    comment = posted(deal, "@Anna Ames look", partner_owner)
    with tenant_scope(deal.tenant_id, deal.partner_id):
        actions.edit(comment, deal, "@Anna Ames and @Ada Admin look", by=partner_owner)
    with tenant_scope(deal.tenant_id):
        event = Event.objects.get(type="deal.comment_edited")
    assert event.data["mentioned"] == [str(admin.pk)]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a\nb", "a<br>b"),
        (
            "see https://example.com/?a=1&b=2",
            'see <a href="https://example.com/?a=1&amp;b=2" rel="nofollow noopener noreferrer">'
            "https://example.com/?a=1&amp;b=2</a>",
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ('https://x.example/"onmouseover="alert(1)', None),
    ],
)
def test_text_is_shown_as_text_and_links_are_safe(scoped: Tenant, text: str, html: str | None):
    shown = said(Comment(text=text))
    if html is None:
        assert '"onmouseover' not in shown.replace("%22onmouseover", "")
    else:
        assert shown == html


def test_a_mention_is_marked(scoped: Tenant):
    comment = Comment(text="Hi @Anna <x>", mentions=[{"id": "1", "name": "Anna"}])
    assert said(comment) == 'Hi <span class="mention">@Anna</span> &lt;x&gt;'


def test_the_page_costs_the_same_with_one_comment_and_with_three(
    deal: Deal, partner_owner: Membership, client_as: SignIn
):
    client, counts = client_as(partner_owner), []
    for more in (1, 2):
        for _ in range(more):
            posted(deal, "Hello", partner_owner)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/acme/deals/{deal.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_people_who_left_cannot_be_called(deal: Deal, manager: Membership, partner_owner: Membership):
    Membership.objects.filter(pk=manager.pk).update(is_active=False)
    with tenant_scope(deal.tenant_id, deal.partner_id):
        assert manager not in people(partner_owner, deal.partner_id)
