"""The analysis of a portfolio or of the whole programme, for the vendor's people."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_date
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from metrics.display import direction, format_change, format_score, format_value
from metrics.own import catalogue_at
from metrics.periods import Period, PeriodKind, add_months, calendar_of
from metrics.portfolio import queries
from metrics.portfolio.charts import months_chart, quadrant, sparkline
from metrics.portfolio.exports import FORMATS, league_file
from metrics.portfolio.queries import Choice, Part, Standing
from metrics.queries import chosen_period
from partners.deals.enums import SalesStage
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.directory.queries import managers
from portal.accounts.access import requires
from portal.shell.addresses import turl
from portal.shell.exports import XLSX_LIMIT
from portal.shell.formats import DASH, number, percent

PER_PAGE = 25
SHADES = 4
ORDERS = ("place", "revenue", "change", "name")


@require_GET
@requires("metrics.view_scorecards")
def analysis(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """League, quadrant, heat map, cohorts and breakdowns of the partners chosen, in the period chosen."""
    calendar = calendar_of(request.tenant)
    today = calendar.today()
    period = chosen_period(request.GET.get("period", ""), request.GET.get("start", ""), calendar, today)
    people = list(managers())
    regions = list(
        Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
    )
    choice = _choice(request, {person.pk for person in people}, regions)
    rows = queries.league(choice, period)
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else "place"
    rows = _sorted(rows, order)
    form = request.GET.get("export", "")
    if form in FORMATS:
        if form == "xlsx" and len(rows) > XLSX_LIMIT:
            messages.error(request, _("That is too much for a spreadsheet. Take the CSV or Parquet file."))
            return redirect(_address(request, export=""))
        working = queries.workings([row.card_id for row in rows])
        name = f"portfolio-{period.kind.value}-{period.start}"
        return league_file(form, name, rows, working, request.tenant.currency)
    page, pages = _page(request, len(rows))
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    queries.with_trend(shown, period)
    currency = request.tenant.currency
    context = {
        "title": _("Portfolio analysis"),
        "subtitle": _("%(period)s, %(count)s partners")
        % {"period": period.label(), "count": number(len(rows))},
        "picker": _picker(request, period, calendar.current(period.kind)),
        "period": period,
        "people": people,
        "regions": regions,
        "types": PartnerType.choices,
        "chosen": choice,
        "manager_key": str(choice.manager or ""),
        "orders": _orders(request, order),
        "rows": [_league_row(request, row, period) for row in shown],
        "heat": _heat(request, shown, period),
        "page": page,
        "earlier_page": _address(request, page=str(page - 1)) if page > 1 else "",
        "later_page": _address(request, page=str(page + 1)) if page < pages else "",
        "pages": pages,
        "exports": [(form.upper(), _address(request, export=form)) for form in FORMATS],
        "quadrant": quadrant(rows, currency),
        "cohorts": _cohorts(choice, today, currency),
        "ages": [f"{first + 1}-{last}" for first, last in queries.AGES],
        **_breakdowns(request, choice, period),
    }
    return render(request, "portfolio/analysis.html", context)


def _choice(request: HttpRequest, people: set[UUID], regions: list[str]) -> Choice:
    """What the address asks for, without what does not exist."""
    try:
        manager = UUID(request.GET.get("manager", ""))
    except ValueError:
        manager = None
    region, kind = request.GET.get("region", ""), request.GET.get("type", "")
    return Choice(
        manager if manager in people else None,
        region if region in regions else "",
        kind if kind in PartnerType.values else "",
    )


def _address(request: HttpRequest, **changes: str) -> str:
    parameters = request.GET.copy()
    for name in ("page", "export"):
        parameters.pop(name, None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value:
            parameters[name] = value
    return f"?{parameters.urlencode()}"


def _picker(request: HttpRequest, period: Period, current: Period) -> dict[str, Any]:
    def of(other: Period) -> str:
        return _address(request, period=other.kind.value, start=str(other.start))

    return {
        "period": period,
        "tabs": [
            {
                "label": kind.label,
                "url": _address(request, period=kind.value, start=""),
                "active": kind == period.kind,
            }
            for kind in PeriodKind
        ],
        "earlier": of(period.previous()),
        "later": of(period.next()) if period.start < current.start else "",
    }


def _sorted(rows: list[Standing], order: str) -> list[Standing]:
    if order == "revenue":
        return sorted(rows, key=lambda row: (-row.revenue, row.name))
    if order == "change":
        return sorted(rows, key=lambda row: (row.change is None, row.change or 0, row.name))
    if order == "name":
        return sorted(rows, key=lambda row: row.name.casefold())
    return rows


def _orders(request: HttpRequest, order: str) -> list[dict[str, Any]]:
    labels = {
        "place": _("Place"),
        "revenue": _("Revenue"),
        "change": _("Largest fall"),
        "name": _("Name"),
    }
    return [
        {"label": label, "url": _address(request, sort=name), "active": name == order}
        for name, label in labels.items()
    ]


def _page(request: HttpRequest, count: int) -> tuple[int, int]:
    pages = max(1, -(-count // PER_PAGE))
    wanted = request.GET.get("page", "1")
    page = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 1
    return min(max(1, page), pages), pages


def _league_row(request: HttpRequest, row: Standing, period: Period) -> dict[str, Any]:
    moved = row.moved
    tone = {"up": "trend-good", "down": "trend-bad", "flat": ""}[direction(row.change)]
    if moved is None:
        words = _("new") if row.place is not None else DASH
    elif moved:
        words = f"{'▲' if moved > 0 else '▼'} {number(abs(moved))}"
    else:
        words = "="
    return {
        "place": number(row.place) if row.place is not None else DASH,
        "moved": words,
        "name": row.name,
        "address": f"{turl(request, 'metrics:scorecard', row.partner_id)}?{_in(period)}",
        "score": format_score(row.score),
        "change": format_change(row.change),
        "tone": tone if row.change is not None else "",
        "trend": sparkline(row.trend),
        "revenue": format_value("money", row.revenue, request.tenant.currency),
        "revenue_address": _deals(request, period, partner=str(row.partner_id)),
        "deals": number(row.deals),
        "pipeline": format_value("money", row.pipeline, request.tenant.currency),
        "pipeline_address": f"{turl(request, 'metrics:kpi', row.card_id, 'pipeline')}",
        "coverage": percent(row.coverage, 0),
    }


def _in(period: Period) -> str:
    return urlencode({"period": period.kind.value, "start": str(period.start)})


def _deals(request: HttpRequest, period: Period, **filters: str) -> str:
    """The list of the deals won in the period, narrowed down further."""
    parameters = {
        "stage": SalesStage.WON.value,
        "closed_after": str(period.start),
        "closed_before": str(period.end - dt.timedelta(days=1)),
        **filters,
    }
    return f"{turl(request, 'deals:list')}?{urlencode(parameters)}"


# --- heat map ----------------------------------------------------------------------------------


def _heat(request: HttpRequest, rows: list[Standing], period: Period) -> dict[str, Any]:
    """Value and attainment of each KPI of the templates, for the partners of the page."""
    working = queries.workings([row.card_id for row in rows])
    catalogue = catalogue_at(period.end)
    codes = dict.fromkeys(code for row in rows for code in working.get(row.partner_id, {}))
    kpis = [kpi for code in codes if (kpi := catalogue.get(code)) is not None]
    return {
        "kpis": [str(kpi.name) for kpi in kpis],
        "rows": [
            {
                "name": row.name,
                "address": f"{turl(request, 'metrics:scorecard', row.partner_id)}?{_in(period)}",
                "cells": [
                    _cell(
                        working.get(row.partner_id, {}).get(kpi.code),
                        kpi.unit,
                        request.tenant.currency,
                        turl(request, "metrics:kpi", row.card_id, kpi.code),
                    )
                    for kpi in kpis
                ],
            }
            for row in rows
        ],
    }


def _cell(parts: dict[str, Any] | None, unit: str, currency: str, address: str) -> dict[str, Any]:
    if parts is None:
        return {"value": DASH, "attainment": "", "shade": 0, "address": ""}
    attainment = parts["attainment"]
    return {
        "value": format_value(unit, parts["value"], currency),
        "attainment": "" if attainment is None else percent(attainment, 0),
        "shade": 0 if attainment is None else min(SHADES, int(attainment * SHADES) + 1),
        "address": address,
    }


# --- cohorts and breakdowns --------------------------------------------------------------------


def _month(day: dt.date) -> str:
    return format_date(day, "LLL y", locale=to_locale(get_language() or "en"))


def _cohorts(choice: Choice, today: dt.date, currency: str) -> list[dict[str, Any]]:
    return [
        {
            "month": _month(cohort.month),
            "joined": number(cohort.joined),
            "active": number(cohort.active),
            "revenue": [format_value("money", amount, currency) for amount in cohort.revenue],
        }
        for cohort in queries.cohorts(choice, today)
    ]


def _breakdowns(request: HttpRequest, choice: Choice, period: Period) -> dict[str, Any]:
    """Won deals by product family, region and month, and open deals by stage, each with the list behind it."""
    currency = request.tenant.currency
    kept = {"manager": str(choice.manager)} if choice.manager else {}
    # The list of deals knows no region or type of partner, so with these chosen a link would show too much.
    exact = not choice.region and not choice.partner_type

    def line(part: Part, label: str, address: str) -> dict[str, Any]:
        return {
            "label": label,
            "deals": number(part.deals),
            "amount": format_value("money", part.amount, currency),
            "address": address,
        }

    def listed(period: Period, **filters: str) -> str:
        return _deals(request, period, **kept, **filters) if exact else ""

    families = queries.won_by(choice, period, "family_id", "family__name")
    regions = queries.won_by(choice, period, "partner__region", "partner__region")
    months = queries.won_by_month(choice, period)
    stages = queries.open_by_stage(choice)
    tables = [
        {
            "title": _("Won, by product family"),
            "first": _("Product family"),
            "lines": [
                line(
                    part,
                    part.label or _("Without a product"),
                    listed(period, family=str(part.key)) if part.key else "",
                )
                for part in families
            ],
        },
        {
            "title": _("Won, by region"),
            "first": _("Region"),
            "lines": [
                line(
                    part,
                    part.label or _("Without a region"),
                    _address(request, region=part.label) if part.label else "",
                )
                for part in regions
            ],
        },
        {
            "title": _("Won, by month"),
            "first": _("Month"),
            "lines": [
                line(part, _month(part.key), listed(Period(add_months(part.key, 0), PeriodKind.MONTH)))
                for part in months
            ],
        },
        {
            "title": _("Open today, by stage"),
            "first": _("Stage"),
            "lines": [
                line(
                    part,
                    part.label,
                    f"{turl(request, 'deals:list')}?{urlencode({'stage': part.key, **kept})}"
                    if exact
                    else "",
                )
                for part in stages
            ],
        },
    ]
    return {
        "breakdowns": tables,
        "months": months_chart([(_month(part.key), part) for part in months], currency),
        "all_won": listed(period),
    }
