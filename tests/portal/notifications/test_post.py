"""Letters on their way: to a real mail server on a socket, through every way in which that may fail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.notifications import letters
from portal.notifications.actions import read_stop_token, save_choices, stop_token
from portal.notifications.choices import Choice, Choices
from portal.notifications.enums import TRANSITIONS, LetterState
from portal.notifications.models import DIGEST, Alarm, Letter
from portal.notifications.post import _Post, post_due
from portal.notifications.tasks import sweep
from portal.shell.notices import ByMail, kind_of
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_member
from tests.portal.notifications.conftest import News
from tests.portal.notifications.mailserver import MailServer, mail_server

S = LetterState


@pytest.fixture
def server(settings: object) -> Iterator[MailServer]:
    with mail_server() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        settings.EMAIL_TIMEOUT = 3
        yield found


def make_due(tenant: Tenant) -> None:
    """As if the seconds in which letters collect were over."""
    with tenant_scope(tenant.pk):
        Letter.objects.filter(state__in=[S.COLLECTING, S.RETRY]).update(due_at=timezone.now())
    Alarm.objects.update(at=timezone.now())


def letter_of(tenant: Tenant) -> Letter:
    with tenant_scope(tenant.pk):
        return Letter.objects.get()


def post(tenant: Tenant) -> Letter:
    make_due(tenant)
    post_due(tenant.pk)
    return letter_of(tenant)


def test_a_letter_reaches_the_mail_server_in_the_tenants_brand(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    tenant.sender_name, tenant.colour, tenant.time_zone = "Acme Partners", "#7a1fa2", "Europe/Amsterdam"
    tenant.save()
    news.happen("Rain & <b>snow</b>")
    letter = post(tenant)
    assert (letter.state, letter.attempts, letter.error) == (S.SENT, 1, "")
    (message,) = server.taken
    assert server.receivers == [seller.user.email]
    assert message["From"] == "Acme Partners <portal@localhost>"
    assert message["Subject"] == "Rain & <b>snow</b> has happened"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert "Rain & <b>snow</b> has happened" in text
    assert "Rain &amp; &lt;b&gt;snow&lt;/b&gt; has happened" in html
    assert "#7a1fa2" in html
    assert "http://localhost:8000/acme/deals/" in text
    with tenant_scope(tenant.pk):
        at = letter.notifications.get().created_at.astimezone(tenant.zone)
    assert f"{at:%H:%M}" in text


def test_a_letter_speaks_its_readers_language(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    seller.user.language = "nl"
    seller.user.save()
    news.happen("Regen")
    post(tenant)
    (message,) = server.taken
    assert '<html lang="nl">' in message.get_body(("html",)).get_content()


def test_many_events_are_one_letter_with_their_number(tenant: Tenant, news: News, server: MailServer):
    news.happen(*(f"Drop {number}" for number in range(500)))
    post(tenant)
    (message,) = server.taken
    assert message["Subject"] == "500 things have happened"
    assert "and 492 more" in message.get_body(("plain",)).get_content()


def test_a_second_letter_of_a_kind_waits_until_some_minutes_after_the_first(
    tenant: Tenant, news: News, server: MailServer
):
    news.happen("Rain")
    sent_at = post(tenant).sent_at
    news.happen("Snow")
    with tenant_scope(tenant.pk):
        second = Letter.objects.get(state=S.COLLECTING)
    assert second.due_at == sent_at + letters.PAUSE_BETWEEN


def test_posting_again_sends_nothing_again(tenant: Tenant, news: News, server: MailServer):
    news.happen("Rain")
    post(tenant)
    make_due(tenant)
    post_due(tenant.pk)
    assert len(server.taken) == 1
    assert letters.tenants_due(timezone.now()) == []


@pytest.mark.parametrize("stage", ["on_rcpt", "on_data"])
def test_a_server_that_is_busy_is_asked_again_with_growing_pauses(
    tenant: Tenant, news: News, server: MailServer, stage: str
):
    getattr(server, stage).extend([b"451 later"] * 3)
    news.happen("Rain")
    pauses = []
    for _attempt in range(3):
        before = timezone.now()
        letter = post(tenant)
        assert letter.state == S.RETRY
        assert "451" in letter.error
        pauses.append(round((letter.due_at - before).total_seconds() / 30))
    assert pauses == [1, 2, 4]
    assert letters.tenants_due(letter.due_at) == [tenant.pk]
    assert post(tenant).state == S.SENT
    assert len(server.taken) == 1


def test_every_attempt_has_the_same_message_id(tenant: Tenant, news: News, server: MailServer):
    server.on_data.append(b"")  # takes the letter and hangs up
    news.happen("Rain")
    letter = post(tenant)
    with tenant_scope(tenant.pk):
        assert letters.try_again(letter)
    post(tenant)
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"] == f"<letter-{letter.pk}@localhost>"


def test_a_refused_receiver_is_a_failure_that_can_be_seen(
    tenant: Tenant, news: News, server: MailServer, admin: Membership, client_as: object
):
    server.on_rcpt.append(b"550 no such person")
    news.happen("Rain")
    letter = post(tenant)
    assert (letter.state, letter.attempts) == (S.FAILED, 1)
    page = client_as(admin).get("/acme/notifications/letters/").content.decode()
    assert "no such person" in page
    client_as(admin).post(f"/acme/notifications/letters/{letter.pk}/again/")
    assert post(tenant).state == S.SENT


def test_a_server_that_is_away_is_tried_ten_times(tenant: Tenant, news: News, settings: object):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    news.happen("Rain")
    states = [post(tenant).state for _attempt in range(10)]
    assert states == [S.RETRY] * 9 + [S.FAILED]
    assert post(tenant).attempts == 10


def test_a_connection_that_breaks_in_the_middle_is_not_tried_again(
    tenant: Tenant, news: News, server: MailServer
):
    """The server has taken the letter, and its answer is lost."""
    server.on_data.append(b"")
    news.happen("Rain")
    assert post(tenant).state == S.UNCONFIRMED
    assert post(tenant).state == S.UNCONFIRMED
    assert len(server.taken) == 1


class Killed(BaseException):
    """The process is gone: no code of it runs any more."""


def kill(*args: object, **kwargs: object) -> None:
    raise Killed


def abandon(tenant: Tenant) -> None:
    """A minute later."""
    with tenant_scope(tenant.pk):
        Letter.objects.update(claimed_at=timezone.now() - letters.ABANDONED_AFTER - timedelta(seconds=1))


def test_a_worker_killed_between_claim_and_hand_over_loses_nothing(
    tenant: Tenant, news: News, server: MailServer, monkeypatch: pytest.MonkeyPatch
):
    news.happen("Rain")
    make_due(tenant)
    with monkeypatch.context() as patch:
        patch.setattr(letters, "hand_over", kill)
        with pytest.raises(Killed):
            post_due(tenant.pk)
    assert letter_of(tenant).state == S.CLAIMED
    post_due(tenant.pk)
    assert server.taken == []
    abandon(tenant)
    post_due(tenant.pk)
    assert letter_of(tenant).state == S.SENT
    assert len(server.taken) == 1


def test_a_worker_killed_after_the_hand_over_sends_nothing_twice(
    tenant: Tenant, news: News, server: MailServer, monkeypatch: pytest.MonkeyPatch
):
    news.happen("Rain")
    make_due(tenant)
    with monkeypatch.context() as patch:
        patch.setattr(letters, "sent", kill)
        with pytest.raises(Killed):
            post_due(tenant.pk)
    assert letter_of(tenant).state == S.HANDED_OVER
    abandon(tenant)
    post_due(tenant.pk)
    assert letter_of(tenant).state == S.UNCONFIRMED
    assert len(server.taken) == 1


def test_an_abandoned_letter_rings_an_alarm(tenant: Tenant, news: News):
    news.happen("Rain")
    make_due(tenant)
    claimed = letters.claim(tenant.pk, timezone.now())
    Alarm.objects.filter(at__lte=timezone.now()).delete()
    assert claimed is not None
    assert letters.tenants_due(timezone.now()) == []
    assert letters.tenants_due(timezone.now() + letters.ABANDONED_AFTER) == [tenant.pk]


def test_a_slow_worker_whose_claim_was_taken_away_stops(tenant: Tenant, news: News, server: MailServer):
    news.happen("Rain")
    make_due(tenant)
    slow = letters.claim(tenant.pk, timezone.now())
    assert slow is not None
    abandon(tenant)
    post_due(tenant.pk)
    with _Post() as late:
        late.deliver(slow)
    assert len(server.taken) == 1
    assert letter_of(tenant).state == S.SENT


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_letter_once(tenant: Tenant, news: News, server: MailServer):
    with tenant_scope(tenant.pk):
        news.members |= {make_member(Role.PARTNER_MEMBER, partner=news.partner).pk for _ in range(20)}
    news.happen("Rain")
    make_due(tenant)

    def work() -> None:
        try:
            post_due(tenant.pk)
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(server.taken) == len(set(server.receivers)) == 21


def test_who_has_left_meanwhile_gets_no_letter(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    news.happen("Rain")
    seller.is_active = False
    seller.save()
    assert post(tenant).state == S.SKIPPED
    assert server.taken == []


def test_who_has_moved_to_another_partner_gets_no_letter_about_the_former(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    news.happen("Rain")
    with tenant_scope(tenant.pk):
        seller.partner_id = Partner.objects.create(number="P-2", name="Elsewhere").pk
        seller.save()
    assert post(tenant).state == S.SKIPPED


def test_what_was_switched_off_meanwhile_is_not_sent(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    news.happen("Rain")
    kind = kind_of("test.news")
    assert kind is not None
    with tenant_scope(tenant.pk):
        save_choices(seller, [(kind, Choice(True, ByMail.NEVER))])
    assert post(tenant).state == S.SKIPPED
    assert server.taken == []


def test_the_digest_comes_in_the_tenants_morning(
    tenant: Tenant, news: News, seller: Membership, server: MailServer
):
    tenant.time_zone = "America/New_York"
    tenant.save()
    kind = kind_of("test.news")
    assert kind is not None
    with tenant_scope(tenant.pk):
        save_choices(seller, [(kind, Choice(True, ByMail.DIGEST))])
    with time_machine.travel(datetime(2026, 11, 24, 13, 0, tzinfo=UTC)):  # eight in the morning there
        news.happen("Rain")
        news.happen("Snow")
        assert letter_of(tenant).due_at == datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    post(tenant)
    (message,) = server.taken
    assert message["Subject"] == "2 updates from Acme"
    text = message.get_body(("plain",)).get_content()
    assert text.index("Rain") < text.index("Snow")


def test_mail_programs_can_unsubscribe_without_signing_in(
    tenant: Tenant, news: News, seller: Membership, server: MailServer, client: object
):
    news.happen("Rain")
    post(tenant)
    (message,) = server.taken
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"].strip().strip("<>")
    path = link.removeprefix("http://localhost:8000")
    assert read_stop_token(path.rstrip("/").rpartition("/")[2]) == (seller.pk, "test.news")
    assert client.get(path).status_code == 200
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    with tenant_scope(tenant.pk):
        Letter.objects.all().delete()
    news.happen("Snow")
    with tenant_scope(tenant.pk):
        assert Letter.objects.count() == 0


def test_the_digests_link_stops_what_comes_in_it_and_nothing_else(
    tenant: Tenant, news: News, seller: Membership, client: object
):
    client.post(f"/acme/notifications/stop/{stop_token(seller.pk, DIGEST)}/")
    with tenant_scope(tenant.pk):
        choices = Choices([seller.pk])
        assert choices.of(seller.pk, kind_of("test.news")).mail == ByMail.AT_ONCE
        assert choices.of(seller.pk, kind_of("earnings.posted")).mail == ByMail.NEVER


def test_a_forged_link_stops_nothing(tenant: Tenant, client: object):
    assert client.post("/acme/notifications/stop/forged/").status_code == 404


def test_a_link_of_another_vendors_member_stops_nothing(
    tenant: Tenant, other_tenant: Tenant, seller: Membership, client: object
):
    assert client.post(f"/globex/notifications/stop/{stop_token(seller.pk, DIGEST)}/").status_code == 404


def test_the_sweep_finds_tenants_with_letters_that_are_due(
    tenant: Tenant, news: News, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    called: list[str] = []
    monkeypatch.setattr(
        "portal.notifications.tasks.post.delay", lambda **sent: called.append(sent["tenant_id"])
    )
    news.happen("Rain")
    sweep()
    assert called == []
    make_due(tenant)
    sweep()
    assert called == [str(tenant.pk)]


def test_only_what_was_surely_not_taken_is_tried_again():
    again = {state for state, after in TRANSITIONS.items() if S.CLAIMED in after}
    assert again == {S.COLLECTING, S.RETRY}
    assert S.CLAIMED not in TRANSITIONS[S.HANDED_OVER]


def test_outside_a_socket_the_letters_are_whole_as_well(tenant: Tenant, news: News):
    news.happen("Rain")
    assert post(tenant).state == S.SENT
    (message,) = mail.outbox
    assert message.extra_headers["Message-ID"].startswith("<letter-")
