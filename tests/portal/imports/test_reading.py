"""From bytes to a table: encodings, delimiters, limits and hostile files."""

import io
import zipfile
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest

from portal.imports.limits import Limits
from portal.imports.problems import FileRefused
from portal.imports.reading import Table, check_size, read_table

LIMITS = Limits()
ROWS = [["name", "city"], ["Zoë", "Köln"], ["José", "Łódź"]]


def csv_text(delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(row) for row in ROWS) + "\r\n"


def cells(table: Table) -> list[tuple]:
    return table.frame.select(table.columns).rows()


def workbook(*rows: list, book: openpyxl.Workbook | None = None) -> bytes:
    book = book or openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def refusal(content: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(FileRefused) as error:
        read_table(content, limits)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found(encoding: str, delimiter: str) -> None:
    table = read_table(csv_text(delimiter).encode(encoding), LIMITS)
    assert table.headers == ROWS[0]
    assert cells(table) == [("Zoë", "Köln"), ("José", "Łódź")]
    assert table.frame["row"].to_list() == [2, 3]


def test_windows_1252_is_read_and_said_so() -> None:
    table = read_table("name,city\nZoë,Köln\n".encode("cp1252"), LIMITS)
    assert cells(table) == [("Zoë", "Köln")]
    assert table.notes == ["cp1252"]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks() -> None:
    table = read_table(b'name,note\n"Smith, John","said ""yes""\nand no"\n=1+1,"@home"\n', LIMITS)
    assert cells(table) == [("Smith, John", 'said "yes"\nand no'), ("=1+1", "@home")]


def test_the_delimiter_line_of_excel_is_no_header() -> None:
    table = read_table(b"sep=;\nname;amount\nA;1,5\n", LIMITS)
    assert (table.headers, cells(table)) == (["name", "amount"], [("A", "1,5")])
    assert table.frame["row"].to_list() == [3]


def test_blank_lines_are_skipped_and_row_numbers_stay_those_of_the_file() -> None:
    table = read_table(b"\n\nname,city\nA,B\n,\n\nC,D\n", LIMITS)
    assert table.frame["row"].to_list() == [4, 7]


def test_headings_that_are_missing_or_double_get_names() -> None:
    table = read_table(b"name,,Name\nA,B,C\n", LIMITS)
    assert table.headers == ["name", "Column 2", "Name (2)"]
    assert table.notes == ["headers"]


def test_ragged_rows_are_refused_by_number_and_nothing_is_shifted() -> None:
    table = read_table(b"a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n", LIMITS)
    assert set(table.faults) == {3, 4}
    assert table.faults[3]["code"] == "fields"
    assert len(table.frame) == 4


def test_a_file_without_rows_is_refused() -> None:
    assert "empty" in refusal(b"")
    assert "empty" in refusal(b"\n\n  \n")
    assert refusal(b"name,city\n") == "The file holds a header and no rows."
    assert refusal(b"name,city\n,\n , \n") == "The file holds a header and no rows."


def test_a_file_that_is_too_large_is_refused_by_its_size_alone() -> None:
    with pytest.raises(FileRefused) as error:
        check_size(50 * 2**20, LIMITS)
    assert str(error.value).replace("\xa0", " ") == (
        "The file is 50.0 MB; at most 25.0 MB can be imported at once. Split it or leave out columns."
    )


def test_too_many_rows_and_columns_are_refused() -> None:
    tight = replace(LIMITS, max_rows=2, max_columns=2)
    assert refusal(b"a,b\n1,2\n3,4\n5,6\n", tight).startswith("The file has more than 2 rows.")
    assert refusal(b'a,b\n"1",2\n3,4\n5,6\n', tight).startswith("The file has more than 2 rows.")
    assert refusal(b"a,b,c\n1,2,3\n", tight) == "The file has 3 columns; at most 2 can be imported."
    assert refusal(workbook(["a"], [1], [2], [3]), tight).startswith("The file has more than 2 rows.")


def test_a_cell_that_is_too_long_refuses_its_row() -> None:
    table = read_table(b"a,b\n1," + b"x" * 11 + b"\n2,y\n", replace(LIMITS, max_cell=10))
    assert set(table.faults) == {2}
    assert table.faults[2]["code"] == "cell_too_long"


def test_a_quotation_mark_that_never_closes_is_explained() -> None:
    message = refusal(b'a,b\n1,"' + b"x" * 200_000 + b"\n")
    assert "Is a quotation mark not closed?" in message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a PNG picture"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\x1f\x8b\x08\x00abc", "a gzip archive"),
        (b"\xff\xd8\xff\xe0abc", "a JPEG picture"),
    ],
)
def test_another_kind_of_file_is_called_by_its_name(content: bytes, kind: str) -> None:
    assert refusal(content) == f"This is {kind}, not a CSV or XLSX table."


def test_a_nul_character_is_refused_with_its_line() -> None:
    assert refusal(b"name,city\nA,B\nC,\0D\n").startswith("Line 3 holds a NUL character")


def test_binary_text_is_refused() -> None:
    assert refusal(b"\x01\x02\x03\x04\x05\x06\x07,b\n1,2\n").startswith("This is not a text table.")
    assert refusal(b"name\n\x81\x8d\x8f\n").startswith("The text cannot be read from line 2 on.")


# --- XLSX --------------------------------------------------------------------------------------


def test_a_workbook_gives_dates_in_iso_form_and_numbers_without_doubt() -> None:
    table = read_table(
        workbook(
            ["name", "when", "amount", "ok"],
            ["Zoë", datetime(2016, 10, 20), 1054, True],  # noqa: DTZ001
            ["B", date(2017, 3, 1), 1.234, False],
            ["C", None, 12.5, None],
        ),
        LIMITS,
    )
    assert cells(table) == [
        ("Zoë", "2016-10-20", "1054", "true"),
        ("B", "2017-03-01", "1.2340", "false"),
        ("C", None, "12.5", None),
    ]


def test_an_empty_first_sheet_is_passed_over() -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    sheet.append(["name"])
    sheet.append(["A"])
    out = io.BytesIO()
    book.save(out)
    table = read_table(out.getvalue(), LIMITS)
    assert (table.details["sheet"], cells(table), table.notes) == ("Data", [("A",)], ["sheets"])


def test_a_formula_without_a_stored_result_refuses_its_row() -> None:
    table = read_table(workbook(["name", "total"], ["A", 5], ["B", "=1+1"]), LIMITS)
    assert table.faults == {3: {"column": "total", "found": "=1+1", "code": "formula"}}


def test_a_row_that_claims_a_huge_number_does_not_make_up_those_before_it() -> None:
    content = workbook(["name", "total"], ["A", None], ["B", "=1+1"])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.namelist():
            part = source.read(member)
            if member.startswith("xl/worksheets/"):
                part = part.replace(b"</sheetData>", b'<row r="2000000000"/></sheetData>')
            target.writestr(member, part)
    table = read_table(out.getvalue(), LIMITS)
    assert (cells(table)[0][0], list(table.faults)) == ("A", [3])


def test_spreadsheet_errors_refuse_their_row() -> None:
    table = read_table(b"name,total\nA,#REF!\nB,5\n#1 Reseller,6\n", LIMITS)
    assert {row: fault["code"] for row, fault in table.faults.items()} == {2: "error_value"}


def test_an_encrypted_workbook_and_an_old_one_are_told_apart() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert "password" in refusal(ole + b"\0" * 100 + "EncryptedPackage".encode("utf-16-le"))
    assert "old Excel file" in refusal(ole + b"\0" * 100)


def archive(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    bomb = archive(**{"xl__workbook.xml": b"<workbook/>", "xl__worksheets__sheet1.xml": b" " * (40 * 2**20)})
    assert len(bomb) < 100_000
    assert refusal(bomb).replace("\xa0", " ").startswith("The workbook would unpack to 40.0 MB")


def test_a_zip_that_is_no_workbook_and_a_damaged_one_are_refused() -> None:
    assert refusal(archive(**{"readme.txt": b"hello"})) == (
        "This is a ZIP archive, not a CSV or XLSX table. Unpack it first."
    )
    assert refusal(workbook(["a"], [1])[:-200]).startswith("The workbook is damaged")
    assert refusal(archive(**{"xl__workbook.xml": b"<workbook/>"})).startswith("The workbook")


def test_a_workbook_that_declares_entities_is_refused() -> None:
    good = workbook(["a"], ["b"])
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "xl/workbook.xml":
                content = content.replace(b"<workbook", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook', 1)
            target.writestr(item, content)
    assert refusal(out.getvalue()).startswith("The workbook declares XML entities")


def test_a_workbook_with_too_many_cells_says_that_csv_may_hold_more() -> None:
    book = openpyxl.Workbook()
    for number in range(20):
        book.active.append([number, number])
    content = io.BytesIO()
    book.save(content)
    with pytest.raises(FileRefused, match="Save it as CSV"):
        read_table(content.getvalue(), Limits(max_cells=30))
    assert len(read_table(content.getvalue(), Limits(max_cells=40)).frame) == 19
