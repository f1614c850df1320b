"""The league as a file, with each KPI's value and attainment."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from uuid import UUID

import polars as pl
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from metrics.portfolio.queries import Standing
from portal.money import to_decimal
from portal.shell.exports import csv_lines, csv_response, xlsx_response

FORMATS = ("csv", "xlsx", "parquet")
_PARQUET = "application/vnd.apache.parquet"


def league_file(
    form: str,
    name: str,
    rows: Sequence[Standing],
    workings: Mapping[UUID, Mapping[str, Mapping[str, Any]]],
    currency: str,
) -> HttpResponseBase:
    """The league in the form asked for. Amounts in major units; KPI values as the scorecard keeps them, money in
    minor units, % as a fraction."""
    header, lines = league_lines(rows, workings, currency)
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
    rows: Sequence[Standing], workings: Mapping[UUID, Mapping[str, Mapping[str, Any]]], currency: str
) -> tuple[list[str], list[list[Any]]]:
    """The header and a line of values for each partner."""
    codes = sorted({code for working in workings.values() for code in working})
    header = [label for label, _type in _columns()]
    header += [f"{code} {part}" for code in codes for part in ("value", "attainment")]
    return header, [_line(row, workings.get(row.partner_id, {}), codes, currency) for row in rows]


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
        (_("Coverage"), pl.Float64),
        (_("Revenue"), pl.Float64),
        (_("Pipeline"), pl.Float64),
        (_("Currency"), pl.String),
        (_("Deals won"), pl.Int64),
    ]


def _line(
    row: Standing, working: Mapping[str, Mapping[str, Any]], codes: Sequence[str], currency: str
) -> list[Any]:
    figures = [
        working[code][part] if code in working else None for code in codes for part in ("value", "attainment")
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
        _float(row.coverage),
        _float(to_decimal(row.revenue, currency)),
        _float(to_decimal(row.pipeline, currency)),
        currency,
        row.deals,
        *figures,
    ]


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
