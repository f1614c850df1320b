"""The analysis of a portfolio or of the whole programme, for the vendor's people."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from metrics.benchmarks.models import Benchmark
from metrics.benchmarks.queries import benchmarks, fitting
from metrics.display import direction, format_change, format_score, format_value, in_sentence
from metrics.kpis.shape import Kpi
from metrics.own import catalogue_at
from metrics.periods import Period, add_months
from metrics.portfolio import queries
from metrics.portfolio.asked import Asked, address, asked, keep_address
from metrics.portfolio.charts import months_chart, quadrant, sparkline
from metrics.portfolio.dimensions import dimension
from metrics.portfolio.exports import FORMATS, league_file, league_lines
from metrics.portfolio.labels import last_day, month_bounds, month_label
from metrics.portfolio.queries import Cohort, Part, Standing
from metrics.revenue import RevenueBase
from metrics.tables import kpi_address
from partners.deals.enums import SalesStage
from partners.orders.enums import OrderStatus
from portal.accounts.access import requires
from portal.shell.addresses import turl
from portal.shell.exports import XLSX_LIMIT
from portal.shell.formats import DASH, number, percent
from portal.shell.reporting import ROWS_ENCLOSED, ROWS_SHOWN, Report
from portal.shell.tables import row_address

ANALYSIS = "metrics_portfolio:analysis"
# Parts of a breakdown; what is smaller stands in the lists.
SHOWN = 50
PER_PAGE = 25
SHADES = 4
ORDERS = ("place", "revenue", "change", "name")


@require_GET
@requires("metrics.view_scorecards")
def analysis(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """League, quadrant, heat map, cohorts and breakdowns of the partners chosen, in the period chosen."""
    found = asked(request)
    period, choice = found.period, found.choice
    order = request.GET.get("sort", "")
    order = order if order in ORDERS else "place"
    rows = _sorted(queries.league(choice, period), order)
    form = request.GET.get("export", "")
    if form in FORMATS:
        if form == "xlsx" and len(rows) > XLSX_LIMIT:
            messages.error(request, _("That is too much for a spreadsheet. Take the CSV or Parquet file."))
            return redirect(address(request, export=""))
        working = queries.workings([row.card_id for row in rows])
        name = f"portfolio-{period.kind.value}-{period.start}"
        return league_file(form, name, rows, working, catalogue_at(period.end), request.tenant.currency)
    page, pages = _page(request, len(rows))
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    queries.with_trend(shown, period)
    currency = request.tenant.currency
    context = {
        "title": _("Portfolio analysis"),
        "subtitle": ngettext("%(period)s, %(count)s partner", "%(period)s, %(count)s partners", len(rows))
        % {"period": period.label(), "count": number(len(rows))},
        "keep_url": keep_address(request, ANALYSIS),
        "page_url": turl(request, ANALYSIS),
        "others": [
            (_("Funnel"), f"{turl(request, 'metrics_portfolio:funnel')}{address(request, sort='')}"),
            (
                _("Channels and sources"),
                f"{turl(request, 'metrics_portfolio:channels')}{address(request, sort='')}",
            ),
        ],
        "orders": _orders(request, order),
        "rows": [_league_row(request, row, period) for row in shown],
        "heat": _heat(request, shown, found),
        "page": page,
        "earlier_page": address(request, page=str(page - 1)) if page > 1 else "",
        "later_page": address(request, page=str(page + 1)) if page < pages else "",
        "pages": pages,
        "exports": [(form.upper(), address(request, export=form)) for form in FORMATS],
        "quadrant": quadrant(rows, currency, lambda row: _card_address(request, row, period)),
        "cohorts": _cohorts(found, currency),
        "ages": [f"{first + 1}-{last}" for first, last in queries.AGES],
        **_breakdowns(found),
        **found.context(),
    }
    return render(request, "portfolio/analysis.html", context)


def analysis_report(request: HttpRequest) -> Report:
    """The league for a letter, with the choice's sums."""
    found = asked(request)
    order = request.GET.get("sort", "")
    rows = _sorted(queries.league(found.choice, found.period), order)
    currency = request.tenant.currency
    scores = [row.score for row in rows if row.score is not None]
    held = rows if len(rows) <= ROWS_ENCLOSED else []
    working = queries.workings([row.card_id for row in held])
    header, lines = league_lines(held, working, catalogue_at(found.period.end), currency)
    return Report(
        figures=[
            (_("Partners"), number(len(rows))),
            (_("Mean score"), format_score(sum(scores) / len(scores)) if scores else DASH),
            (_("Revenue"), format_value("money", sum(row.revenue for row in rows), currency)),
            (_("Deals won"), number(sum(row.deals for row in rows))),
            (_("Pipeline"), format_value("money", sum(row.pipeline for row in rows), currency)),
        ],
        columns=[_("Place"), _("Partner"), _("Score"), _("Change"), _("Revenue"), _("Pipeline")],
        lines=[
            [
                number(row.place) if row.place is not None else DASH,
                row.name,
                format_score(row.score),
                format_change(row.change),
                format_value("money", row.revenue, currency),
                format_value("money", row.pipeline, currency),
            ]
            for row in rows[:ROWS_SHOWN]
        ],
        header=header,
        rows=lines,
        total=len(rows),
        note=found.period.label(),
    )


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
        {"label": label, "url": address(request, sort=name), "active": name == order}
        for name, label in labels.items()
    ]


def _page(request: HttpRequest, count: int) -> tuple[int, int]:
    pages = max(1, -(-count // PER_PAGE))
    wanted = request.GET.get("page", "1")
    page = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 1
    return min(max(1, page), pages), pages


def _league_row(request: HttpRequest, row: Standing, period: Period) -> dict[str, Any]:
    moved, slug = row.moved, request.tenant.slug
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
        "address": _card_address(request, row, period),
        "score": format_score(row.score),
        "change": format_change(row.change),
        "tone": tone if row.change is not None else "",
        "trend": sparkline(row.trend),
        "revenue": format_value("money", row.revenue, request.tenant.currency),
        "revenue_address": kpi_address(slug, row.card_id, "revenue"),
        "deals": number(row.deals),
        "deals_address": kpi_address(slug, row.card_id, "deal_count"),
        "pipeline": format_value("money", row.pipeline, request.tenant.currency),
        "pipeline_address": kpi_address(slug, row.card_id, "pipeline"),
        "coverage": percent(row.coverage, 0),
    }


def _card_address(request: HttpRequest, row: Standing, period: Period) -> str:
    where = row_address("metrics:scorecard", request.tenant.slug, row.partner_id)
    return f"{where}?period={period.kind.value}&start={period.start}"


# --- heat map ----------------------------------------------------------------------------------


def _heat(request: HttpRequest, rows: list[Standing], found: Asked) -> dict[str, Any]:
    """Value and attainment of each KPI of the templates, for the partners of the page, beside what is usual."""
    period, currency = found.period, request.tenant.currency
    working = queries.workings([row.card_id for row in rows])
    catalogue = catalogue_at(period.end)
    codes = dict.fromkeys(code for row in rows for code in working.get(row.partner_id, {}))
    kpis = [kpi for code in codes if (kpi := catalogue.get(code)) is not None]
    held = benchmarks(period)
    general = fitting(held, found.choice.partner_type, found.choice.region)
    return {
        "kpis": [str(kpi.name) for kpi in kpis],
        "usual": [
            format_value(kpi.unit, general[kpi.code].value, currency) if kpi.code in general else DASH
            for kpi in kpis
        ]
        if general
        else [],
        "rows": [
            {
                "name": row.name,
                "address": _card_address(request, row, period),
                "cells": [
                    _cell(
                        working.get(row.partner_id, {}).get(kpi.code),
                        kpi,
                        currency,
                        kpi_address(request.tenant.slug, row.card_id, kpi.code),
                        usual.get(kpi.code),
                    )
                    for kpi in kpis
                ],
            }
            for row in rows
            for usual in [fitting(held, row.partner_type, row.region)]
        ],
    }


def _cell(
    parts: dict[str, Any] | None, kpi: Kpi, currency: str, where: str, usual: Benchmark | None
) -> dict[str, Any]:
    if parts is None:
        return {"value": DASH, "attainment": "", "shade": 0, "address": "", "against": ""}
    attainment, value = parts["attainment"], parts["value"]
    against = ""
    if usual is not None and value is not None and value != usual.value:
        is_better = (value > usual.value) == (kpi.better == "up")
        against = _("better than usual") if is_better else _("worse than usual")
    return {
        "value": format_value(kpi.unit, value, currency),
        "attainment": "" if attainment is None else percent(attainment, 0),
        "shade": 0 if attainment is None else min(SHADES, int(attainment * SHADES) + 1),
        "address": where,
        "against": against,
    }


# --- cohorts and breakdowns --------------------------------------------------------------------


def _cohorts(found: Asked, currency: str) -> list[dict[str, Any]]:
    """Each number with the list of the partners, or of the deals or orders, behind it."""
    lines = []
    kept = {("type" if name == "partner_type" else name): value for name, value in found.kept.items()}
    partners = turl(found.request, "directory:partners")
    for cohort in queries.cohorts(found.choice, found.calendar.today()):
        first, last = month_bounds(cohort.month)
        joined = {"joined_after": str(first), "joined_before": str(last)}
        amounts = []
        for age, amount in zip(queries.AGES, cohort.revenue, strict=True):
            amounts.append(
                {
                    "text": format_value("money", amount, currency),
                    "address": _behind(found, cohort, *age, joined) if amount else "",
                }
            )
        of_them = {**kept, **joined}
        lines.append(
            {
                "month": month_label(cohort.month),
                "joined": number(cohort.joined),
                "joined_address": f"{partners}?{urlencode(of_them)}",
                "active": number(cohort.active),
                "active_address": f"{partners}?{urlencode({**of_them, 'status': 'active'})}"
                if cohort.active
                else "",
                "revenue": amounts,
            }
        )
    return lines


def _behind(found: Asked, cohort: Cohort, start: int, end: int, joined: dict[str, str]) -> str:
    """The list of what adds up to a cohort's revenue of an age; none of which a part was won and a part ordered."""
    first, last = add_months(cohort.month, start), add_months(cohort.month, end) - dt.timedelta(days=1)
    bases = cohort.bases(start, end)
    if bases == {RevenueBase.DEALS}:
        won = {"stage": SalesStage.WON.value, "closed_after": str(first), "closed_before": str(last)}
        return found.listed("deals:list", **won, **joined)
    if bases == {RevenueBase.ORDERS}:
        statuses = [status.value for status in OrderStatus if status != OrderStatus.CANCELLED]
        placed = {"status": statuses, "ordered_at_after": str(first), "ordered_at_before": str(last)}
        return found.listed("orders:list", **placed, **joined)
    return ""


BY = ("family", "region", "type", "tier", "channel", "source")


def _breakdowns(found: Asked) -> dict[str, Any]:
    """Won deals by several ways and by month, and open deals by stage, each number with the list behind it."""
    currency, period, choice = found.request.tenant.currency, found.period, found.choice

    def line(part: Part, label: str, where: str) -> dict[str, Any]:
        return {
            "label": label,
            "deals": number(part.deals),
            "amount": format_value("money", part.amount, currency),
            "address": where,
        }

    def won(first: dt.date, last: dt.date, **filters: str) -> str:
        closed = {"closed_after": str(first), "closed_before": str(last)}
        return found.listed("deals:list", **{"stage": SalesStage.WON.value, **closed, **filters})

    first, last = period.start, last_day(period)
    ways = [dimension(code, found.calendar) for code in BY if code != "tier" or found.tiers]
    sums = queries.won_by(choice, period, ways)
    tables = [
        {
            "title": _("Won, by %(way)s") % {"way": in_sentence(way.title)},
            "first": way.title,
            "lines": [
                line(
                    part,
                    part.label or str(way.nothing),
                    won(first, last, **way.parameters("deal", part.key)),
                )
                for part in sums.by[way.code][:SHOWN]
            ],
        }
        for way in ways
    ]
    months = sums.months
    stages = queries.open_by_stage(choice, found.calendar.today())
    tables += [
        {
            "title": _("Won, by month"),
            "first": _("Month"),
            "lines": [line(part, month_label(part.key), won(*month_bounds(part.key))) for part in months],
        },
        {
            "title": _("Open today, by stage"),
            "first": _("Stage"),
            "lines": [
                line(part, part.label, found.listed("deals:list", stage=part.key, pipeline="true"))
                for part in stages
            ],
        },
    ]
    return {
        "breakdowns": tables,
        "months": months_chart([(month_label(part.key), part) for part in months], currency),
        "all_won": won(first, last),
    }
