"""What a review should speak of, from the figures: score, weak KPIs, trends, goals, alerts and open promises."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from metrics.display import format_change, format_score, format_value
from metrics.evaluation import values_on
from metrics.explain import NO_PEERS, KpiLine, kpi_lines, scored_codes
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at, catalogue_now
from metrics.periods import Period
from metrics.queries import card_of, partner_cards, tenant_calendar
from metrics.reviews.goals import progress_text
from metrics.reviews.models import Alert, Goal, GoalStatus, ReviewAction
from metrics.units import UP
from partners.directory.models import Partner
from portal.shell.formats import percent, short_date
from portal.tenancy.models import current_tenant

MOVES = 3
# How many quarters a trend shows, that of the review among them.
QUARTERS = 5


def prepared(partner: Partner, period: Period) -> list[dict[str, Any]]:
    """Headings with their sentences; a heading with nothing to say is left out. Trends are a table as well."""
    trends = _trends(partner, period)
    topics: list[tuple[str, list[str], dict[str, Any]]] = [
        (_("Results"), _results(partner, period), {}),
        (_("Trends"), [_trend_sentence(row) for row in trends["rows"]], {"trends": trends}),
        (_("Goals"), _goals(partner, period), {}),
        (_("Alerts"), _alerts(partner), {}),
        (_("Still to do from earlier reviews"), _promises(partner), {}),
    ]
    return [{"title": title, "lines": lines, **more} for title, lines, more in topics if lines]


def _results(partner: Partner, period: Period) -> list[str]:
    card = card_of(SubjectKind.PARTNER, str(partner.pk), period)
    if card is None:
        return []
    before = card_of(SubjectKind.PARTNER, str(partner.pk), period.previous())
    currency = current_tenant().currency
    words = _("Score %(score)s in %(period)s") % {"score": format_score(card.score), "period": period.label()}
    if before is not None and card.score is not None and before.score is not None:
        words += _(", %(change)s against the quarter before") % {
            "change": format_change(card.score - before.score)
        }
    lines, _others = kpi_lines(card, before, NO_PEERS, currency, list(card.breakdown))
    weak = sorted((line for line in lines if line.attainment is not None), key=_attained)[:MOVES]
    return [
        words,
        *(
            _("%(kpi)s: %(value)s, %(share)s of the target")
            % {
                "kpi": line.kpi.name,
                "value": format_value(line.kpi.unit, line.value, currency),
                "share": percent(line.attainment, 0),
            }
            for line in weak
        ),
    ]


def _attained(line: KpiLine) -> float:
    return line.attainment or 0


def _trends(partner: Partner, period: Period) -> dict[str, Any]:
    """The scorecard's KPIs in the quarters up to this one, as they were kept: those with two values and more."""
    first = period
    for _step in range(QUARTERS - 1):
        first = first.previous()
    cards: list[Scorecard] = list(
        partner_cards()
        .filter(partner=partner, period_kind=period.kind, period_start__range=(first.start, period.start))
        .order_by("period_start")
    )
    if not cards or cards[-1].period_start != period.start:
        return {"periods": [], "rows": []}
    catalogue, codes = catalogue_at(period.end), scored_codes(cards[-1])
    values = values_on(cards, codes)
    is_running = period.end > tenant_calendar().today()
    rows = [
        _trend_row(catalogue[code], [found.get(code) for found in values], is_running=is_running)
        for code in codes
    ]
    return {"periods": [card.period.label() for card in cards], "rows": [row for row in rows if row]}


def _trend_row(kpi: Kpi, values: list[float | int | None], *, is_running: bool) -> dict[str, Any] | None:
    """`way` is where the last value went from the one before that there is, `tone` whether that is for the better. What
    adds up is not held against a whole quarter while its own is running."""
    currency = current_tenant().currency
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    shown = [format_value(kpi.unit, value, currency) for value in values]
    way = tone = "flat"
    if values[-1] is None or (is_running and kpi.accrues):
        way = tone = "unknown"
    elif format_value(kpi.unit, known[-1], currency) != format_value(kpi.unit, known[-2], currency):
        way = "up" if known[-1] > known[-2] else "down"
        tone = "good" if (way == "up") == (kpi.better == UP) else "bad"
    return {"kpi": str(kpi.name), "values": shown, "way": way, "tone": tone}


def _trend_sentence(row: dict[str, Any]) -> str:
    words = {
        "up": _("%(kpi)s: %(values)s; up"),
        "down": _("%(kpi)s: %(values)s; down"),
        "flat": _("%(kpi)s: %(values)s; unchanged"),
        "unknown": _("%(kpi)s: %(values)s; not known yet"),
    }[row["way"]]
    return words % {"kpi": row["kpi"], "values": " → ".join(row["values"])}


def _goals(partner: Partner, period: Period) -> list[str]:
    """Those for a time that the quarter is part of or that overlaps it, and those still to come."""
    kept = Goal.objects.filter(partner=partner).exclude(status=GoalStatus.DROPPED)
    goals = [goal for goal in kept.order_by("period_start", "kpi") if goal.period.end > period.start]
    catalogue, currency = catalogue_now(), current_tenant().currency
    return [
        _("%(kpi)s, %(period)s: %(value)s of %(target)s, progress %(progress)s (%(status)s)")
        % {
            "kpi": catalogue[goal.kpi].name,
            "period": goal.period.label(),
            "progress": progress_text(goal, catalogue[goal.kpi]),
            "value": format_value(catalogue[goal.kpi].unit, goal.value, currency),
            "target": format_value(catalogue[goal.kpi].unit, goal.target, currency),
            "status": goal.get_status_display(),
        }
        for goal in goals
        if goal.kpi in catalogue
    ]


def _alerts(partner: Partner) -> list[str]:
    alerts = Alert.objects.filter(partner=partner, closed_at=None).select_related("rule")
    return [
        _("%(rule)s, since %(day)s") % {"rule": alert.rule.name, "day": short_date(alert.opened_at)}
        for alert in alerts
    ]


def _promises(partner: Partner) -> list[str]:
    """Those of the companies that have become part of this one are among them."""
    of_both = Q(review__partner=partner) | Q(review__partner__merged_into=partner)
    promises = ReviewAction.objects.filter(of_both, done_at=None).select_related("owner__user")
    return [
        _("%(what)s (%(who)s, until %(day)s)")
        % {"what": one.text, "who": one.owner.name, "day": short_date(one.due_on)}
        for one in promises
    ]
