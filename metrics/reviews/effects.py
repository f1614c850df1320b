"""Whether what was done has changed what it should: the same number of days before and after."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import ngettext

from metrics.display import direction, format_value
from metrics.kpis.shape import Kpi
from metrics.marks import Mark
from metrics.models import Scorecard
from metrics.own import catalogue_now
from metrics.periods import Window
from metrics.queries import kpi_values, tenant_calendar
from metrics.reviews.models import ReviewAction
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared

DAYS = 90
# Two weeks: in less a deal or two more or fewer, or on which weekdays it fell, is told as what came of the action.
TELLING_DAYS = 14


@dataclass(frozen=True, slots=True)
class Effect:
    """A KPI in the `days` before something was done and in as many since, in its own unit; None is no data."""

    kpi: Kpi
    days: int
    before: float | None
    after: float | None

    @property
    def tone(self) -> str:
        """Whether it became better, worse or stayed; `early` in the first days, `unknown` where one of the two is no data."""
        if self.days < TELLING_DAYS:
            return "early"
        if self.before is None or self.after is None:
            return "unknown"
        way = direction(self.after - self.before)
        if way == "flat":
            return way
        return "good" if (way == "up") == (self.kpi.better == "up") else "bad"

    def text(self, currency: str) -> str:
        return ngettext(
            "%(kpi)s: %(before)s on the day before, %(after)s on the day since",
            "%(kpi)s: %(before)s in the %(days)s days before, %(after)s in the %(days)s days since",
            self.days,
        ) % {
            "kpi": self.kpi.name,
            "before": format_value(self.kpi.unit, self.before, currency),
            "after": format_value(self.kpi.unit, self.after, currency),
            "days": self.days,
        }


def effects(partner_id: UUID, actions: Collection[ReviewAction]) -> dict[UUID, Effect]:
    """The effect of each action that is done and should change a KPI, live from the records. A few queries, however
    many actions. The day on which it was done counts with the days after it."""
    calendar, catalogue = tenant_calendar(), catalogue_now()
    tomorrow = calendar.today() + dt.timedelta(days=1)
    asked: list[tuple[ReviewAction, Kpi, int]] = []
    windows = []
    for action in actions:
        kpi = catalogue.get(action.kpi)
        if action.done_at is None or kpi is None or kpi.ranks:
            continue
        done = calendar.day_of(action.done_at)
        days = min(DAYS, (tomorrow - done).days)
        span = dt.timedelta(days=days)
        asked.append((action, kpi, days))
        windows.append(Window.of(done - span, done, f"before {action.pk}"))
        windows.append(Window.of(done, done + span, f"after {action.pk}"))
    if not asked:
        return {}
    values = kpi_values(windows, [partner_id], {kpi.code for _action, kpi, _days in asked})
    return {
        action.pk: Effect(
            kpi,
            days,
            values[partner_id, f"before {action.pk}"][kpi.code],
            values[partner_id, f"after {action.pk}"][kpi.code],
        )
        for action, kpi, days in asked
    }


def marks(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    """What reviews had done for a partner; the vendor's affair."""
    if card.partner_id is None or not member.is_vendor:
        return
    calendar = tenant_calendar()
    for at, text, kpi in _done(card.partner_id, calendar.moment(first), calendar.moment(last)):
        yield Mark(calendar.day_of(at), text, kpi)


@prepared
def _done(partner_id: UUID, first: dt.datetime, last: dt.datetime) -> QuerySet[ReviewAction, Any]:
    """What was done between two moments, of the companies that have become part of this one as well."""
    of_both = Q(review__partner_id=partner_id) | Q(review__partner__merged_into_id=partner_id)
    rows = ReviewAction.objects.filter(of_both, done_at__gte=first, done_at__lt=last)
    return rows.values_list("done_at", "text", "kpi")
