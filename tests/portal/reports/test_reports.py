"""Views that are kept, shared and opened, and reports that go out once, to whom they may."""

import datetime as dt
import io
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.enums import LetterState
from portal.notifications.models import Alarm, Letter
from portal.notifications.post import post_due
from portal.reports import actions, queries
from portal.reports.enums import Frequency
from portal.reports.models import Recipient, ReportsDue, SavedView, Schedule
from portal.reports.tasks import sweep
from portal.reports.times import next_time
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WON = "stage=won&sort=number"


@pytest.fixture
def view(tenant: Tenant, manager: Membership) -> SavedView:
    """The manager's view of the won deals, not shared."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Ours")
        won_deal(partner, 300_00, dt.date(2026, 3, 2), title="Large one")
        DealFactory(partner=partner, title="Still open")
        return actions.keep_view(by=manager, name="Won deals", page="deals:list", query=WON)


def scheduled(view: SavedView, by: Membership, *others: Membership, **given: object) -> Schedule:
    wanted = {"frequency": Frequency.WEEKLY, "weekday": 0, "hour": 7, "file_kind": "csv"} | given
    return actions.schedule_report(view, by=by, recipients=[by, *others], **wanted)


def fall_due(tenant: Tenant) -> int:
    """As if the moment had come: announce, dispatch, and post what was written."""
    with tenant_scope(tenant.pk):
        moment = timezone.now() - dt.timedelta(seconds=1)
        Schedule.objects.update(next_at=moment)
        ReportsDue.objects.update(at=moment)
        sent = actions.send_due()
    deliver(tenant)
    return sent


def deliver(tenant: Tenant) -> None:
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        Letter.objects.filter(state=LetterState.COLLECTING).update(due_at=timezone.now())
    Alarm.objects.update(at=timezone.now())
    post_due(tenant.pk)


def letters() -> dict[str, mail.EmailMultiAlternatives]:
    return {message.to[0]: message for message in mail.outbox if "report" in message.subject.lower()}


# --- views -------------------------------------------------------------------------------------


def test_a_list_is_kept_opened_by_its_link_renamed_and_deleted_after_a_question(
    client_as: SignIn, tenant: Tenant, manager: Membership, view: SavedView
):
    client = client_as(manager)
    page = client.get(f"/acme/deals/?{WON}&page=1&export=").content.decode()
    assert "/acme/views/keep/?page=deals%3Alist&amp;query=stage%3Dwon%26sort%3Dnumber" in page
    answer = client.post(
        "/acme/views/keep/?page=deals:list&query=stage%3Dwon%26page%3D3",
        {"name": "Mine", "columns": ["partner", "amount"]},
    )
    with tenant_scope(tenant.pk):
        kept = SavedView.objects.get(name="Mine")
    assert answer.status_code == 302
    assert "page=" not in kept.query
    opened = client.get(f"/acme/views/{kept.pk}/", follow=True)
    assert opened.redirect_chain[0][0].startswith("/acme/deals/?stage=won")
    text = opened.content.decode()
    assert "Large one" in text
    assert "Still open" not in text
    headings = {heading.label for heading in opened.context["table"].headings()}
    assert headings == {"Deal", "Partner", "Expected"}
    renamed = client.post(f"/acme/views/{kept.pk}/settings/", {"name": "Won", "shared": "on"})
    assert renamed.status_code == 302
    with tenant_scope(tenant.pk):
        kept.refresh_from_db()
    assert (kept.name, kept.shared) == ("Won", True)
    assert "Delete this view?" in client.get(f"/acme/views/{kept.pk}/delete/").content.decode()
    client.post(f"/acme/views/{kept.pk}/delete/")
    with tenant_scope(tenant.pk):
        assert list(SavedView.objects.values_list("name", flat=True)) == ["Won deals"]


def test_a_name_is_given_once_and_what_was_typed_stays(
    client_as: SignIn, manager: Membership, view: SavedView
):
    answer = client_as(manager).post("/acme/views/keep/?page=deals:list&query=", {"name": "Won deals"})
    assert answer.status_code == 422
    assert "You have a view of this name already." in answer.content.decode()
    assert 'value="Won deals"' in answer.content.decode()


def test_colleagues_open_what_is_shared_and_nobody_else_anything(
    client_as: SignIn,
    tenant: Tenant,
    manager: Membership,
    admin: Membership,
    partner_owner: Membership,
    view: SavedView,
):
    address = f"/acme/views/{view.pk}/"
    assert client_as(admin).get(address).status_code == 404
    assert client_as(partner_owner).get(address).status_code == 403
    assert "Keep this view" not in client_as(partner_owner).get("/acme/deals/").content.decode()
    with tenant_scope(tenant.pk):
        actions.change_view(view, by=manager, name=view.name, query=view.query, shared=True)
    assert client_as(admin).get(address).status_code == 302
    assert "Won deals" in client_as(admin).get("/acme/views/").content.decode()
    assert "Won deals" not in client_as(admin).get("/acme/views/?whose=own").content.decode()
    # Its settings stay its owner's.
    assert client_as(admin).get(f"{address}settings/").status_code == 404
    with tenant_scope(tenant.pk), pytest.raises(PermissionDenied):
        actions.delete_view(view, by=admin)


def test_only_pages_that_can_be_kept_are(client_as: SignIn, tenant: Tenant, manager: Membership):
    client = client_as(manager)
    for page in ("people:list", "shell:home", "no:such", "deals:detail"):
        assert client.get(f"/acme/views/keep/?page={page}").status_code == 404
    with tenant_scope(tenant.pk), pytest.raises(ActionRefused):
        # Settings that a manager may not see, kept by a hand-made request.
        actions.keep_view(by=manager, name="Rates", page="rates:list", query="")


def test_a_period_moves_along_or_stays(client_as: SignIn, tenant: Tenant, manager: Membership):
    client = client_as(manager)
    address = "/acme/views/keep/?page=metrics:scorecards&query=period%3Dmonth%26start%3D2025-01-01"
    found = {}
    for time in ("moving", "latest", "fixed"):
        client.post(address, {"name": time, "time": time, "columns": ["score"]})
        with tenant_scope(tenant.pk):
            found[time] = SavedView.objects.get(name=time).query
    assert "start" not in found["moving"]
    assert "start=latest" in found["latest"]
    assert "start=2025-01-01" in found["fixed"]
    today = timezone.now().astimezone(tenant.zone).date()
    before = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    page = client.get("/acme/scorecards/?period=month&start=latest")
    assert page.context["picker"]["period"].start == before


def test_the_list_of_views_costs_the_same_however_many(
    client_as: SignIn, tenant: Tenant, manager: Membership, view: SavedView
):
    client = client_as(manager)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries_made:
            assert client.get("/acme/views/").status_code == 200
        return len(queries_made)

    cost()
    one = cost()
    with tenant_scope(tenant.pk):
        for name in ("B", "C"):
            scheduled(actions.keep_view(by=manager, name=name, page="deals:list", query=""), manager)
    assert cost() == one


# --- when --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frequency", "weekday", "day", "hour", "after", "expected"),
    [
        # Monday at seven in Amsterdam: six UTC in winter, five in summer.
        ("weekly", 0, None, 7, "2026-01-05T06:00:00+00:00", "2026-01-12T06:00:00+00:00"),
        ("weekly", 0, None, 7, "2026-01-05T05:59:59+00:00", "2026-01-05T06:00:00+00:00"),
        ("weekly", 0, None, 7, "2026-03-29T12:00:00+00:00", "2026-03-30T05:00:00+00:00"),
        # The hour that does not exist on 29 March 2026 is the one after it.
        ("weekly", 6, None, 2, "2026-03-28T12:00:00+00:00", "2026-03-29T01:00:00+00:00"),
        # The hour that comes twice on 25 October 2026 comes once here.
        ("weekly", 6, None, 2, "2026-10-24T12:00:00+00:00", "2026-10-25T00:00:00+00:00"),
        ("weekly", 6, None, 2, "2026-10-25T00:00:00+00:00", "2026-11-01T01:00:00+00:00"),
        # The 31st of a month that has fewer days, and of a leap year's February.
        ("monthly", None, 31, 9, "2026-04-01T00:00:00+00:00", "2026-04-30T07:00:00+00:00"),
        ("monthly", None, 31, 9, "2028-02-01T00:00:00+00:00", "2028-02-29T08:00:00+00:00"),
        ("monthly", None, 1, 0, "2026-12-31T23:00:00+00:00", "2027-01-31T23:00:00+00:00"),
    ],
)
def test_a_report_goes_out_at_the_tenants_hour(
    frequency: str, weekday: int | None, day: int | None, hour: int, after: str, expected: str
):
    found = next_time(frequency, weekday, day, hour, AMSTERDAM, dt.datetime.fromisoformat(after))
    assert found.isoformat() == expected


# --- reports -----------------------------------------------------------------------------------


def test_a_report_holds_the_figures_as_html_text_and_file(
    tenant: Tenant, manager: Membership, view: SavedView
):
    with tenant_scope(tenant.pk):
        scheduled(view, manager, file_kind="csv")
    assert fall_due(tenant) == 1
    message = letters()[manager.user.email]
    assert message.subject == "Your report: Won deals"
    html = message.alternatives[0][0]
    for text in (message.body, html):
        assert "Large one" in text
        assert "300" in text
        assert "Still open" not in text
        assert f"/acme/views/{view.pk}/" in text
    ((name, content, kind),) = message.attachments
    assert (name, kind) == ("won-deals.csv", "text/csv")
    lines = (content if isinstance(content, str) else content.decode()).splitlines()
    assert len(lines) == 2
    assert "Large one" in lines[1]


def test_a_workbook_comes_with_it_where_it_is_asked_for_and_only_the_link_where_not(
    tenant: Tenant, manager: Membership, view: SavedView
):
    with tenant_scope(tenant.pk):
        schedule = scheduled(view, manager, file_kind="xlsx")
    fall_due(tenant)
    ((name, content, _kind),) = letters()[manager.user.email].attachments
    sheet = load_workbook(io.BytesIO(content)).active
    assert (name, sheet.max_row) == ("won-deals.xlsx", 2)
    mail.outbox.clear()
    with tenant_scope(tenant.pk):
        scheduled(view, manager, file_kind="", schedule=schedule)
        Letter.objects.update(sent_at=timezone.now() - dt.timedelta(days=7))
    fall_due(tenant)
    assert letters()[manager.user.email].attachments == []


def test_nobody_gets_a_report_twice_however_often_it_is_looked_for(
    tenant: Tenant, manager: Membership, view: SavedView
):
    with tenant_scope(tenant.pk):
        scheduled(view, manager)
    assert fall_due(tenant) == 1
    with tenant_scope(tenant.pk):
        # A message that was lost and sent again, a second worker, a dispatcher that starts anew.
        assert actions.send_due() == 0
        Event.objects.filter(type="report.due").update(dispatched_at=None)
    sweep()
    deliver(tenant)
    assert len(mail.outbox) == 1
    with tenant_scope(tenant.pk):
        schedule = Schedule.objects.get()
        assert schedule.next_at > timezone.now()
        # After three weeks in which nothing ran it is sent once.
        Schedule.objects.update(next_at=timezone.now() - dt.timedelta(days=21))
        assert actions.send_due() == 1
        assert actions.send_due() == 0
        assert list(ReportsDue.objects.values_list("at", flat=True)) != []


def test_who_lost_access_gets_nothing(tenant: Tenant, manager: Membership, view: SavedView):
    with tenant_scope(tenant.pk):
        actions.change_view(view, by=manager, name=view.name, query=view.query, shared=True)
        stays, leaves, demoted, taken_off = (make_member(Role.CHANNEL_MANAGER) for _number in range(4))
        scheduled(view, manager, stays, leaves, demoted, taken_off)
        partner = PartnerFactory()
        moment = timezone.now() - dt.timedelta(seconds=1)
        Schedule.objects.update(next_at=moment)
        actions.send_due()
    dispatch_pending(tenant.pk)
    # Between the announcement and the letter each loses it in another way.
    with tenant_scope(tenant.pk):
        Membership.objects.filter(pk=leaves.pk).update(is_active=False)
        Membership.objects.filter(pk=demoted.pk).update(role=Role.PARTNER_MEMBER, partner_id=partner.pk)
        Recipient.objects.filter(member=taken_off).delete()
    deliver(tenant)
    assert set(letters()) == {manager.user.email, stays.user.email}


@pytest.mark.parametrize("how", ["unshared", "owner_left", "deleted", "not_in_use"])
def test_a_report_of_a_view_that_is_nobodys_any_more_is_not_sent(
    how: str, tenant: Tenant, manager: Membership, view: SavedView
):
    with tenant_scope(tenant.pk):
        actions.change_view(view, by=manager, name=view.name, query=view.query, shared=True)
        colleague = make_member(Role.CHANNEL_MANAGER)
        scheduled(view, manager, colleague)
        Schedule.objects.update(next_at=timezone.now())
        actions.send_due()
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        if how == "unshared":
            actions.change_view(view, by=manager, name=view.name, query=view.query, shared=False)
        elif how == "owner_left":
            Membership.objects.filter(pk=manager.pk).update(is_active=False)
        elif how == "deleted":
            actions.delete_view(view, by=manager)
        else:
            Schedule.objects.update(is_active=False)
    deliver(tenant)
    assert set(letters()) == ({manager.user.email} if how == "unshared" else set())


def test_a_letter_that_could_not_be_written_is_tried_again(
    tenant: Tenant, manager: Membership, view: SavedView, monkeypatch: pytest.MonkeyPatch
):
    with tenant_scope(tenant.pk):
        scheduled(view, manager)
        SavedView.objects.update(query="stage=won")
    with monkeypatch.context() as broken:
        broken.setattr("portal.shell.reporting.list_report", lambda page, request: 1 / 0)
        fall_due(tenant)
    assert letters() == {}
    with tenant_scope(tenant.pk):
        assert Letter.objects.get().state == LetterState.RETRY
        Letter.objects.update(due_at=timezone.now())
    Alarm.objects.update(at=timezone.now())
    post_due(tenant.pk)
    assert set(letters()) == {manager.user.email}


def test_reports_go_to_colleagues_only(
    tenant: Tenant, manager: Membership, admin: Membership, partner_owner: Membership, view: SavedView
):
    with tenant_scope(tenant.pk):
        with pytest.raises(ActionRefused, match="own colleagues"):
            scheduled(view, manager, partner_owner)
        with pytest.raises(ActionRefused, match="Share the view first"):
            scheduled(view, manager, admin)
        with pytest.raises(ActionRefused, match="which day"):
            scheduled(view, manager, weekday=None)
        assert not Schedule.objects.exists()
        assert partner_owner.pk not in queries.colleagues().values_list("pk", flat=True)


def test_a_report_is_set_up_changed_and_stopped_on_its_pages(
    client_as: SignIn, tenant: Tenant, manager: Membership, view: SavedView
):
    client = client_as(manager)
    sent = {"frequency": "monthly", "day": "31", "hour": "6", "recipients": [str(manager.pk)]}
    refused = client.post(f"/acme/views/{view.pk}/reports/new/", {**sent, "day": ""})
    assert refused.status_code == 422
    assert "Say on which day." in refused.content.decode()
    client.post(f"/acme/views/{view.pk}/reports/new/", {**sent, "is_active": "on", "file_kind": "xlsx"})
    page = client.get(f"/acme/views/{view.pk}/settings/").content.decode()
    assert "Every month on day 31 at 06:00" in page
    with tenant_scope(tenant.pk):
        schedule = Schedule.objects.get()
    weekly = {**sent, "frequency": "weekly", "weekday": "4", "is_active": "on"}
    assert client.post(f"/acme/views/reports/{schedule.pk}/", weekly).status_code == 302
    with tenant_scope(tenant.pk):
        schedule.refresh_from_db()
    assert (schedule.weekday, schedule.day) == (4, None)
    client.post(f"/acme/views/reports/{schedule.pk}/stop/")
    with tenant_scope(tenant.pk):
        assert not Schedule.objects.exists()
