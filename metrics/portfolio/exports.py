"""The league as a file, with each KPI's value and attainment."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

import polars as pl
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from metrics.catalogues import Catalogue
from metrics.display import exported_value
from metrics.kpis.shape import Kpi
from metrics.portfolio.queries import Standing
from metrics.units import Unit
from portal.shell.exports import csv_lines, csv_response, xlsx_response

FORMATS = ("csv", "xlsx", "parquet")
# What a column's name says its values are in; money is in the row's currency.
_IN = {Unit.PERCENT: " (%)", Unit.DAYS: " (days)", Unit.HOURS: " (hours)"}
_PARQUET = "application/vnd.apache.parquet"


def league_file(
    form: str,
    name: str,
    rows: Sequence[Standing],
    workings: Mapping[UUID, Mapping[str, Mapping[str, Any]]],
    catalogue: Catalogue,
    currency: str,
) -> HttpResponseBase:
    """The league in the form asked for. Amounts in major units of the currency that stands in the row."""
    header, lines = league_lines(rows, workings, catalogue, currency)
    if form == "csv":
        return csv_response(name, csv_lines(header, lines))
    if form == "xlsx":
        return xlsx_response(name, header, lines)
    own = _columns()
    kinds = [kind for _label, kind in own] + [pl.Float64] * (len(header) - len(own))
    frame = pl.DataFrame(lines, schema=dict(zip(header, kinds, strict=True)), orient="row", strict=False)
    file = BytesIO()
    frame.write_parquet(file)
    response = HttpResponse(file.getvalue(), content_type=_PARQUET)
    response["Content-Disposition"] = f'attachment; filename="{name}.parquet"'
    return response


def league_lines(
    rows: Sequence[Standing],
    workings: Mapping[UUID, Mapping[str, Mapping[str, Any]]],
    catalogue: Catalogue,
    currency: str,
) -> tuple[list[str], list[list[Any]]]:
    """The header and a line of values for each partner."""
    codes = {code for working in workings.values() for code in working}
    kpis = [catalogue[code] for code in sorted(codes) if code in catalogue]
    header = [label for label, _type in _columns()]
    for kpi in kpis:
        header += [f"{kpi.code} value{_IN.get(kpi.unit, '')}", f"{kpi.code} attainment (%)"]
    return header, [_line(row, workings.get(row.partner_id, {}), kpis, currency) for row in rows]


def _columns() -> list[tuple[str, type[pl.DataType]]]:
    return [
        (_("Number"), pl.String),
        (_("Partner"), pl.String),
        (_("Type"), pl.String),
        (_("Region"), pl.String),
        (_("Manager"), pl.String),
        (_("Partner since"), pl.Date),
        (_("Place"), pl.Int64),
        (_("Place before"), pl.Int64),
        (_("Score"), pl.Float64),
        (_("Score before"), pl.Float64),
        (f"{_('Coverage')} (%)", pl.Float64),
        (_("Revenue"), pl.Float64),
        (_("Pipeline"), pl.Float64),
        (_("Currency"), pl.String),
        (_("Deals won"), pl.Int64),
    ]


def _line(
    row: Standing, working: Mapping[str, Mapping[str, Any]], kpis: Sequence[Kpi], currency: str
) -> list[Any]:
    figures = [
        _float(exported_value(unit, working[kpi.code][part], currency)) if kpi.code in working else None
        for kpi in kpis
        for part, unit in (("value", kpi.unit), ("attainment", Unit.PERCENT))
    ]
    return [
        row.number,
        row.name,
        row.partner_type,
        row.region,
        row.manager or "",
        row.joined_on,
        row.place,
        row.previous_place,
        _float(row.score),
        _float(row.previous_score),
        _float(exported_value(Unit.PERCENT, row.coverage, currency)),
        _float(exported_value(Unit.MONEY, row.revenue, currency)),
        _float(exported_value(Unit.MONEY, row.pipeline, currency)),
        currency,
        row.deals,
        *figures,
    ]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
