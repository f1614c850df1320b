"""The funnel page: how many get how far, in how many days, and where they get stuck."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partners.directory.queries import managers
from partners.onboarding.funnel import queries
from portal.accounts.access import requires
from portal.shell.addresses import turl

# In months back from today; the first is shown without asking.
SPANS = (12, 3, 6, 24)


@require_safe
@requires("onboarding.view_onboarding")
def funnel(request: HttpRequest, tenant: str) -> HttpResponse:
    member, today = request.membership, timezone.localdate()
    people = list(managers())
    wanted = request.GET.get("portfolio", "mine" if member.is_manager else "all")
    manager_id, nobody = _portfolio(wanted, member.pk, [person.pk for person in people])
    months = request.GET.get("months", "")
    span = int(months) if months.isascii() and months.isdecimal() and int(months) in SPANS else SPANS[0]
    start = _months_back(today, span)
    found = queries.journeys(
        start=start,
        end=today + dt.timedelta(days=1),
        zone=request.tenant.zone,
        manager_id=manager_id,
        nobody=nobody,
    )
    running = queries.running_progress(manager_id, nobody=nobody, today=today)
    stages = queries.stages(found)
    context: dict[str, Any] = {
        "title": _("From application to first deal"),
        "subtitle": _("Companies that applied or joined since then, and how far each has come."),
        "stages": [
            {"stage": stage, "percent": 100 * stage.count // len(found) if found else 0} for stage in stages
        ],
        "total": len(found),
        "start": start,
        "stuck": queries.stuck(running, today)[:10],
        "running": len(running),
        "waiting": queries.waiting_applications(manager_id, nobody=nobody),
        "portfolios": [
            {"value": "all", "label": _("The whole programme")},
            *([{"value": "mine", "label": _("My portfolio")}] if member.is_manager else []),
            *({"value": str(one.pk), "label": one.name} for one in people if one.pk != member.pk),
            {"value": "nobody", "label": _("Without a manager")},
        ],
        "portfolio": wanted,
        "spans": sorted(SPANS),
        "span": span,
        "back_url": turl(request, "onboarding:onboardings"),
        "back_label": _("Getting started"),
    }
    return render(request, "onboarding/funnel.html", context)


def _portfolio(wanted: str, own: UUID, people: list[UUID]) -> tuple[UUID | None, bool]:
    """(manager or None for all, whether only what nobody looks after is meant)."""
    if wanted == "all":
        return None, False
    if wanted == "nobody":
        return None, True
    if wanted == "mine":
        return own, False
    chosen = next((pk for pk in people if str(pk) == wanted), None)
    if chosen is None:
        raise Http404
    return chosen, False


def _months_back(day: dt.date, months: int) -> dt.date:
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)
