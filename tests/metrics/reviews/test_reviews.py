"""Reviews: how they are prepared, what they agree on and what comes of it."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from metrics.models import SubjectKind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.models import Goal, Review, ReviewAction
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.enums import Channel
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.metrics.reviews.made import recompute

SignIn = Callable[[Membership], Client]


def test_a_review_is_prepared_held_and_followed_up(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        current = calendar_of(tenant).current(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour", manager=manager)
        won_deal(partner, 100_00, current.previous().start)
        recompute(tenant)
        actions.set_goal(
            by=manager,
            level=SubjectKind.PARTNER,
            kpi="revenue",
            period=current,
            target=500_00,
            partner=partner,
        )
    client, today = client_as(manager), timezone.localdate()
    form = {"partner": partner.pk, "period": current.previous().key, "planned_on": str(today)}
    address = client.post("/acme/reviews/new/", form)["Location"]
    page = client.get(address).content.decode()
    assert "Score" in page
    assert "of €500" in page or "€500" in page
    assert client.post("/acme/reviews/new/", form).status_code == 422
    actioned = {"text": "Send the price list", "owner": manager.pk, "due_on": str(today)}
    client.post(f"{address}actions/", actioned)
    minutes = {"held_on": str(today), "minutes": "They want training.", "seen": ""}
    assert client.post(f"{address}minutes/", minutes).status_code == 302
    # Whoever began with the empty minutes too overwrites nothing, and keeps what was typed.
    late = client.post(f"{address}minutes/", {**minutes, "minutes": "Mine"})
    assert late.status_code == 422
    assert "Mine" in late.content.decode()
    with tenant_scope(tenant.pk):
        action = ReviewAction.objects.get()
        review = Review.objects.get()
        assert review.minutes == "They want training."
        second = actions.prepare_review(by=manager, partner=partner, period=current, planned_on=today)
        assert "Send the price list" in str(second.agenda)
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    with tenant_scope(tenant.pk):
        assert Event.objects.filter(type="review.action_done").count() == 1


def test_a_colleagues_partner_is_reviewed_by_the_colleague(
    client_as: SignIn, tenant: Tenant, manager: Membership, admin: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        current = calendar_of(tenant).current(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour", manager=manager)
        review = actions.prepare_review(by=manager, partner=partner, period=current, planned_on=today)
        colleague = make_member(Role.CHANNEL_MANAGER)
        with pytest.raises(PermissionDenied):
            actions.prepare_review(by=colleague, partner=partner, period=current.previous(), planned_on=today)
        theirs = actions.add_action(review, by=admin, text="Call", owner=colleague, due_on=today)
        ours = actions.add_action(review, by=manager, text="Mail", owner=manager, due_on=today)
        with pytest.raises(PermissionDenied):
            actions.finish_action(ours, by=colleague)
        assert actions.finish_action(theirs, by=colleague).done_at is not None
    client, address = client_as(colleague), f"/acme/reviews/{review.pk}/"
    page = client.get(address).content.decode()
    assert "Mail" in page
    assert "Save the minutes" not in page
    minutes = {"held_on": str(today), "minutes": "Invented", "seen": ""}
    assert client.post(f"{address}minutes/", minutes).status_code == 403
    with tenant_scope(tenant.pk):
        assert Review.objects.get().minutes == ""


def test_a_review_holds_the_goals_of_its_year_and_the_trends_of_its_scorecard(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        calendar = calendar_of(tenant)
        quarter, year = calendar.current(PeriodKind.QUARTER), calendar.current(PeriodKind.YEAR)
        partner = PartnerFactory(name="Harbour", manager=manager)
        for back, revenue in enumerate((300_00, 200_00, 400_00)):
            period = quarter
            for _step in range(back + 1):
                period = period.previous()
            won_deal(partner, revenue, period.start)
        won_deal(partner, 100_00, quarter.start)
        recompute(tenant)

        def goal(kpi: str, period: Period, target: float) -> Goal:
            return actions.set_goal(
                by=manager, level=SubjectKind.PARTNER, kpi=kpi, period=period, target=target, partner=partner
            )

        goal("revenue", year, 1_000_000_00)
        over = goal("deal_count", quarter, 50)
        Goal.objects.filter(pk=over.pk).update(
            period_start=year.previous().previous().start, period_kind=PeriodKind.YEAR
        )
        review = actions.prepare_review(
            by=manager, partner=partner, period=quarter, planned_on=calendar.today()
        )
        topics = {topic["title"]: topic for topic in review.agenda}
        (of_year,) = topics["Goals"]["lines"]
        assert of_year.startswith(f"Total sales revenue, {year.label()}: €")
        assert "of €1,000,000, progress 0% (Open)" in of_year
        revenue = next(
            row for row in topics["Trends"]["trends"]["rows"] if row["kpi"] == "Total sales revenue"
        )
        # What adds up is not held against a whole quarter while its own is running.
        assert (revenue["values"][-4:], revenue["way"]) == (["€400", "€200", "€300", "€100"], "unknown")
        before = actions.prepare_review(
            by=manager, partner=partner, period=quarter.previous(), planned_on=calendar.today()
        )
        topics = {topic["title"]: topic for topic in before.agenda}
        (line,) = [one for one in topics["Trends"]["lines"] if one.startswith("Total sales revenue: ")]
        assert line.endswith("€400 → €200 → €300; up")
    page = client_as(manager).get(f"/acme/reviews/{before.pk}/").content.decode()
    assert f'data-label="{quarter.previous().label()}">€300</td>' in page


def test_a_partners_person_does_what_a_review_has_agreed(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        partner, other = PartnerFactory(name="Harbour", manager=manager), PartnerFactory(name="Quay")
        person = make_member(Role.PARTNER_MEMBER, partner=partner)
        colleague = make_member(Role.PARTNER_OWNER, partner=partner)
        stranger = make_member(Role.PARTNER_OWNER, partner=other)
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        review = actions.prepare_review(by=manager, partner=partner, period=period, planned_on=today)
        actions.hold_review(review, by=manager, held_on=today, minutes="Between us: they are slow.", seen="")
        with pytest.raises(ActionRefused):
            actions.add_action(review, by=manager, text="x", owner=stranger, due_on=today)
        own = actions.add_action(review, by=manager, text="Visit the customer", owner=manager, due_on=today)
    vendor = client_as(manager)
    form = {"text": "Train the engineers", "owner": person.pk, "due_on": str(today)}
    assert vendor.post(f"/acme/reviews/{review.pk}/actions/", form).status_code == 302
    with tenant_scope(tenant.pk):
        theirs = ReviewAction.objects.get(owner=person)
        dispatch_pending(tenant.pk)
        told = Notification.objects.get(member=person, channel=Channel.PORTAL)
        assert (told.kind, told.url_name) == ("reviews.given", "metrics_reviews:goals")
    client = client_as(person)
    page = client.get("/acme/goals/").content.decode()
    assert "Train the engineers" in page
    assert "Visit the customer" not in page
    assert "Train the engineers" not in client_as(colleague).get("/acme/goals/").content.decode()
    for address in ("reviews/", f"reviews/{review.pk}/", f"reviews/{review.pk}/minutes/"):
        assert client.get(f"/acme/{address}").status_code == 403
    with tenant_scope(tenant.pk, partner.pk):
        assert [action.pk for action in ReviewAction.objects.all()] == [theirs.pk]
    assert client_as(stranger).post(f"/acme/reviews/actions/{theirs.pk}/done/").status_code == 404
    assert client_as(colleague).post(f"/acme/reviews/actions/{theirs.pk}/done/").status_code == 403
    assert client.post(f"/acme/reviews/actions/{own.pk}/done/").status_code == 404
    done = client.post(f"/acme/reviews/actions/{theirs.pk}/done/")
    assert done["Location"] == "/acme/goals/"
    with tenant_scope(tenant.pk):
        theirs.refresh_from_db()
        assert theirs.done_at is not None
        dispatch_pending(tenant.pk)
        told = Notification.objects.get(member=manager, channel=Channel.PORTAL, kind="reviews.kept")
        assert told.words == {"text": "Train the engineers", "partner": "Harbour"}
        later = today + dt.timedelta(days=9)
        for text, due_on in (("Later", later), ("Sooner", today)):
            actions.add_action(review, by=manager, text=text, owner=person, due_on=due_on)
    # What is still to do comes first.
    shown = [action.text for action in client.get("/acme/goals/").context["actions"]]
    assert shown == ["Sooner", "Later", "Train the engineers"]

    def listed(by: Membership, query: str = "") -> list[str]:
        answer = client_as(by).get(f"/acme/api/v1/review-actions/{query}")
        return [row["text"] for row in answer.json()["results"]]

    assert listed(person) == shown
    assert listed(person, "?is_open=false") == ["Train the engineers"]
    assert listed(colleague) == listed(stranger) == []
    assert "Visit the customer" in listed(manager)
    assert listed(manager, f"?owner={manager.pk}") == ["Visit the customer"]


def test_what_an_action_should_change_is_measured_on_the_reviews_page(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour", manager=manager)
        won_deal(partner, 300_00, today - dt.timedelta(days=20))
        won_deal(partner, 100_00, today - dt.timedelta(days=1))
        won_deal(partner, 700_00, today)
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        review = actions.prepare_review(by=manager, partner=partner, period=period, planned_on=today)
        with pytest.raises(ActionRefused, match="before and after"):
            actions.add_action(review, by=manager, text="x", owner=manager, due_on=today, kpi="quality_score")
    client, address = client_as(manager), f"/acme/reviews/{review.pk}/"
    promised = {"text": "Call", "owner": manager.pk, "due_on": str(today), "kpi": "revenue"}
    assert client.post(f"{address}actions/", promised).status_code == 302
    assert "should change Total sales revenue" in client.get(address).content.decode()
    with tenant_scope(tenant.pk):
        action = ReviewAction.objects.get()
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    page = client.get(address).content.decode()
    assert "€100 on the day before, €700 on the day since" in page
    # Of one day nothing is said.
    assert "too early to tell" in page
    assert "better" not in page
    with tenant_scope(tenant.pk):
        ReviewAction.objects.update(done_at=timezone.now() - dt.timedelta(days=13))
    page = client.get(address).content.decode()
    assert "€300 in the 14 days before, €800 in the 14 days since" in page
    assert "better" in page
    assert "too early to tell" not in page
