"""How much one import may hold. Settings named `IMPORT_<FIELD>` override the defaults."""

from dataclasses import dataclass, fields

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    max_bytes: int = 25 * 2**20
    max_rows: int = 200_000
    max_columns: int = 100
    max_cell: int = 10_000  # characters
    max_unpacked: int = 300 * 2**20  # bytes of an XLSX file's parts together
    max_shared: int = 16 * 2**20  # bytes of each part of an XLSX file that is no sheet
    max_ratio: int = 100  # unpacked against packed, where a part unpacks to more than 1 MiB
    max_members: int = 1_000  # parts of an XLSX file
    max_cells: int = 250_000  # of a workbook, which is read in one step; a CSV file is 50 times faster
    inline_rows: int = 2_000  # more rows than this are checked by a worker
    all_or_nothing_rows: int = 40_000  # written in one transaction, and so in one step of a worker


def current_limits() -> Limits:
    names = [field.name for field in fields(Limits)]
    return Limits(
        **{n: v for n in names if (v := getattr(settings, f"IMPORT_{n.upper()}", None)) is not None}
    )
