"""Pages of goals, alerts and reviews."""

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.display import format_value
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_now
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.queries import group_names
from metrics.reviews import actions
from metrics.reviews.effects import effects
from metrics.reviews.forms import ActionForm, GoalForm, MinutesForm, ReviewForm, RuleForm
from metrics.reviews.goals import progress_text
from metrics.reviews.models import Alert, AlertRule, Goal, GoalStatus, Review, ReviewAction, RuleKind
from metrics.reviews.paging import leaf
from metrics.reviews.queries import own_actions
from partners.directory.enums import PartnerStatus
from partners.directory.pages import form_page
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import number
from portal.shell.messages import say_refused

# How many of somebody's own actions stand beside the goals.
SHOWN = 20
form_methods = require_http_methods(["GET", "HEAD", "POST"])


# --- goals -------------------------------------------------------------------------------------


@require_GET
def goals(request: HttpRequest, tenant: str) -> HttpResponse:
    """All goals; a partner's people find their own."""
    check(request.membership, "metrics_reviews.view_goal")
    page = leaf(
        request, Goal.objects.select_related("partner").order_by("-period_start", "subject_kind", "pk")
    )
    found = page.rows
    names = group_names(SubjectKind.PORTFOLIO, _managers_of(found))
    today = calendar_of(request.tenant).today()
    cards = _cards_of([_subject(goal) for goal in found])
    may_set = can(request.membership, "metrics_reviews.set_goal")
    context = {
        "title": _("Goals"),
        "subtitle": _("What each KPI should come to, and how far it is."),
        "goals": [
            {**_goal_line(request, goal, names, today), "card": _opens(request, goal, cards)}
            for goal in found
        ],
        "may_set": may_set,
        "actions": own_actions(request.membership)[:SHOWN] if request.membership.is_partner else [],
        "today": today,
        "leaf": page,
    }
    return render(request, "reviews/goals.html", context)


def _managers_of(found: list[Goal]) -> list[str]:
    return [goal.subject_key for goal in found if goal.subject_kind == SubjectKind.PORTFOLIO]


_Subject = tuple[str, str, str, dt.date]


def _subject(one: Goal | Scorecard) -> _Subject:
    return one.subject_kind, one.subject_key, one.period_kind, one.period_start


def _cards_of(subjects: Collection[_Subject]) -> dict[_Subject, UUID]:
    """The scorecards that figures of these subjects and periods are read from. One query."""
    cards = Scorecard.objects.filter(
        subject_key__in={key for _kind, key, _period, _start in subjects},
        period_start__in={start for _kind, _key, _period, start in subjects},
    ).only("subject_kind", "subject_key", "period_kind", "period_start")
    return {_subject(card): card.pk for card in cards}


def _opens(request: HttpRequest, goal: Goal, cards: dict[_Subject, UUID]) -> UUID | None:
    """The scorecard on which the goal's KPI can be opened."""
    kpi = catalogue_now().get(goal.kpi)
    if kpi is None or (kpi.internal and request.membership.is_partner):
        return None
    return cards.get(_subject(goal))


def _goal_line(request: HttpRequest, goal: Goal, names: dict[str, str], today: dt.date) -> dict[str, Any]:
    kpi = catalogue_now().get(goal.kpi)
    currency = request.tenant.currency
    unit = kpi.unit if kpi else "count"
    is_open = goal.status == GoalStatus.OPEN
    over = goal.period.end <= today
    who = goal.partner.name if goal.partner else names.get(goal.subject_key) or _("The whole programme")
    return {
        "goal": goal,
        "who": who,
        "address": _subject_address(request, goal),
        "kpi": str(kpi.name) if kpi else goal.kpi,
        "period": goal.period.label(),
        "baseline": format_value(unit, goal.baseline, currency),
        "target": format_value(unit, goal.target, currency),
        "value": format_value(unit, goal.value, currency),
        "progress": progress_text(goal, kpi),
        "status": _("Not reached") if is_open and over else goal.get_status_display(),
        "tone": {"reached": "success", "dropped": "neutral"}.get(goal.status, "warning" if over else "info"),
        "may_drop": is_open and can(request.membership, "metrics_reviews.drop_goal", goal),
        "may_share": is_open
        and not over
        and goal.subject_kind != SubjectKind.PARTNER
        and kpi is not None
        and kpi.additive
        and can(request.membership, "metrics_reviews.share_goal", goal),
    }


def _subject_address(request: HttpRequest, goal: Goal) -> str:
    period = f"period={goal.period_kind}&start={goal.period_start}"
    if goal.partner_id:
        if request.membership.is_partner:
            return f"{turl(request, 'metrics:mine')}?{period}"
        return f"{turl(request, 'metrics:scorecard', goal.partner_id)}?{period}"
    return f"{turl(request, 'metrics:group', goal.subject_kind)}?key={goal.subject_key}&{period}"


@form_methods
@requires("metrics_reviews.set_goal")
def goal_new(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        GoalForm(request.POST or None, by=request.membership),
        done=lambda goal: (turl(request, "metrics_reviews:goals"), _("The goal is set.")),
        context={
            "title": _("Set a goal"),
            "back_url": turl(request, "metrics_reviews:goals"),
            "back_label": _("Goals"),
        },
    )


@require_POST
@requires("metrics_reviews.share_goal")
def goal_hand_down(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    goal = get_object_or_404(Goal, pk=pk)
    try:
        created = actions.hand_down(goal, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        words = ngettext("Shared out: %(count)s goal.", "Shared out: %(count)s goals.", len(created))
        messages.success(request, words % {"count": number(len(created))})
    return redirect(turl(request, "metrics_reviews:goals"))


@require_POST
@requires("metrics_reviews.drop_goal")
def goal_drop(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    goal = get_object_or_404(Goal, pk=pk)
    try:
        actions.drop_goal(goal, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The goal is given up."))
    return redirect(turl(request, "metrics_reviews:goals"))


# --- alerts ------------------------------------------------------------------------------------


@require_GET
@requires("metrics_reviews.view_alert")
def alerts(request: HttpRequest, tenant: str) -> HttpResponse:
    today = calendar_of(request.tenant).today()
    found = Alert.objects.select_related("rule", "partner", "closed_by__user")
    show = request.GET.get("show", "")
    if request.GET.get("mine"):
        found = found.filter(partner__manager_id=request.membership.pk)
    if show == "closed":
        found = found.exclude(closed_at=None)
    else:
        quiet = found.filter(closed_at=None, snoozed_until__gt=today)
        found = quiet if show == "quiet" else found.filter(closed_at=None).exclude(pk__in=quiet.values("pk"))
    page = leaf(request, found)
    cards = _cards_of([_subject_of(alert) for alert in page.rows])
    mine = "&mine=1" if request.GET.get("mine") else ""
    labels = {"": _("Open"), "quiet": _("Kept quiet"), "closed": _("Closed")}
    context = {
        "title": _("Alerts"),
        "subtitle": _("Figures that ask for attention. One is open for a partner and rule at a time."),
        "tabs": [
            {"label": label, "url": f"?show={key}{mine}", "active": show == key}
            for key, label in labels.items()
        ],
        "alerts": [
            {**_alert_line(request, alert), "card": cards.get(_subject_of(alert))} for alert in page.rows
        ],
        "leaf": page,
        "tomorrow": today + dt.timedelta(days=7),
        "may_change": can(request.membership, "metrics_reviews.change_rule"),
    }
    return render(request, "reviews/alerts.html", context)


def _subject_of(alert: Alert) -> _Subject:
    return SubjectKind.PARTNER.value, str(alert.partner_id), alert.rule.period_kind, alert.period_start


def _alert_line(request: HttpRequest, alert: Alert) -> dict[str, Any]:
    kpi = catalogue_now().get(alert.rule.kpi)
    is_rank = alert.rule.kind == RuleKind.PEERS
    unit = "count" if is_rank or kpi is None else kpi.unit
    period = Period(alert.period_start, PeriodKind(alert.rule.period_kind))
    words = {
        RuleKind.THRESHOLD: _("%(kpi)s is %(value)s; the threshold is %(reference)s"),
        RuleKind.PEERS: _("Rank among the peers in %(kpi)s is %(value)s, and was %(reference)s"),
        RuleKind.UNUSUAL: _("%(kpi)s is %(value)s; usual is %(reference)s"),
    }[RuleKind(alert.rule.kind)]
    currency = request.tenant.currency
    return {
        "alert": alert,
        "words": words
        % {
            "kpi": kpi.name if kpi else alert.rule.kpi,
            "value": format_value(unit, round(alert.value) if is_rank else alert.value, currency),
            "reference": format_value(unit, round(alert.reference) if is_rank else alert.reference, currency),
        },
        "period": period.label(),
        "has_left": alert.partner.status == PartnerStatus.TERMINATED,
        "address": f"{turl(request, 'metrics:scorecard', alert.partner_id)}"
        f"?period={period.kind.value}&start={period.start}",
    }


@require_POST
@requires("metrics_reviews.handle_alert")
def alert_snooze(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    alert = get_object_or_404(Alert, pk=pk)
    try:
        until = dt.date.fromisoformat(request.POST.get("until", ""))
        actions.snooze_alert(alert, by=request.membership, until=until)
    except ValueError:
        messages.error(request, _("Choose a day."))
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The alert is quiet until then."))
    return redirect(turl(request, "metrics_reviews:alerts"))


@require_POST
@requires("metrics_reviews.handle_alert")
def alert_close(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    alert = get_object_or_404(Alert, pk=pk)
    try:
        actions.close_alert(alert, by=request.membership, note=request.POST.get("note", "")[:500])
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The alert is closed."))
    return redirect(turl(request, "metrics_reviews:alerts"))


@require_GET
@requires("metrics_reviews.view_alert")
def rules(request: HttpRequest, tenant: str) -> HttpResponse:
    catalogue = catalogue_now()
    context = {
        "title": _("Alert rules"),
        "back_url": turl(request, "metrics_reviews:alerts"),
        "back_label": _("Alerts"),
        "rules": [
            {"rule": rule, "kpi": catalogue[rule.kpi].name if rule.kpi in catalogue else rule.kpi}
            for rule in AlertRule.objects.all()
        ],
        "may_change": can(request.membership, "metrics_reviews.change_rule"),
    }
    return render(request, "reviews/rules.html", context)


@form_methods
@requires("metrics_reviews.change_rule")
def rule_new(request: HttpRequest, tenant: str) -> HttpResponse:
    return _rule_page(request, None, _("New alert rule"))


@form_methods
@requires("metrics_reviews.change_rule")
def rule_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(AlertRule, pk=pk)
    return _rule_page(request, rule, rule.name)


def _rule_page(request: HttpRequest, rule: AlertRule | None, title: str) -> HttpResponse:
    return form_page(
        request,
        RuleForm(request.POST or None, by=request.membership, rule=rule),
        done=lambda saved: (
            turl(request, "metrics_reviews:rules"),
            _("Saved. It is held against the figures when they change, and every night."),
        ),
        context={
            "title": title,
            "back_url": turl(request, "metrics_reviews:rules"),
            "back_label": _("Alert rules"),
        },
    )


# --- reviews -----------------------------------------------------------------------------------


@require_GET
@requires("metrics_reviews.view_review")
def reviews(request: HttpRequest, tenant: str) -> HttpResponse:
    found = Review.objects.select_related("partner").prefetch_related("actions")
    if request.GET.get("mine"):
        found = found.filter(partner__manager_id=request.membership.pk)
    page = leaf(request, found)
    context = {
        "title": _("Reviews"),
        "subtitle": _("Conversations with partners about a quarter, prepared from the figures."),
        "reviews": [
            {"review": one, "open": sum(action.done_at is None for action in one.actions.all())}
            for one in page.rows
        ],
        "leaf": page,
    }
    return render(request, "reviews/reviews.html", context)


@form_methods
@requires("metrics_reviews.hold_review")
def review_new(request: HttpRequest, tenant: str) -> HttpResponse:
    initial = {"partner": request.GET.get("partner", "")}
    return form_page(
        request,
        ReviewForm(request.POST or None, by=request.membership, initial=initial),
        done=lambda made: (
            turl(request, "metrics_reviews:review", made.pk),
            _("Prepared from the figures as they are now."),
        ),
        context={
            "title": _("Prepare a review"),
            "back_url": turl(request, "metrics_reviews:reviews"),
            "back_label": _("Reviews"),
        },
    )


@require_GET
@requires("metrics_reviews.view_review")
def review(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Review.objects.select_related("partner", "prepared_by__user"), pk=pk)
    promised = list(found.actions.select_related("owner__user"))
    effect = effects(found.partner_id, promised)
    catalogue = catalogue_now()
    context = {
        "title": found.partner.name,
        "subtitle": _("Review of %(period)s") % {"period": found.period.label()},
        "back_url": turl(request, "metrics_reviews:reviews"),
        "back_label": _("Reviews"),
        "review": found,
        "agenda": [_topic(topic) for topic in found.agenda],
        "scorecard_url": f"{turl(request, 'metrics:scorecard', found.partner_id)}"
        f"?period={found.period.kind.value}&start={found.period.start}",
        "actions": [
            {
                "action": one,
                "kpi": catalogue[one.kpi].name if one.kpi in catalogue else "",
                "effect": effect[one.pk].text(request.tenant.currency) if one.pk in effect else "",
                "tone": effect[one.pk].tone if one.pk in effect else "",
            }
            for one in promised
        ],
        "may_hold": can(request.membership, "metrics_reviews.hold_review", found.partner),
        "today": calendar_of(request.tenant).today(),
        "minutes_form": MinutesForm(by=request.membership, review=found),
        "action_form": ActionForm(by=request.membership, review=found),
    }
    return render(request, "reviews/review.html", context)


def _topic(topic: dict[str, Any]) -> dict[str, Any]:
    """A trend's values beside their periods."""
    trends = topic.get("trends")
    if trends is None:
        return topic
    rows = [
        {**row, "by_period": list(zip(trends["periods"], row["values"], strict=True))}
        for row in trends["rows"]
    ]
    return {**topic, "trends": {**trends, "rows": rows}}


@form_methods
@requires("metrics_reviews.hold_review")
def review_minutes(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _own_review(request, pk)
    form = MinutesForm(request.POST or None, by=request.membership, review=found)
    return _review_form(request, found, form, _("Minutes"))


@form_methods
@requires("metrics_reviews.hold_review")
def review_action(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _own_review(request, pk)
    form = ActionForm(request.POST or None, by=request.membership, review=found)
    return _review_form(request, found, form, _("New action"))


def _own_review(request: HttpRequest, pk: UUID) -> Review:
    """A review that the member may hold; 403 for one of a colleague's partner."""
    found = get_object_or_404(Review.objects.select_related("partner"), pk=pk)
    check(request.membership, "metrics_reviews.hold_review", found.partner)
    return found


def _review_form(
    request: HttpRequest, found: Review, form: MinutesForm | ActionForm, title: str
) -> HttpResponse:
    address = turl(request, "metrics_reviews:review", found.pk)
    return form_page(
        request,
        form,
        done=lambda saved: (address, _("Saved.")),
        context={"title": title, "back_url": address, "back_label": found.partner.name},
    )


@require_POST
@requires("metrics_reviews.finish_action")
def action_done(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    action = get_object_or_404(ReviewAction, pk=pk)
    actions.finish_action(action, by=request.membership)
    if request.membership.is_partner:
        messages.success(request, _("Done. Your partner manager is told."))
        return redirect(turl(request, "metrics_reviews:goals"))
    return redirect(turl(request, "metrics_reviews:review", action.review_id))
