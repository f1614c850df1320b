"""The funnel, and what the channels bring, on the screen."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from metrics.display import format_value
from metrics.portfolio.asked import Asked, address, asked, keep_address
from metrics.portfolio.charts import funnel_chart
from metrics.portfolio.dimensions import TITLES, Dimension, dimension
from metrics.portfolio.funnel import APPROVED_ONCE, Funnel, S, funnels, total
from metrics.portfolio.labels import last_day, month_bounds, month_label
from metrics.portfolio.marketing import Reach, reach
from partners.deals.enums import SalesStage
from portal.accounts.access import requires
from portal.money import to_decimal
from portal.shell.addresses import turl
from portal.shell.exports import FORMATS, csv_lines, csv_response, xlsx_response
from portal.shell.formats import DASH, number, percent
from portal.shell.reporting import ROWS_SHOWN, Report

STEPS = ("leads", "leads_registered", "submitted", "approved", "won")
SHOWN = 100
FUNNEL, CHANNELS = "metrics_portfolio:funnel", "metrics_portfolio:channels"


# --- the funnel --------------------------------------------------------------------------------


@require_GET
@requires("metrics.view_scorecards")
def funnel(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """Leads, registrations, approvals and wins of those that began in the period, with their lists."""
    found = asked(request)
    by, parts = _parts(found)
    form = request.GET.get("export", "")
    if form in FORMATS:
        header, rows = _table(found, by, parts)
        name = f"funnel-{found.period.kind.value}-{found.period.start}"
        return (
            csv_response(name, csv_lines(header, rows))
            if form == "csv"
            else xlsx_response(name, header, rows)
        )
    everything = dimension("", found.calendar)
    whole = funnels(found.choice, found.period, everything, found.calendar) if by.code else parts
    all_of_them = whole[0] if whole else Funnel("")
    context = {
        "title": _("Funnel"),
        "subtitle": _("From lead to won deal: those that began in %(period)s")
        % {"period": found.period.label()},
        "back_url": turl(request, "metrics_portfolio:analysis"),
        "back_label": _("Portfolio analysis"),
        "keep_url": keep_address(request, FUNNEL),
        "page_url": turl(request, FUNNEL),
        "by": by,
        "ways": _ways(request, by),
        "steps": [_step(found, everything, all_of_them, step) for step in STEPS],
        "chart": funnel_chart(all_of_them) if all_of_them.leads or all_of_them.submitted else None,
        "lines": [_line(found, by, part) for part in parts[:SHOWN]] if by.code else [],
        "more": max(0, len(parts) - SHOWN),
        "exports": [(form.upper(), address(request, export=form)) for form in FORMATS],
        **found.context(),
    }
    return render(request, "portfolio/funnel.html", context)


def _parts(found: Asked) -> tuple[Dimension, list[Funnel]]:
    by = dimension(found.request.GET.get("by", ""), found.calendar)
    parts = funnels(found.choice, found.period, by, found.calendar)
    return by, parts


def _ways(request: HttpRequest, by: Dimension) -> list[dict[str, Any]]:
    ways: list[tuple[str, Any]] = [("", _("All together"))]
    ways += [(code, title) for code, (title, _nothing) in TITLES.items()]
    return [
        {
            "label": title,
            "url": address(request, by=code),
            "active": code == by.code,
        }
        for code, title in ways
    ]


def _listed(found: Asked, by: Dimension, step: str, key: str) -> str:
    """The list of the records that a step counts."""
    first, last = found.period.start, last_day(found.period)
    if by.code == "month":
        first, last = month_bounds(key)
    days = (str(first), str(last))
    if step in ("leads", "leads_registered"):
        parameters: dict[str, Any] = {"came_after": days[0], "came_before": days[1]}
        if step == "leads_registered":
            parameters["registered"] = "true"
        return found.listed("leads:list", **parameters, **by.parameters("lead", key))
    parameters = {"registered_after": days[0], "registered_before": days[1]}
    if step == "approved":
        parameters["status"] = [str(status) for status in APPROVED_ONCE]
    elif step == "won":
        parameters["status"] = [str(S.WON)]
    return found.listed("deals:list", **parameters, **by.parameters("deal", key))


def _step(found: Asked, by: Dimension, part: Funnel, step: str) -> dict[str, Any]:
    currency = found.request.tenant.currency
    labels = {
        "leads": _("Leads"),
        "leads_registered": _("of them became a registration"),
        "submitted": _("Registrations submitted"),
        "approved": _("of them approved"),
        "won": _("of them won"),
    }
    value = getattr(part, f"{step}_value", None)
    return {
        "label": labels[step],
        "count": number(getattr(part, step)),
        "address": _listed(found, by, step, part.key) if getattr(part, step) else "",
        "value": DASH if value is None else format_value("money", value, currency),
        "share": _share(part, step),
        "days": _days(part, step),
    }


def _share(part: Funnel, step: str) -> str:
    """Of those of the step before; a win is of the approved."""
    before = {"leads_registered": part.leads, "approved": part.submitted, "won": part.approved}.get(step)
    return percent(getattr(part, step) / before, 0) if before else DASH


def _days(part: Funnel, step: str) -> str:
    days = {
        "leads_registered": part.lead_days,
        "approved": part.approval_days,
        "won": part.winning_days,
    }.get(step)
    return DASH if days is None else format_value("days", days, "")


def _label(by: Dimension, key: str, label: str) -> str:
    if by.code == "month":
        return month_label(key)
    return label or str(by.nothing)


def _line(found: Asked, by: Dimension, part: Funnel) -> dict[str, Any]:
    return {
        "label": _label(by, part.key, part.label),
        "steps": [_step(found, by, part, step) for step in STEPS],
    }


def _table(found: Asked, by: Dimension, parts: Sequence[Funnel]) -> tuple[list[str], list[list[Any]]]:
    """The funnel as rows of plain values; money in major units."""
    currency = found.request.tenant.currency
    header = [
        str(by.title) or _("All together"),
        _("Leads"),
        _("Leads that became a registration"),
        _("Days from lead to registration"),
        _("Submitted"),
        _("Submitted, value"),
        _("Approved"),
        _("Approved, value"),
        _("Days to the approval"),
        _("Won"),
        _("Won, value"),
        _("Days from approval to win"),
        _("Currency"),
    ]
    rows = [
        [
            _label(by, part.key, part.label) if by.code else _("All together"),
            part.leads,
            part.leads_registered,
            part.lead_days,
            part.submitted,
            to_decimal(part.submitted_value, currency),
            part.approved,
            to_decimal(part.approved_value, currency),
            part.approval_days,
            part.won,
            to_decimal(part.won_value, currency),
            part.winning_days,
            currency,
        ]
        for part in parts
    ]
    return header, rows


def funnel_report(request: HttpRequest) -> Report:
    """The funnel for a letter."""
    found = asked(request)
    by, parts = _parts(found)
    header, rows = _table(found, by, parts)
    sums = total(parts)
    currency = request.tenant.currency
    return Report(
        figures=[
            (_("Leads"), number(sums["leads"])),
            (_("Registrations submitted"), number(sums["submitted"])),
            (_("Approved"), number(sums["approved"])),
            (_("Won"), number(sums["won"])),
            (_("Won, value"), format_value("money", sums["won_value"], currency)),
        ],
        columns=[str(by.title) or "", _("Leads"), _("Submitted"), _("Approved"), _("Won"), _("Won, value")],
        lines=[
            [
                _label(by, part.key, part.label) if by.code else _("All together"),
                number(part.leads),
                number(part.submitted),
                number(part.approved),
                number(part.won),
                format_value("money", part.won_value, currency),
            ]
            for part in parts[:ROWS_SHOWN]
        ],
        header=header,
        rows=rows,
        total=len(rows),
        note=found.period.label(),
    )


# --- channels ----------------------------------------------------------------------------------


@require_GET
@requires("metrics.view_scorecards")
def channels(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """Visits, leads, spend and revenue by paid, earned and owned channel, and by source."""
    found = asked(request)
    tables = []
    for way in _channel_ways(found):
        parts = reach(found.choice, found.period, way, found.calendar)
        tables.append(
            {
                "title": _("By channel") if way.code == "channel" else _("By source"),
                "first": way.title,
                "lines": [_reach_line(found, way, part) for part in parts[:SHOWN]],
                "more": max(0, len(parts) - SHOWN),
            }
        )
    context = {
        "title": _("Channels and sources"),
        "subtitle": found.period.label(),
        "back_url": turl(request, "metrics_portfolio:analysis"),
        "back_label": _("Portfolio analysis"),
        "keep_url": keep_address(request, CHANNELS),
        "page_url": turl(request, CHANNELS),
        "tables": tables,
        **found.context(),
    }
    return render(request, "portfolio/channels.html", context)


def _channel_ways(found: Asked) -> list[Dimension]:
    return [dimension(code, found.calendar) for code in ("channel", "source")]


def _reach_line(found: Asked, by: Dimension, part: Reach) -> dict[str, Any]:
    currency = found.request.tenant.currency
    first, last = str(found.period.start), str(last_day(found.period))
    cost = part.cost_per_lead
    reported = part.visits or part.clicks or part.conversions or part.spend or part.revenue
    return {
        "label": _label(by, part.key, part.label),
        # The days that campaigns have reported: each of the sums is of all of them.
        "days_address": found.listed(
            "marketing:days", day_after=first, day_before=last, **by.parameters("deal", part.key)
        )
        if reported
        else "",
        "visits": number(part.visits),
        "clicks": number(part.clicks),
        "spend": format_value("money", part.spend, currency),
        "revenue": format_value("money", part.revenue, currency),
        "cost_per_lead": DASH if cost is None else format_value("money", cost, currency),
        "leads": number(part.leads),
        "leads_address": found.listed(
            "leads:list", came_after=first, came_before=last, **by.parameters("lead", part.key)
        )
        if part.leads
        else "",
        "won": number(part.won),
        "won_address": found.listed(
            "deals:list",
            stage=SalesStage.WON.value,
            closed_after=first,
            closed_before=last,
            **by.parameters("deal", part.key),
        )
        if part.won
        else "",
        "won_value": format_value("money", part.won_value, currency),
    }


def channels_report(request: HttpRequest) -> Report:
    """The channels for a letter; their sources in the file."""
    found = asked(request)
    currency = request.tenant.currency
    both = [
        (_label(way, part.key, part.label), way, part)
        for way in _channel_ways(found)
        for part in reach(found.choice, found.period, way, found.calendar)
    ]
    of_channels = [(label, part) for label, way, part in both if way.code == "channel"]
    return Report(
        figures=[
            (_("Leads"), number(sum(part.leads for _label, part in of_channels))),
            (_("Deals won"), number(sum(part.won for _label, part in of_channels))),
            (
                _("Spend"),
                format_value("money", sum(part.spend for _label, part in of_channels), currency),
            ),
        ],
        columns=[_("Channel"), _("Visits"), _("Leads"), _("Spend"), _("Won, value")],
        lines=[
            [
                label,
                number(part.visits),
                number(part.leads),
                format_value("money", part.spend, currency),
                format_value("money", part.won_value, currency),
            ]
            for label, part in of_channels[:ROWS_SHOWN]
        ],
        header=[
            _("By"),
            _("Channel or source"),
            _("Visits"),
            _("Clicks"),
            _("Leads"),
            _("Spend"),
            _("Revenue of campaigns"),
            _("Deals won"),
            _("Won, value"),
            _("Currency"),
        ],
        rows=[
            [
                str(way.title),
                label,
                part.visits,
                part.clicks,
                part.leads,
                to_decimal(part.spend, currency),
                to_decimal(part.revenue, currency),
                part.won,
                to_decimal(part.won_value, currency),
                currency,
            ]
            for label, way, part in both
        ],
        total=len(both),
        note=found.period.label(),
    )
