"""What a spreadsheet gets must be what was there, and never a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from portal.shell.exports import csv_lines, neutral, xlsx_response


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_begins_like_a_formula_is_defused(start: str) -> None:
    assert neutral(f'{start}HYPERLINK("http://evil")') == f'\'{start}HYPERLINK("http://evil")'


@pytest.mark.parametrize("value", [-12, Decimal("-1.50"), 0, None, date(2026, 1, 2), "a=b", "Müller & Co"])
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert neutral(value) == value


def test_csv_round_trip_with_quotes_commas_and_line_breaks() -> None:
    rows = [["=1+1", 'say "hi", please\nnow', Decimal("-1234.50"), None, date(2026, 3, 4)]]
    text = "".join(csv_lines(["A", "B", "C", "D", "E"], rows))
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))) == [
        ["A", "B", "C", "D", "E"],
        ["'=1+1", 'say "hi", please\nnow', "-1234.50", "", "2026-03-04"],
    ]


def test_xlsx_keeps_numbers_and_dates_and_drops_control_characters() -> None:
    rows = [["=cmd|' /C calc'!A0", Decimal("12.34"), datetime(2026, 1, 2, 3, 4), "a\x00b"]]  # noqa: DTZ001
    response = xlsx_response("list", ["=H", "N", "T", "C"], rows)
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    header, row = list(sheet.iter_rows())
    assert [cell.value for cell in header] == ["'=H", "N", "T", "C"]
    assert [cell.value for cell in row] == ["'=cmd|' /C calc'!A0", 12.34, datetime(2026, 1, 2, 3, 4), "ab"]  # noqa: DTZ001
    assert {cell.data_type for cell in row} == {"s", "n", "d"}


def test_moments_are_written_to_the_minute() -> None:
    lines = list(csv_lines(["when"], [[datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]]))
    assert lines[1] == "2026-01-02 03:04+00:00\r\n"
