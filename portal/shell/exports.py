"""CSV and XLSX files of a list, safe to open in a spreadsheet."""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import IO, Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMATS = ("csv", "xlsx")
XLSX_LIMIT = 100_000
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def neutral(value: Any) -> Any:
    """The value, with an apostrophe before text that a spreadsheet would take for a formula."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
    return value


class _Echo:
    def write(self, value: str) -> str:
        return value


def csv_lines(header: list[str], rows: Iterable[list[Any]]) -> Iterator[str]:
    """Lines of a CSV file, UTF-8 with the mark by which Excel knows it."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([neutral(label) for label in header])
    for row in rows:
        yield writer.writerow(["" if value is None else _plain(neutral(value)) for value in row])


def csv_response(name: str, lines: Iterator[str]) -> HttpResponseBase:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def xlsx_response(name: str, header: list[str], rows: Iterable[list[Any]]) -> HttpResponseBase:
    """A workbook of one sheet. At most `XLSX_LIMIT` rows, which the caller checks."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    _write_book(file, name, header, rows)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=_XLSX)


def workbook(name: str, header: list[str], rows: Iterable[Sequence[Any]]) -> BytesIO:
    """The same workbook in memory, for a letter."""
    file = BytesIO()
    _write_book(file, name, header, rows)
    return file


def _write_book(file: IO[bytes], name: str, header: list[str], rows: Iterable[Sequence[Any]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", name)[:31])
    sheet.append([neutral(label) for label in header])
    for row in rows:
        sheet.append([neutral(value) for value in row])
    book.save(file)


def _plain(value: Any) -> Any:
    """Numbers without grouping, dates as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value
