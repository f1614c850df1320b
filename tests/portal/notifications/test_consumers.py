"""Who is told what, and how often."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.notifications.actions import mark_all_read, save_choices
from portal.notifications.choices import Choice
from portal.notifications.consumers import notify
from portal.notifications.enums import Channel
from portal.notifications.models import DIGEST, Letter, Notification
from portal.notifications.queries import lines, shown_to, unread_count
from portal.shell.notices import ByMail, kind_of
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.portal.notifications.conftest import News


def texts(member: Membership) -> list[str]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return [line["text"] for line in lines(shown_to(member), "acme")]


def test_an_event_is_told_in_the_portal_and_put_into_a_letter(tenant: Tenant, news: News, seller: Membership):
    news.happen("Rain")
    assert texts(seller) == ["Rain has happened"]
    with tenant_scope(tenant.pk):
        (letter,) = Letter.objects.all()
        assert (letter.member_id, letter.kind, letter.state) == (seller.pk, "test.news", "collecting")
        assert letter.notifications.count() == 1


def test_the_same_event_again_tells_nothing_again(tenant: Tenant, news: News, seller: Membership):
    news.happen("Rain", "Snow", "Hail", "Wind")
    with tenant_scope(tenant.pk):
        before = list(Notification.objects.order_by("id").values())
        notify(list(Event.objects.filter(type="test.happened")))
        assert list(Notification.objects.order_by("id").values()) == before
        assert Letter.objects.count() == 1


def test_the_database_holds_that_an_event_is_told_once(tenant: Tenant, news: News):
    news.happen("Rain")
    with tenant_scope(tenant.pk):
        row = Notification.objects.filter(channel=Channel.PORTAL).get()
        row.pk, row._state.adding = None, True
        with pytest.raises(IntegrityError, match="notifications_notification_once"), transaction.atomic():
            Notification.objects.create(
                event=row.event,
                member=row.member,
                partner_id=row.partner_id,
                channel=row.channel,
                kind=row.kind,
            )


def test_who_acted_is_not_told(news: News, seller: Membership):
    news.happen("Rain", by=seller)
    assert texts(seller) == []


def test_who_has_no_access_any_more_is_not_told(tenant: Tenant, news: News, seller: Membership):
    with tenant_scope(tenant.pk):
        gone = make_member(Role.PARTNER_MEMBER, partner=news.partner, is_active=False)
        locked_out = make_member(Role.PARTNER_MEMBER, partner=news.partner)
        locked_out.user.is_active = False
        locked_out.user.save()
    news.members |= {gone.pk, locked_out.pk}
    news.happen("Rain")
    with tenant_scope(tenant.pk):
        assert set(Notification.objects.values_list("member_id", flat=True)) == {seller.pk}


def test_a_partners_member_is_never_told_another_partners_news(
    tenant: Tenant, news: News, seller: Membership, manager: Membership
):
    """Even when an app's audience is wrong."""
    with tenant_scope(tenant.pk):
        rival = PartnerFactory(name="Theirs")
        spy = make_member(Role.PARTNER_OWNER, partner=rival)
    news.members |= {spy.pk, manager.pk}
    news.happen("Rain")
    assert texts(spy) == []
    assert texts(manager) == ["Rain has happened"]
    with tenant_scope(tenant.pk, rival.pk):
        assert list(Notification.objects.all()) == []
    with tenant_scope(tenant.pk, news.partner.pk):
        assert {row.member_id for row in Notification.objects.all()} == {seller.pk}


def test_a_kind_is_only_for_its_roles(tenant: Tenant, news: News, manager: Membership):
    waiting = kind_of("deals.decided")
    assert waiting is not None
    assert Role.CHANNEL_MANAGER not in waiting.roles


def test_switched_off_kinds_are_not_told(tenant: Tenant, news: News, seller: Membership):
    kind = kind_of("test.news")
    assert kind is not None
    with tenant_scope(tenant.pk, seller.partner_id):
        save_choices(seller, [(kind, Choice(False, ByMail.NEVER))])
    news.happen("Rain")
    with tenant_scope(tenant.pk):
        assert Notification.objects.count() == Letter.objects.count() == 0
    with tenant_scope(tenant.pk, seller.partner_id):
        save_choices(seller, [(kind, Choice(False, ByMail.DIGEST))])
    news.happen("Snow")
    with tenant_scope(tenant.pk):
        (row,) = Notification.objects.all()
        assert (row.channel, row.letter.kind) == (Channel.MAIL, DIGEST)


def test_many_at_once_are_one_row_and_one_letter(tenant: Tenant, news: News, seller: Membership):
    news.happen(*(f"Drop {number}" for number in range(1200)))
    assert texts(seller) == ["1200 things have happened"]
    with tenant_scope(tenant.pk):
        assert unread_count(seller) == 1
        assert Letter.objects.count() == 1
        assert Notification.objects.filter(channel=Channel.MAIL).count() == 1200


def test_what_comes_soon_after_many_is_counted_with_them(tenant: Tenant, news: News, seller: Membership):
    news.happen("a", "b", "c", "d")
    news.happen("e")
    assert texts(seller) == ["5 things have happened"]
    with tenant_scope(tenant.pk):
        mark_all_read(by=seller)
    news.happen("f")
    assert texts(seller) == ["f has happened", "5 things have happened"]


def test_a_few_stand_singly(news: News, seller: Membership):
    news.happen("a", "b", "c")
    assert texts(seller) == ["c has happened", "b has happened", "a has happened"]


def test_what_happened_long_ago_is_no_news(tenant: Tenant, news: News, seller: Membership):
    with tenant_scope(tenant.pk):
        old = Event(
            type="test.happened",
            subject_type="directory.partner",
            subject_id=news.partner.pk,
            partner_id=news.partner.pk,
            data={"name": "Ice age"},
            occurred_at=timezone.now() - timedelta(days=8),
        )
        old.save()
        notify([old])
    assert texts(seller) == []


def test_how_many_queries_do_not_depend_on_how_many_events(
    tenant: Tenant, news: News, django_assert_max_num_queries: object
):
    with tenant_scope(tenant.pk):
        news.members |= {make_member(Role.PARTNER_MEMBER, partner=news.partner).pk for _ in range(5)}
    news.happen("warm")
    with tenant_scope(tenant.pk):
        for name in range(300):
            Event.objects.create(
                type="test.happened",
                subject_type="directory.partner",
                subject_id=news.partner.pk,
                partner_id=news.partner.pk,
                data={"name": str(name)},
                dispatched_at=timezone.now(),
            )
        events = list(Event.objects.filter(data__name__in=[str(name) for name in range(300)]))
        assert len(events) == 300
        with django_assert_max_num_queries(20):
            notify(events)
