"""Where goals, alert rules and what was promised in reviews use KPIs."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.defining import Use
from metrics.periods import Period, PeriodKind
from metrics.queries import tenant_calendar
from metrics.reviews.models import AlertRule, Goal, GoalStatus, ReviewAction
from portal.shell.formats import number


def kpi_uses() -> Iterator[tuple[str, Use]]:
    """Which KPIs are followed, judged and to be changed. Three queries."""
    yield from _goals(tenant_calendar().today())
    yield from _rules()
    yield from _promised()


def _goals(today: dt.date) -> Iterator[tuple[str, Use]]:
    """Those under way; the others keep a target and a value in the KPI's unit."""
    kept = Goal.objects.order_by("kpi").values_list("kpi", "status", "period_kind", "period_start")
    under_way: Counter[str] = Counter()
    earlier: Counter[str] = Counter()
    for kpi, status, kind, start, count in kept.annotate(Count("pk")):
        is_running = status == GoalStatus.OPEN and Period(start, PeriodKind(kind)).end > today
        (under_way if is_running else earlier)[kpi] += count
    for kpi, count in under_way.items():
        words = ngettext("%(count)s goal under way", "%(count)s goals under way", count)
        yield kpi, Use(words % {"count": number(count)}, "metrics_reviews:goals")
    for kpi, count in earlier.items():
        words = ngettext("%(count)s earlier goal", "%(count)s earlier goals", count)
        yield kpi, Use(words % {"count": number(count)}, "metrics_reviews:goals", only_unit=True)


def _rules() -> Iterator[tuple[str, Use]]:
    """One that is switched off keeps its limit and what it has raised in the KPI's unit."""
    for rule in AlertRule.objects.all():
        words = _("Alert rule: %(name)s") % {"name": rule.name}
        yield rule.kpi, Use(words, "metrics_reviews:rule_edit", rule.pk, only_unit=not rule.is_active)


def _promised() -> Iterator[tuple[str, Use]]:
    """What is still to be done and then measured by the KPI."""
    open_ones = ReviewAction.objects.filter(done_at=None).exclude(kpi="")
    for kpi, count in open_ones.order_by("kpi").values_list("kpi").annotate(Count("pk")):
        words = ngettext(
            "%(count)s unfinished action from reviews", "%(count)s unfinished actions from reviews", count
        )
        yield kpi, Use(words % {"count": number(count)}, "metrics_reviews:reviews", only_unit=True)
