"""From the bytes of an upload to a table of text.

The content decides what a file is, never its name. Every cell becomes text: CSV cells as they stand,
XLSX numbers with a decimal point and dates in ISO form, so that what follows has one case to handle.
"""

import codecs
import csv
import io
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import openpyxl
import polars as pl
from defusedxml.common import DefusedXmlException
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException

from portal.imports.limits import Limits
from portal.imports.problems import FileRefused

ROW = "row"
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 50
SPREADSHEET_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")

_MAGIC = (
    (b"\x89PNG", _("a PNG picture")),
    (b"\xff\xd8\xff", _("a JPEG picture")),
    (b"GIF8", _("a GIF picture")),
    (b"%PDF", _("a PDF document")),
    (b"\x1f\x8b", _("a gzip archive")),
    (b"7z\xbc\xaf", _("a 7-Zip archive")),
    (b"Rar!", _("a RAR archive")),
    (b"{\\rtf", _("an RTF document")),
    (b"PAR1", _("a Parquet file")),
    (b"SQLite format 3", _("a SQLite database")),
)
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA_TAG = re.compile(rb"<(?:\w+:)?f[ />]")


@dataclass(frozen=True)
class Table:
    """A file as text. `frame` has `row` (the number a spreadsheet shows) and `c0`, `c1`, ... as strings;
    an empty cell is null. `faults` are rows that cannot be read as a whole: row number -> problem."""

    headers: list[str]
    frame: pl.DataFrame
    kind: str
    details: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        return [f"c{i}" for i in range(len(self.headers))]


def check_size(size: int, limits: Limits) -> None:
    """Refuse by the announced size alone, before anything is read."""
    if size == 0:
        raise FileRefused(_("The file is empty."))
    if size > limits.max_bytes:
        raise FileRefused(
            _(
                "The file is %(size)s; at most %(limit)s can be imported at once. Split it or leave out columns."
            )
            % {"size": filesizeformat(size), "limit": filesizeformat(limits.max_bytes)}
        )


def read_table(content: bytes, limits: Limits, *, head: int | None = None) -> Table:
    """The first table of a CSV or XLSX file; with `head` only the first rows of a workbook, which is slow to
    read. Raises FileRefused with a sentence that says what is wrong."""
    check_size(len(content), limits)
    if content.startswith(_ZIP):
        return _read_xlsx(content, limits, head)
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise FileRefused(
                _("The workbook is protected by a password. Save it without one and try again.")
            )
        raise FileRefused(_("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again."))
    for magic, name in _MAGIC:
        if content.startswith(magic):
            raise FileRefused(_("This is %(kind)s, not a CSV or XLSX table.") % {"kind": name})
    return _read_csv(content, limits)


# --- CSV ---------------------------------------------------------------------------------------


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding: by byte order mark, then UTF-16 by its zeros, then UTF-8,
    then Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _decode_as(content, encoding), encoding
    head = content[:4000]
    if b"\0" in head:
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
            if zeros and zeros.count(0) > 0.7 * len(zeros):
                return _decode_as(content, encoding), encoding
    if (at := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, at) + 1
        raise FileRefused(
            _(
                "Line %(line)s holds a NUL character: the file is damaged or not a text table. Export it again."
            )
            % {"line": line}
        )
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_as(content, "cp1252"), "cp1252"


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileRefused(
            _("The text cannot be read from line %(line)s on. Save the file as UTF-8 and try again.")
            % {"line": line}
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FileRefused(
            _(
                "Line %(line)s holds a NUL character: the file is damaged or not a text table. Export it again."
            )
            % {"line": line}
        )
    return text


def sniff_delimiter(text: str) -> str:
    """The delimiter that cuts the first records into the same number of fields, and most of them."""
    first, _newline, _rest = text.partition("\n")
    if re.fullmatch(r"sep=[,;\t|]\r?", first):
        return first[4]
    best, best_score = ",", (0.0, 0)
    sample = text[:200_000]
    for delimiter in DELIMITERS:
        try:
            records = [
                r for r in islice(csv.reader(io.StringIO(sample), delimiter=delimiter), SAMPLE_RECORDS) if r
            ]
        except csv.Error:
            continue
        widths = Counter(map(len, records))
        width, count = widths.most_common(1)[0] if widths else (0, 0)
        if width > 1 and (score := (round(count / len(records), 2), width)) > best_score:
            best, best_score = delimiter, score
    return best


def _read_csv(content: bytes, limits: Limits) -> Table:
    text, encoding = decode(content)
    controls = sum(text[:4000].count(chr(code)) for code in range(1, 32) if code not in (9, 10, 12, 13))
    if controls > 5:
        raise FileRefused(_("This is not a text table. Upload a CSV or XLSX file."))
    delimiter = sniff_delimiter(text)
    lead = 0
    if text.startswith("sep="):
        text, lead = text.partition("\n")[2], 1
    table = _plain_table(text, delimiter, limits, first_row=1 + lead)
    if table is None:
        records, lead_blank = _csv_records(text, delimiter, limits)
        table = _table(records, limits, first_row=1 + lead + lead_blank, kind="csv", strict=True)
    names = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar")}
    table.details.update(encoding=encoding, delimiter=str(names[delimiter]))
    if encoding == "cp1252":
        table.notes.append("cp1252")
    return table


def _plain_table(text: str, delimiter: str, limits: Limits, *, first_row: int) -> Table | None:
    """The table of a file without quotation marks, ragged rows or blank lines, five times faster than record
    by record; None for any other file. The count of delimiters proves that no row is short."""
    text = text.removesuffix("\n").removesuffix("\r")
    if '"' in text or "\n\n" in text or "\n\r" in text or text.startswith(("\n", "\r")):
        return None
    lines = text.count("\n")
    if text.count("\r") not in (0, lines):
        return None
    header, _newline, body = text.partition("\n")
    cells = header.rstrip("\r").split(delimiter)
    width = len(cells)
    if lines == 0 or width > limits.max_columns or not cells[-1].strip():
        return None
    if lines > limits.max_rows:
        raise _too_many_rows(limits)
    if body.count(delimiter) != (width - 1) * lines:
        return None
    try:
        frame = pl.read_csv(
            body.encode(), separator=delimiter, has_header=False, infer_schema=False, quote_char=None
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != lines or frame.width != width:
        return None
    notes: list[str] = []
    headers = _header_names(cells, notes)
    frame.columns = [f"c{i}" for i in range(width)]
    return _finish_table(frame.with_row_index(ROW, first_row + 1), headers, limits, "csv", notes, {})


def _csv_records(text: str, delimiter: str, limits: Limits) -> tuple[list[list[str]], int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    lead_blank = 0
    records: list[list[str]] = []
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                records.append(record)
                break
            lead_blank += 1
        records += islice(reader, limits.max_rows)
        more = next(reader, None)
    except csv.Error as error:
        raise FileRefused(
            _(
                "Line %(line)s cannot be read: a cell is longer than %(limit)s characters."
                " Is a quotation mark not closed?"
            )
            % {"line": reader.line_num, "limit": csv.field_size_limit()}
        ) from error
    if more is not None:
        raise _too_many_rows(limits)
    return records, lead_blank


# --- XLSX --------------------------------------------------------------------------------------


def _read_xlsx(content: bytes, limits: Limits, head: int | None) -> Table:
    has_formulas = _check_archive(content, limits)
    try:
        return _read_workbook(content, has_formulas and head is None, limits, head)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        SyntaxError,
        EOFError,
    ) as error:
        # openpyxl puts an error of its own around that of the XML reader.
        if isinstance(error, DefusedXmlException) or isinstance(error.__context__, DefusedXmlException):
            message = _("The workbook declares XML entities, which a spreadsheet never does. It is refused.")
        else:
            message = _("The workbook is damaged and cannot be read. Save it again and retry.")
        raise FileRefused(message) from error


def _check_archive(content: bytes, limits: Limits) -> bool:
    """Refuse what would unpack to too much; returns whether a sheet holds formulas."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as error:
        raise FileRefused(
            _("The workbook is damaged and cannot be read. Save it again and retry.")
        ) from error
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names and not any(name.endswith("workbook.xml") for name in names):
        raise FileRefused(_("This is a ZIP archive, not a CSV or XLSX table. Unpack it first."))
    unpacked = sum(member.file_size for member in members)
    bomb = len(members) > limits.max_members or unpacked > limits.max_unpacked
    for member in members:
        packed = max(member.compress_size, 1)
        bomb = bomb or (member.file_size > 2**20 and member.file_size / packed > limits.max_ratio)
        # What is no sheet is read whole, in the web process.
        is_sheet = member.filename.startswith("xl/worksheets/")
        bomb = bomb or (not is_sheet and member.file_size > limits.max_shared)
    if bomb:
        raise FileRefused(
            _(
                "The workbook would unpack to %(size)s, far more than its own size."
                " It is refused to protect the portal."
            )
            % {"size": filesizeformat(unpacked)}
        )
    if any(member.flag_bits & 0x1 for member in members):
        raise FileRefused(_("The workbook is protected by a password. Save it without one and try again."))
    formulas = False
    for member in members:
        if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
            formulas = formulas or _has_formula(archive, member)
    return formulas


def _has_formula(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    try:
        with archive.open(member) as part:
            tail = b""
            while block := part.read(2**20):
                if _FORMULA_TAG.search(tail + block):
                    return True
                tail = block[-8:]
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        raise FileRefused(
            _("The workbook is damaged and cannot be read. Save it again and retry.")
        ) from error
    return False


def _read_workbook(content: bytes, has_formulas: bool, limits: Limits, head: int | None) -> Table:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    notes = []
    number = 0
    for number, sheet in enumerate(book.worksheets):  # noqa: B007
        records, first_row = _sheet_records(sheet, limits, head)
        if records:
            break
    else:
        raise FileRefused(_("The workbook holds no rows."))
    if sum(1 for other in book.worksheets if other is not sheet) > 0:
        notes.append("sheets")
    table = _table(records, limits, first_row=first_row, kind="xlsx", strict=False)
    table.details.update(sheet=sheet.title)
    table.notes.extend(notes)
    book.close()
    if has_formulas:
        _find_formulas(content, number, table)
    return table


def _sheet_records(sheet: Any, limits: Limits, head: int | None) -> tuple[list[list[str]], int]:
    # A sheet may announce a wrong size; without it openpyxl reads what is there.
    sheet.reset_dimensions()
    records: list[list[str]] = []
    first_row = 1
    cells = scanned = 0  # with and without those that are empty
    blanks = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        record = [_cell_text(value) for value in values]
        while record and not record[-1]:
            record.pop()
        if not record:
            # Formatting far below the table reads as a million empty rows.
            blanks += 1
            if blanks > limits.max_rows:
                break
        if not records:
            if not record:
                continue
            first_row = number
        if record:
            blanks = 0
        cells += len(record)
        scanned += len(values)
        if cells > limits.max_cells or scanned > 2 * limits.max_cells:
            raise FileRefused(
                _(
                    "The sheet holds more than %(limit)s cells. Save it as CSV, of which far more can be"
                    " imported, or leave out columns."
                )
                % {"limit": f"{limits.max_cells:,}"}
            )
        records.append(record)
        if head is not None and len(records) > head:
            break
        if len(records) - blanks > limits.max_rows + 1:
            raise _too_many_rows(limits)
    while records and not records[-1]:
        records.pop()
    return records, first_row


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, datetime):
        return (
            value.date().isoformat()
            if value.time() == time(0)
            else value.isoformat(sep=" ", timespec="seconds")
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (time, timedelta)):
        return str(value)
    return str(value)


def number_text(value: float) -> str:
    """A float as text that no reader takes for grouped thousands: 1.234 becomes 1.2340."""
    if not math.isfinite(value):
        return "#NUM!"
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = format(value, ".12f").rstrip("0") if abs(value) < 1e15 else repr(value)
    whole, _point, digits = text.partition(".")
    return f"{whole}.{digits}0" if len(digits) == 3 else text


def _find_formulas(content: bytes, number: int, table: Table) -> None:
    """Mark cells whose formula has no stored result; without this they would read as empty."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    sheet = book.worksheets[number]
    sheet.reset_dimensions()
    empty = {
        row: values for row, *values in table.frame.iter_rows() if any(value is None for value in values)
    }
    last = max(empty, default=0)
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        # A row may claim any number, and all the rows before it would be made up.
        if row > last:
            break
        if row not in empty or row in table.faults:
            continue
        for column, cell in enumerate(cells[: len(table.headers)]):
            if getattr(cell, "data_type", None) == "f" and empty[row][column] is None:
                table.faults[row] = {
                    "column": table.headers[column],
                    "found": str(cell.value)[:200],
                    "code": "formula",
                }
                break
    book.close()


# --- both --------------------------------------------------------------------------------------


def _too_many_rows(limits: Limits) -> FileRefused:
    return FileRefused(
        _("The file has more than %(limit)s rows. Split it and import the parts one after another.")
        % {"limit": f"{limits.max_rows:,}"}
    )


def _header_names(cells: Sequence[str], notes: list[str]) -> list[str]:
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.split())[:200] or str(_("Column %(number)s") % {"number": number})
        seen[name.casefold()] += 1
        if seen[name.casefold()] > 1:
            if "headers" not in notes:
                notes.append("headers")
            name = f"{name} ({seen[name.casefold()]})"
        names.append(name)
    return names


def _table(records: list[list[str]], limits: Limits, *, first_row: int, kind: str, strict: bool) -> Table:
    """`strict` refuses rows shorter than the header (in CSV a sign of a lost delimiter)."""
    if not records:
        raise FileRefused(_("The file is empty."))
    header, *body = records
    while header and not header[-1].strip():
        header.pop()
    width = len(header)
    if width > limits.max_columns:
        raise FileRefused(
            _("The file has %(columns)s columns; at most %(limit)s can be imported.")
            % {"columns": width, "limit": limits.max_columns}
        )
    notes: list[str] = []
    headers = _header_names(header, notes)
    faults: dict[int, dict[str, Any]] = {}
    numbers = range(first_row + 1, first_row + 1 + len(body))
    if any(map((width).__ne__, map(len, body))):
        for number, record in _uneven(numbers, body, width):
            cells = len(record)
            if any(cell.strip() for cell in record[width:]) or (
                strict and cells < width and any(map(str.strip, record))
            ):
                faults[number] = {
                    "column": str(_("whole row")),
                    "found": str(_("%(count)s cells") % {"count": cells}),
                    "code": "fields",
                    "params": {"expected": width},
                }
            del record[width:]
            record += [""] * (width - len(record))
    columns = list(zip(*body, strict=True)) if body else [()] * width
    frame = pl.DataFrame(
        {ROW: pl.Series(numbers, dtype=pl.UInt32)}
        | {f"c{i}": pl.Series(values, dtype=pl.String) for i, values in enumerate(columns)}
    )
    return _finish_table(frame, headers, limits, kind, notes, faults)


def _finish_table(
    frame: pl.DataFrame,
    headers: list[str],
    limits: Limits,
    kind: str,
    notes: list[str],
    faults: dict[int, dict[str, Any]],
) -> Table:
    text = pl.col(pl.String).str.strip_chars()
    frame = frame.with_columns(pl.when(text != "").then(text))
    frame = frame.filter(pl.any_horizontal(pl.col(pl.String).is_not_null()))
    if frame.is_empty():
        raise FileRefused(_("The file holds a header and no rows."))
    _find_bad_cells(frame, headers, limits, faults)
    return Table(headers=headers, frame=frame, kind=kind, notes=notes, faults=faults)


def _uneven(numbers: range, body: list[list[str]], width: int) -> Iterator[tuple[int, list[str]]]:
    return ((number, record) for number, record in zip(numbers, body, strict=True) if len(record) != width)


def _find_bad_cells(
    frame: pl.DataFrame, headers: list[str], limits: Limits, faults: dict[int, dict[str, Any]]
) -> None:
    for i, header in enumerate(headers):
        cell = frame[f"c{i}"]
        if (cell.str.len_bytes() > limits.max_cell).any():
            long = frame.filter(cell.str.len_chars() > limits.max_cell).select(ROW, f"c{i}")
            for row, found in long.iter_rows():
                faults.setdefault(
                    row,
                    {
                        "column": header,
                        "found": f"{found[:60]}…",
                        "code": "cell_too_long",
                        "params": {"limit": limits.max_cell},
                    },
                )
        if (marked := cell.str.starts_with("#").fill_null(False)).any():
            errors = frame.filter(marked).filter(pl.col(f"c{i}").is_in(SPREADSHEET_ERRORS))
            for row, found in errors.select(ROW, f"c{i}").iter_rows():
                faults.setdefault(row, {"column": header, "found": found, "code": "error_value"})
