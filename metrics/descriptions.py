"""What happened to scorecards and templates, in a sentence."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.periods import Period
from portal.events.describe import describes
from portal.events.models import Event


@describes("scorecards.updated", routine=True)
def updated(event: Event) -> str:
    keys = event.data.get("periods", [])
    if len(keys) <= 3:
        labels = ", ".join(Period.parse(key).label() for key in keys)
        return _("Scorecard recomputed: %(periods)s") % {"periods": labels}
    return ngettext(
        "Scorecard recomputed for %(count)s period", "Scorecard recomputed for %(count)s periods", len(keys)
    ) % {"count": len(keys)}


@describes("template.created")
def created(event: Event) -> str:
    return _("Scorecard template created")


@describes("template.published")
def published(event: Event) -> str:
    return _("Version %(number)s of the scorecard template published") % {
        "number": event.data["new"]["number"]
    }


@describes("kpi.defined")
def kpi_defined(event: Event) -> str:
    return _("KPI “%(name)s” defined") % {"name": event.data["name"]}


@describes("kpi.changed")
def kpi_changed(event: Event) -> str:
    return _("KPI “%(name)s” changed") % {"name": event.data["name"]}


@describes("kpi.retired")
def kpi_retired(event: Event) -> str:
    return _("KPI “%(name)s” taken out of use") % {"name": event.data["name"]}


@describes("kpi.revived")
def kpi_revived(event: Event) -> str:
    return _("KPI “%(name)s” taken back into use") % {"name": event.data["name"]}


@describes("kpi.revenue_changed")
def revenue_changed(event: Event) -> str:
    if event.data["new"]["base"] == "order_revenue":
        return _("Revenue counts what was ordered")
    return _("Revenue counts what deals were won for")


@describes("period.locked")
def period_locked(event: Event) -> str:
    return _("%(period)s locked") % {"period": Period.parse(event.data["period"]).label()}


@describes("period.restated")
def period_restated(event: Event) -> str:
    return _("%(period)s restated: %(reason)s") % {
        "period": Period.parse(event.data["period"]).label(),
        "reason": event.data["reason"],
    }


@describes("period.grace_changed")
def grace_changed(event: Event) -> str:
    days = event.data["new"]["days"]
    if days is None:
        return _("Periods no longer lock by themselves")
    words = ngettext(
        "Periods lock %(days)s day after their end", "Periods lock %(days)s days after their end", days
    )
    return words % {"days": days}
