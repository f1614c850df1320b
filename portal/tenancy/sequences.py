"""Short numbers that people see: DR-2026-00042."""

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


def next_numbers(prefix: str, count: int, *, year: int = 0) -> list[str]:
    """Reserve `count` consecutive numbers of the tenant in scope, without gaps on commit."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [uuid7(), current_tenant_id(), prefix, year, count])
        (last,) = cursor.fetchone()
    return [_format(prefix, year, number) for number in range(last - count + 1, last + 1)]


def next_number(prefix: str, *, year: int = 0) -> str:
    """`DR-2026-00042` with a year, `P-00042` without."""
    return next_numbers(prefix, 1, year=year)[0]


def _format(prefix: str, year: int, number: int) -> str:
    return f"{prefix}-{year}-{number:05d}" if year else f"{prefix}-{number:05d}"
