"""Every KPI of a scorecard on one page: to look through by area, to search and to export."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from metrics import queries
from metrics.benchmarks.queries import of_card
from metrics.card_pages import card_address, card_for, group_name
from metrics.display import exported_currency, exported_value
from metrics.explain import KpiLine, beside_usual, kpi_lines, peers_of, shown_codes
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.own import area_label, areas, catalogue_at, choosable
from metrics.tables import KpiTable
from portal.shell.exports import FORMATS, csv_lines, csv_response, xlsx_response

WITH_FIGURES = "figures"


@require_GET
def all_kpis(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """The KPIs of a scorecard by area, those that count for the score marked; as a page, CSV or XLSX."""
    card = card_for(request, pk)
    catalogue = catalogue_at(card.period.end)
    in_use = choosable()
    every = [
        catalogue[code]
        for code in shown_codes(card, with_internal=not request.membership.is_partner)
        if code in in_use or code in card.breakdown
    ]
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "area", "show")}
    lines, peers_count = _lines(card, [kpi for kpi in every if _fits(kpi, asked)], request.tenant.currency)
    if asked["show"] == WITH_FIGURES:
        lines = [line for line in lines if line.value is not None]
    name = card.partner.name if card.partner else group_name(card)
    if (form := request.GET.get("export", "")) in FORMATS:
        return _file(
            form,
            slugify(f"{name} {card.period.key}"),
            lines,
            request.tenant.currency,
            of_partner=card.partner_id is not None,
        )
    absent = [
        *([] if card.partner_id else ["median"]),
        *([] if any(line.usual_text for line in lines) else ["usual"]),
    ]
    present = {kpi.area for kpi in every}
    context = {
        "title": _("All KPIs"),
        "subtitle": f"{name} · {card.period.label()}",
        "back_url": card_address(request, card),
        "back_label": _("Scorecard"),
        "card": card,
        "table": KpiTable(lines, request=request, card=card.pk, exclude=absent) if lines else None,
        "count": len(every),
        "shown": len(lines),
        "peers_count": peers_count,
        "asked": asked,
        "area_choices": [(code, label) for code, label in areas() if code in present],
    }
    return render(request, f"metrics/all_kpis{'_card' if request.htmx else ''}.html", context)


def _fits(kpi: Kpi, asked: dict[str, str]) -> bool:
    return kpi.mentions(asked["q"]) and asked["area"] in ("", kpi.area)


def _lines(card: Scorecard, kpis: Iterable[Kpi], currency: str) -> tuple[list[KpiLine], int]:
    """The KPIs area by area, and how many peers the medians are of; 0 where none may be told."""
    codes = [kpi.code for kpi in kpis]
    previous = queries.card_of(SubjectKind(card.subject_kind), card.subject_key, card.period.previous())
    peers = peers_of(card, previous, codes)
    scored, others = kpi_lines(card, previous, peers, currency, codes)
    places = {code: place for place, (code, _label) in enumerate(areas())}
    lines = sorted([*scored, *others], key=lambda line: places.get(line.kpi.area, 0))
    return beside_usual(lines, of_card(card), currency), peers.count if peers.medians else 0


def _file(
    form: str, name: str, lines: Sequence[KpiLine], currency: str, *, of_partner: bool
) -> HttpResponseBase:
    header = [_("KPI"), _("Area"), _("Unit"), _("Currency"), _("Value"), _("Period before"), _("Change")]
    header += [_("Peers’ median")] if of_partner else []
    rows: Iterable[list[Any]] = (
        [
            line.name,
            area_label(line.kpi),
            line.kpi.unit.value,
            exported_currency(line.kpi.unit, currency),
            *(
                exported_value(line.kpi.unit, value, currency)
                for value in (line.value, line.before, line.change, *([line.median] if of_partner else []))
            ),
        ]
        for line in lines
    )
    return csv_response(name, csv_lines(header, rows)) if form == "csv" else xlsx_response(name, header, rows)
