"""Closing a quarter: posting what every partner's won deals earn, against the bare sums and one COPY of the entries.

The floor's table has the ledger's indexes and foreign keys: an entry is money that somebody owes, and rows that may point
to no deal, plan or partner of the tenant are no entries. What is measured is thus what the portal adds to the least that any
programme would do for the same rows. The floor without foreign keys is told beside it, to show what they cost.
"""

from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from statistics import median
from typing import TYPE_CHECKING

import psycopg
from django.conf import settings
from django.db import connection

from incentives.example import create_example_programme
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan
from metrics.periods import Period, PeriodKind, calendar_of
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.tenancy.scope import tenant_scope
from tests.bench.data import PARTNERS, Vendor, bare_table, quiet, tidy, vendor
from tests.bench.measure import Figure, figure, seconds, timed

if TYPE_CHECKING:
    from tests.bench.run import Bench

BARE = "bench_ledgerentry"
LEDGER = LedgerEntry._meta.db_table
# As a job does it: so many partners a step.
STEP = 500
_WON = f"""UPDATE {Deal._meta.db_table} SET stage = 'won', revenue = COALESCE(amount, 100000),
    revenue_base = COALESCE(amount_base, amount, 100000), closed_on = %(start)s::date + (hashtext(id::text) & 63)
    WHERE tenant_id = %(tenant)s AND NOT (stage = 'won' AND closed_on >= %(start)s AND closed_on < %(end)s)"""
# Each deal's place in its partner's running total, which is what its rate hangs on, and the totals.
_SUMS = f"""SELECT count(*), sum(before), sum(total) FROM (
    SELECT revenue_base, sum(revenue_base) OVER running - revenue_base AS before,
        sum(revenue_base) OVER (PARTITION BY partner_id) AS total
    FROM {Deal._meta.db_table} WHERE tenant_id = %(tenant)s AND stage = 'won'
        AND closed_on >= %(start)s AND closed_on < %(end)s
    WINDOW running AS (PARTITION BY partner_id ORDER BY closed_on, id)) AS placed"""


def _won_vendor(bench: "Bench") -> tuple[Vendor, Period]:
    """A vendor all of whose deals were won in the quarter before this one, with a plan that pays for them."""
    found = vendor("bench-closing", max(10, int(PARTNERS * bench.scale)))
    calendar = calendar_of(found.tenant)
    quarter = calendar.current(PeriodKind.QUARTER).previous()
    with tenant_scope(found.tenant.pk):
        if not Plan.objects.exists():
            create_example_programme(by=None, starts_on=quarter.start)
        with connection.cursor() as cursor:
            cursor.execute(_WON, {"tenant": found.tenant.pk, "start": quarter.start, "end": quarter.end})
    tidy()
    return found, quarter


def _keys() -> list[str]:
    """What the ledger's rows must point to, as statements for the floor's table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
            [LEDGER],
        )
        return [f"ALTER TABLE {BARE} ADD {definition}" for (definition,) in cursor.fetchall()]


def close_quarter(bench: "Bench") -> Iterable[Figure]:
    """Every entry of the quarter is new, so all are written."""
    found, quarter = _won_vendor(bench)
    values = {"tenant": found.tenant.pk, "start": quarter.start, "end": quarter.end}
    today = quarter.end + timedelta(days=1)
    with tenant_scope(found.tenant.pk):
        ids = list(Partner.objects.order_by("pk").values_list("pk", flat=True))

    def ours() -> None:
        for first in range(0, len(ids), STEP):
            with tenant_scope(found.tenant.pk):
                post_ledger(ids[first : first + STEP], since=quarter.start, today=today)

    def empty() -> None:
        with psycopg.connect(settings.MIGRATION_DATABASE_URL, autocommit=True) as owner:
            owner.execute(f"TRUNCATE {LEDGER} CASCADE")
        quiet(found.tenant)
        tidy()

    def anew() -> None:
        empty()
        bare_table(BARE, LedgerEntry, _keys())

    empty()
    ours()
    columns = ", ".join(field.column for field in LedgerEntry._meta.concrete_fields if not field.generated)
    content = BytesIO()
    with (
        tenant_scope(found.tenant.pk),
        connection.cursor() as cursor,
        cursor.copy(f"COPY (SELECT {columns} FROM {LEDGER}) TO STDOUT") as copy,
    ):
        for block in copy:
            content.write(block)

    def floor() -> None:
        with tenant_scope(found.tenant.pk), connection.cursor() as cursor:
            cursor.execute(_SUMS, values)
            with cursor.copy(f"COPY {BARE} ({columns}) FROM STDIN") as copy:
                copy.write(content.getvalue())

    found_figure = figure(
        "close_quarter",
        ours,
        floor,
        count=bench.pairs,
        target=2,
        floor_is=f"running sums of {found.deals:,} won deals of {found.partners:,} partners, one COPY of their entries"
        " into a table with the ledger's keys and indexes",
        before=anew,
    )
    keyless = []
    for _run in range(bench.pairs):
        bare_table(BARE, LedgerEntry)
        keyless.append(timed(floor))
    found_figure.notes.append(f"floor without foreign keys={seconds(median(keyless))}")
    yield found_figure
