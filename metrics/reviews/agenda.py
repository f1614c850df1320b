"""What a review should speak of, from the figures: score, KPIs that moved, goals, alerts and open promises."""

from typing import Any

from django.utils.translation import gettext as _

from metrics.display import format_change, format_score, format_value
from metrics.explain import NO_PEERS, KpiLine, kpi_lines
from metrics.models import SubjectKind
from metrics.own import catalogue_now
from metrics.periods import Period
from metrics.queries import card_of
from metrics.reviews.models import Alert, Goal, GoalStatus, ReviewAction
from partners.directory.models import Partner
from portal.shell.formats import percent, short_date
from portal.tenancy.models import current_tenant

MOVES = 3


def prepared(partner: Partner, period: Period) -> list[dict[str, Any]]:
    """Headings with their sentences; a heading with nothing to say is left out."""
    topics = [
        (_("Results"), _results(partner, period)),
        (_("Goals"), _goals(partner, period)),
        (_("Alerts"), _alerts(partner)),
        (_("Still to do from earlier reviews"), _promises(partner)),
    ]
    return [{"title": title, "lines": lines} for title, lines in topics if lines]


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


def _goals(partner: Partner, period: Period) -> list[str]:
    goals = Goal.objects.filter(partner=partner, period_start__gte=period.start).exclude(
        status=GoalStatus.DROPPED
    )
    catalogue, currency = catalogue_now(), current_tenant().currency
    return [
        _("%(kpi)s: %(value)s of %(target)s (%(status)s)")
        % {
            "kpi": catalogue[goal.kpi].name,
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
    promises = ReviewAction.objects.filter(review__partner=partner, done_at=None).select_related(
        "owner__user"
    )
    return [
        _("%(what)s (%(who)s, until %(day)s)")
        % {"what": one.text, "who": one.owner.name, "day": short_date(one.due_on)}
        for one in promises
    ]
