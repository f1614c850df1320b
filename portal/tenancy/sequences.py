"""Short numbers that people see: DR-2026-00042."""

from collections.abc import Mapping

from django.db import connection
from uuid_utils.compat import uuid7

from portal.tenancy.models import Sequence
from portal.tenancy.scope import current_tenant_id

_TAKE = f"""
INSERT INTO {Sequence._meta.db_table} AS s (id, tenant_id, prefix, year, last, created_at)
VALUES (%s, %s, %s, %s, %s, now())
ON CONFLICT (tenant_id, prefix, year) DO UPDATE SET last = s.last + EXCLUDED.last
RETURNING last
"""


class SetAside:
    """Numbers that long work reserved in a short transaction beforehand: whoever takes a number holds the
    counter's row until the commit, and everybody else who needs one waits. What is left over is a gap.

    `ranges` says for each prefix the year, the next number and the last one; it changes as numbers are taken.
    """

    def __init__(self, ranges: Mapping[str, tuple[int, int, int]] | None = None):
        self.ranges = {prefix: (year, first, last) for prefix, (year, first, last) in (ranges or {}).items()}

    def reserve(self, prefix: str, count: int, *, year: int = 0) -> None:
        last = _take(prefix, count, year)
        self.ranges[prefix] = (year, last - count + 1, last)

    def take(self, prefix: str, count: int, *, year: int = 0) -> list[str]:
        """From what was set aside; where that does not reach, like `next_numbers`."""
        kept_year, first, last = self.ranges.get(prefix, (year, 1, 0))
        if kept_year != year or last - first + 1 < count:
            return next_numbers(prefix, count, year=year)
        self.ranges[prefix] = (year, first + count, last)
        return [_format(prefix, year, number) for number in range(first, first + count)]


def next_numbers(prefix: str, count: int, *, year: int = 0) -> list[str]:
    """Take `count` consecutive numbers of the tenant in scope, without gaps on commit."""
    last = _take(prefix, count, year)
    return [_format(prefix, year, number) for number in range(last - count + 1, last + 1)]


def next_number(prefix: str, *, year: int = 0) -> str:
    """`DR-2026-00042` with a year, `P-00042` without."""
    return next_numbers(prefix, 1, year=year)[0]


def _take(prefix: str, count: int, year: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [uuid7(), current_tenant_id(), prefix, year, count])
        return cursor.fetchone()[0]


def _format(prefix: str, year: int, number: int) -> str:
    return f"{prefix}-{year}-{number:05d}" if year else f"{prefix}-{number:05d}"
