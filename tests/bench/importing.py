"""Importing a file of deals: upload, guess, validate and commit."""

import csv
import io
import time
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from psycopg import sql
from uuid_utils.compat import uuid7

from partners.deals.models import Deal
from partners.directory.models import Customer, Partner, Product, ProductFamily
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.imports import actions
from portal.imports.enums import RunState
from portal.imports.models import ImportRun
from portal.jobs.runner import run_inline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.bench.data import bare_table, member, other_columns, quiet, tidy
from tests.bench.measure import Figure, figure

if TYPE_CHECKING:
    from tests.bench.run import Bench

ROWS = 100_000
BARE = "bench_deal"
HEADERS = [
    "opportunity_id",
    "partner",
    "account",
    "product",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
]


def import_rows(bench: "Bench") -> Iterable[Figure]:
    rows = max(1000, int(ROWS * bench.scale))
    tenant, admin = _tenant()
    files: list[bytes] = []
    ids = _ids(tenant)
    _bare_table()

    def ours() -> None:
        with tenant_scope(tenant.pk):
            run = actions.start_run(by=admin, target="deals", file_name="deals.csv", content=files[-1])
            run = actions.map_columns(run, by=admin, mapping=run.options["mapping"], inline=True)
            run = actions.commit_run(run, by=admin, inline=True)
            job = run.job
        run_inline(job)
        with tenant_scope(tenant.pk):
            run = ImportRun.objects.get(pk=run.pk)
            if (run.state, run.result.get("created")) != (RunState.DONE, rows):
                raise RuntimeError(f"The import ended {run.state}: {run.result} {run.findings}")

    def floor() -> None:
        reader = csv.DictReader(io.StringIO(files[-1].decode()))
        columns = ", ".join(_COLUMNS)
        with (
            tenant_scope(tenant.pk),
            connection.cursor() as cursor,
            cursor.copy(f"COPY {BARE} ({columns}) FROM STDIN") as copy,
        ):
            for row in reader:
                copy.write_row(_bare_row(row, tenant, ids))

    def another_file() -> None:
        """The next file, with ids of its own: both tables grow alike, as they do in use."""
        files.append(_file(rows, f"{time.time_ns():x}-"))
        quiet(tenant)
        tidy()

    yield figure(
        "import_rows",
        ours,
        floor,
        count=bench.pairs,
        target=5,
        floor_is=f"{rows:,} rows parsed with csv and one COPY into a table with the same columns and indexes",
        before=another_file,
    )


_COLUMNS = [
    "id",
    "tenant_id",
    "created_at",
    "updated_at",
    "number",
    "title",
    "partner_id",
    "customer_id",
    "product_id",
    "family_id",
    "origin",
    "status",
    "stage",
    "currency",
    "rate",
    "revenue",
    "revenue_base",
    "engaged_on",
    "closed_on",
    "resubmissions",
    "decision_reason",
    "loss_reason",
    "competitor",
    "notes",
    "external_id",
    "version",
]


def _bare_row(row: dict[str, str], tenant: Tenant, ids: dict[str, UUID]) -> tuple[object, ...]:
    revenue = int(float(row["close_value"]) * 100) if row["close_value"] else None
    return (
        uuid7(),
        tenant.pk,
        "now",
        "now",
        row["opportunity_id"][-20:],
        "",
        ids[row["partner"]],
        ids[row["account"]],
        ids[row["product"]],
        ids["family"],
        "imported",
        "",
        row["deal_stage"].lower(),
        "EUR",
        1,
        revenue,
        revenue,
        row["engage_date"],
        row["close_date"] or None,
        0,
        "",
        "",
        "",
        "",
        row["opportunity_id"],
        1,
    )


def _bare_table() -> None:
    defaults = other_columns(Deal, _COLUMNS).items()
    bare_table(
        BARE,
        Deal,
        [
            sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}").format(
                sql.Identifier(BARE), sql.Identifier(column), sql.Literal(value)
            )
            for column, value in defaults
        ],
    )


def _tenant() -> tuple[Tenant, Membership]:
    tenant, _made = Tenant.objects.get_or_create(slug="bench-import", defaults={"name": "Bench import"})
    with tenant_scope(tenant.pk):
        if not Partner.objects.exists():
            family = ProductFamily.objects.create(name="Family")
            Product.objects.bulk_create(
                Product(name=f"Product {n}", family=family, currency="EUR", price=100_00) for n in range(7)
            )
            Partner.objects.bulk_create(
                Partner(number=f"P-{n:05d}", name=f"Partner number {n}") for n in range(35)
            )
            Customer.objects.bulk_create(
                Customer(
                    number=f"C-{n:05d}", name=f"Customer number {n}", normalised_name=f"customer number {n}"
                )
                for n in range(85)
            )
    return tenant, member(tenant, Role.ADMIN, 0)


def _ids(tenant: Tenant) -> dict[str, UUID]:
    with tenant_scope(tenant.pk):
        named = {row.name: row.pk for model in (Partner, Customer, Product) for row in model.objects.all()}
        return {**named, "family": ProductFamily.objects.get().pk}


def _file(rows: int, prefix: str) -> bytes:
    """Shaped as the data set of a real programme: half won, a quarter lost, a quarter open."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    start = date(2025, 1, 1)
    for n in range(rows):
        stage = ("Won", "Won", "Lost", "Engaging")[n % 4]
        engaged = start + timedelta(days=n % 400)
        closed = "" if stage == "Engaging" else engaged + timedelta(days=20 + n % 60)
        value = {"Won": f"{500 + n % 5000}.00", "Lost": "0"}.get(stage, "")
        names = (f"Partner number {n % 35}", f"Customer number {n % 85}", f"Product {n % 7}")
        writer.writerow([f"{prefix}{n:06d}", *names, stage, engaged, closed, value])
    return text.getvalue().encode()
