"""How the demo's managers steer: goals handed down, rules that raise alerts, and reviews with minutes and actions."""

import datetime as dt
from collections.abc import Sequence

from metrics.models import SubjectKind
from metrics.periods import Period, PeriodKind
from metrics.queries import tenant_calendar
from metrics.reviews.actions import (
    add_action,
    finish_action,
    hand_down,
    hold_review,
    prepare_review,
    save_rule,
    set_goal,
)
from metrics.reviews.alerts import evaluate_alerts
from metrics.reviews.models import GoalStatus, ReviewAction, RuleKind
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership

MINUTES = (
    "Two large renewals moved to next quarter. Training of the new engineers is planned.\n"
    "They ask for a joint visit at their largest customer."
)
DONE_DAYS_AGO = 35


def steer(
    admin: Membership, manager: Membership, partners: Sequence[Partner], hero: Partner, until: dt.datetime
) -> None:
    """Needs scorecards. `partners` are those of the manager; the first two are reviewed, and `hero` was before."""
    calendar = tenant_calendar()
    today = calendar.today()
    year, quarter = calendar.period(PeriodKind.YEAR, today), calendar.period(PeriodKind.QUARTER, today)
    programme = set_goal(
        by=admin, level=SubjectKind.PROGRAMME, kpi="revenue", period=year, target=9_500_000_00
    )
    for portfolio in hand_down(programme, by=admin):
        if portfolio.subject_key == str(manager.pk) and portfolio.status == GoalStatus.OPEN:
            hand_down(portfolio, by=manager)
    set_goal(by=admin, level=SubjectKind.PROGRAMME, kpi="win_rate", period=quarter, target=0.65)
    for name, kpi, kind, limit in (
        ("Win rate below 30%", "win_rate", RuleKind.THRESHOLD, 0.3),
        ("Falls behind the others", "revenue", RuleKind.PEERS, 40),
        ("Much less than usual", "revenue", RuleKind.UNUSUAL, 3),
    ):
        save_rule(by=admin, name=name, kpi=kpi, kind=kind, limit=limit, period_kind=PeriodKind.QUARTER)
    evaluate_alerts()
    _review_of_last(quarter.previous(), manager, partners[:2], today)
    _review_before(quarter.previous().previous(), manager, hero, until)


def _review_of_last(
    quarter: Period, manager: Membership, partners: Sequence[Partner], today: dt.date
) -> None:
    """The first was held, and the others are prepared."""
    for number, partner in enumerate(partners):
        held = today - dt.timedelta(days=20 + number)
        review = prepare_review(by=manager, partner=partner, period=quarter, planned_on=held)
        if number == 0:
            hold_review(review, by=manager, held_on=held, minutes=MINUTES, seen="")
            sent = add_action(
                review, by=manager, text="Send the offer for the training", owner=manager, due_on=today
            )
            finish_action(sent, by=manager)
            add_action(
                review,
                by=manager,
                text="Plan the joint visit",
                owner=manager,
                due_on=today + dt.timedelta(days=14),
            )


def _review_before(quarter: Period, manager: Membership, hero: Partner, until: dt.datetime) -> None:
    """What was agreed was done long enough ago for its KPI to have moved since."""
    today = until.date()
    held = prepare_review(by=manager, partner=hero, period=quarter, planned_on=today - dt.timedelta(days=40))
    hold_review(
        held,
        by=manager,
        held_on=today - dt.timedelta(days=40),
        minutes="The pipeline is full, but too many proposals end without an answer.\n"
        "We go through each open proposal together every Monday.",
        seen="",
    )
    done = add_action(
        held,
        by=manager,
        text="Go through open proposals every Monday",
        owner=manager,
        due_on=today - dt.timedelta(days=30),
        kpi="win_rate",
    )
    finish_action(done, by=manager)
    # A demonstration is made in an afternoon, and this was done before it.
    ReviewAction.objects.filter(pk=done.pk).update(done_at=until - dt.timedelta(days=DONE_DAYS_AGO))
    add_action(
        held,
        by=manager,
        text="Bring a customer story to the spring campaign",
        owner=Membership.objects.get(partner_id=hero.pk, role=Role.PARTNER_OWNER),
        due_on=today + dt.timedelta(days=14),
        kpi="leads",
    )
