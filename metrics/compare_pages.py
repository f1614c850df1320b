"""Any two periods of a partner or group side by side, or any two stretches of days."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from metrics import queries
from metrics.card_pages import card_address, card_for, group_name
from metrics.compare_forms import DaysForm, PeriodsForm
from metrics.comparison import ComparisonRow, compare, compare_values
from metrics.display import exported_currency, exported_value
from metrics.evaluation import evaluate_facts
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at
from metrics.periods import Period, Window, calendar_of
from metrics.stretches import facts_between
from portal.shell.exports import FORMATS, csv_lines, csv_response, xlsx_response
from portal.shell.formats import short_date
from portal.shell.lists import style_widgets

DAYS = ("from_day", "to_day", "against_from", "against_to")


@require_GET
def comparison(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """Metric, previous, current and change of any two periods, or of any days; as a page, CSV or XLSX.

    Without a choice it is the card's period and the one before.
    """
    card = card_for(request, pk)
    name = card.partner.name if card.partner else group_name(card)
    calendar = calendar_of(request.tenant)
    today = calendar.today()
    periods = _periods_of(card)
    by_days = any(day in request.GET for day in DAYS)
    asked = {"of": request.GET.get("of", card.period.key)}
    asked["against"] = request.GET.get("against", _before(periods, asked["of"]))
    form = PeriodsForm(asked if not by_days and len(periods) > 1 else None, periods=periods)
    if by_days:
        # What the two lists show while days are compared.
        form.initial = {"of": card.period.key, "against": _before(periods, card.period.key)}
    days_form = DaysForm(request.GET if by_days else None, today=today, initial=_first_days(card, today))
    shown: dict[str, Any] = {"rows": []}
    if by_days and days_form.is_valid():
        shown = _of_days(request, card, days_form.windows, today)
    elif not by_days and form.is_bound and form.is_valid():
        shown = _of_periods(
            request, card, *(form.periods[form.cleaned_data[key]] for key in ("of", "against"))
        )
    if (file := request.GET.get("export", "")) in FORMATS and shown["rows"]:
        return _file(file, name, shown, request.tenant.currency)
    for each in (form, days_form):
        style_widgets(each)
    context = {
        "title": _("Two periods compared"),
        "subtitle": name,
        "back_url": card_address(request, card),
        "back_label": _("Scorecard"),
        "form": form if len(periods) > 1 else None,
        "days_form": days_form,
        "by_days": by_days,
        **shown,
    }
    return render(request, "metrics/compare.html", context)


def _periods_of(card: Scorecard) -> list[Period]:
    """All periods of which there is a scorecard of the subject, the newest of each kind first."""
    cards = Scorecard.objects.filter(subject_kind=card.subject_kind, subject_key=card.subject_key)
    found = cards.order_by("-period_start", "period_kind").only("period_kind", "period_start")
    return [each.period for each in found]


def _before(periods: Sequence[Period], key: str) -> str:
    """The newest period before one of the same kind; where there is none, any other one."""
    chosen = next((period for period in periods if period.key == key), None)
    if chosen is not None:
        earlier = [period for period in periods if period.kind == chosen.kind and period.start < chosen.start]
        others = earlier or [period for period in periods if period != chosen]
        return others[0].key if others else ""
    return ""


def _first_days(card: Scorecard, today: dt.date) -> dict[str, dt.date]:
    """The card's period as far as it has run, and as many days of the year before."""
    start = card.period.start
    end = max(start, min(card.period.end - dt.timedelta(days=1), today))
    return {
        "from_day": start,
        "to_day": end,
        "against_from": _a_year_before(start),
        "against_to": _a_year_before(end),
    }


def _a_year_before(day: dt.date) -> dt.date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _of_periods(request: HttpRequest, card: Scorecard, of: Period, against: Period) -> dict[str, Any]:
    kind, today = SubjectKind(card.subject_kind), calendar_of(request.tenant).today()
    current = queries.card_of(kind, card.subject_key, of)
    previous = queries.card_of(kind, card.subject_key, against)
    if current is None or previous is None:
        return {"rows": []}
    notes = [
        _("%(period)s is still running.") % {"period": period.label()}
        for period in (of, against)
        if not period.is_settled(today)
    ]
    if of.kind != against.kind:
        notes.append(_("The two are not of the same length: what adds up over time is not like for like."))
    return {
        "rows": compare(
            current, previous, request.tenant.currency, with_internal=not request.membership.is_partner
        ),
        "current": current,
        "previous": previous,
        "labels": (of.label(), against.label()),
        "keys": (of.key, against.key),
        "notes": notes,
    }


def _of_days(
    request: HttpRequest, card: Scorecard, windows: tuple[Window, Window], today: dt.date
) -> dict[str, Any]:
    calendar = calendar_of(request.tenant)
    catalogues = [catalogue_at(window.end) for window in windows]
    now, before = (
        evaluate_facts(facts, catalogue=catalogue)
        for facts, catalogue in zip(facts_between(card, windows, calendar, today), catalogues, strict=True)
    )
    newest = catalogues[0] if windows[0].end >= windows[1].end else catalogues[1]
    rows = compare_values(
        now,
        before,
        newest,
        request.tenant.currency,
        level="P" if card.partner_id else "G",
        with_internal=not request.membership.is_partner,
    )
    lengths = [(window.as_of(today) - window.start).days for window in windows]
    notes = [_("Live from the records as they are today; there is no score of days that are no period.")]
    if not card.partner_id:
        notes.append(_("Of the partners that belong to it today."))
    if lengths[0] != lengths[1]:
        notes.append(_("The two are not of the same length: what adds up over time is not like for like."))
    return {
        "rows": rows,
        "current": None,
        "previous": None,
        "labels": tuple(_label(window) for window in windows),
        "keys": tuple(f"{window.start} {window.end}" for window in windows),
        "notes": notes,
    }


def _label(window: Window) -> str:
    return f"{short_date(window.start)} – {short_date(window.end - dt.timedelta(days=1))}"


def _file(form: str, name: str, shown: dict[str, Any], currency: str) -> HttpResponseBase:
    rows: Sequence[ComparisonRow] = shown["rows"]
    of, against = shown["labels"]
    header = [_("Metric"), _("Unit"), _("Currency"), against, of, _("Change")]
    table = (
        [
            row.name,
            row.unit,
            exported_currency(row.unit, currency),
            *(exported_value(row.unit, value, currency) for value in (row.previous, row.current, row.change)),
        ]
        for row in rows
    )
    file = slugify(f"{name} {' '.join(reversed(shown['keys']))}")
    return (
        csv_response(file, csv_lines(header, table)) if form == "csv" else xlsx_response(file, header, table)
    )
