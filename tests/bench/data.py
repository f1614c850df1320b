"""The data that is measured: three vendors, made in SQL within seconds, the same each time.

`bench` has 10,000 partners with 100 deals each at scale 1, `bench-small` a tenth of the partners with as many
deals each; both over two years that end today.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from psycopg import sql

from metrics.actions import all_chunks, ensure_default_template, recompute_periods
from metrics.models import DirtyPartner, DirtyTenant, Scorecard
from metrics.periods import Period, PeriodKind, calendar_of
from partners.deals.models import Deal
from partners.directory.models import Customer, CustomerPartner, Partner, Product, ProductFamily
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.events.models import Event, PendingTenant
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

PARTNERS = 10_000
DEALS_EACH = 100
MANAGERS = 20
BATCH = 100_000
RECENT = timedelta(days=60)


@dataclass(frozen=True)
class Vendor:
    """A tenant with data, and one member for each role. `partner_id` is the partner's that `partner` belongs to."""

    tenant: Tenant
    partners: int
    deals: int
    partner_id: UUID
    admin: Membership
    manager: Membership
    partner: Membership


def vendor(slug: str, partners: int) -> Vendor:
    """The vendor with that many partners, made when it is not there yet."""
    tenant = Tenant.objects.filter(slug=slug).first()
    deals = partners * DEALS_EACH
    if tenant is None or not _is_complete(tenant, partners):
        if tenant is not None:
            _empty()
        tenant = Tenant.objects.create(slug=slug, name=slug.replace("-", " ").title(), currency="EUR")
        _fill(tenant, partners)
    with tenant_scope(tenant.pk):
        ensure_default_template(tenant)
    calendar = calendar_of(tenant)
    compute(tenant, [[calendar.current(kind).key for kind in PeriodKind]])
    return Vendor(
        tenant=tenant,
        partners=partners,
        deals=deals,
        partner_id=_partner_id(tenant, 1),
        admin=member(tenant, Role.ADMIN, 0),
        manager=member(tenant, Role.CHANNEL_MANAGER, 1),
        partner=member(tenant, Role.PARTNER_OWNER, 0, _partner_id(tenant, 1)),
    )


def compute(tenant: Tenant, chunks: list[list[str]]) -> None:
    """Scorecards of these periods, where there are none yet."""
    for chunk in chunks:
        with tenant_scope(tenant.pk):
            known = Scorecard.objects.filter(subject_kind="programme").values_list(
                "period_kind", "period_start"
            )
            missing = set(chunk) - {f"{kind}:{start}" for kind, start in known}
            if missing:
                recompute_periods([Period.parse(key) for key in sorted(missing)])
    quiet(tenant)
    tidy()


def compute_history(tenant: Tenant) -> None:
    """Scorecards of all periods, as the nightly run leaves them."""
    with tenant_scope(tenant.pk):
        chunks = all_chunks()
    compute(tenant, chunks)


def quiet(tenant: Tenant) -> None:
    """What earlier runs have told stays told: no worker is to act on it in the middle of a measurement."""
    with tenant_scope(tenant.pk):
        Event.objects.filter(dispatched_at=None).update(dispatched_at=timezone.now())
        DirtyPartner.objects.all().delete()
    PendingTenant.objects.filter(tenant=tenant).delete()
    DirtyTenant.objects.filter(tenant=tenant).delete()


def tidy() -> None:
    """VACUUM and ANALYZE as the tables' owner, so that no run pays for another's dead rows."""
    url = settings.MIGRATION_DATABASE_URL
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")


def bare_table(name: str, like: type[Model], more: Iterable[str | sql.Composed] = ()) -> None:
    """A table of the floor's own, anew: with the columns, defaults and indexes of a model's. `more` is SQL beside it.

    Made by the tables' owner, for the application's role may make none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
    with psycopg.connect(settings.MIGRATION_DATABASE_URL) as owner:
        owner.execute(f"DROP TABLE IF EXISTS {name}")
        owner.execute(f"CREATE TABLE {name} (LIKE {like._meta.db_table} INCLUDING ALL)")
        owner.execute(f"GRANT ALL ON {name} TO {role}")
        for statement in more:
            owner.execute(statement)


def _is_complete(tenant: Tenant, partners: int) -> bool:
    with tenant_scope(tenant.pk):
        return Partner.objects.count() == partners and Deal.objects.count() >= partners * DEALS_EACH


def _empty() -> None:
    """Remove half-made or other-sized data sets, all of them: a part of one is worse than none."""
    with psycopg.connect(settings.MIGRATION_DATABASE_URL) as owner:
        owner.execute(f"TRUNCATE {Tenant._meta.db_table} CASCADE")


def _fill(tenant: Tenant, partners: int) -> None:
    managers = [member(tenant, Role.CHANNEL_MANAGER, number).pk for number in range(1, MANAGERS + 1)]
    with tenant_scope(tenant.pk):
        families = [ProductFamily.objects.get_or_create(name=f"Family {n}")[0] for n in range(5)]
        products = [
            Product.objects.get_or_create(
                name=f"Product {n}",
                defaults={"family": families[n % 5], "price": 100_000 + n, "currency": "EUR"},
            )[0]
            for n in range(10)
        ]
        values = {
            "tenant": tenant.pk,
            "salt": tenant.slug,
            "n": partners,
            "managers": managers,
            "families": [families[n % 5].pk for n in range(10)],
            "products": [product.pk for product in products],
        }
        _insert(Partner, _PARTNERS, values)
        _insert(Customer, _CUSTOMERS, values)
        _insert(CustomerPartner, _LINKS, values)
    for first in range(0, partners * DEALS_EACH, BATCH):
        last = min(first + BATCH, partners * DEALS_EACH) - 1
        with tenant_scope(tenant.pk):
            _insert(Deal, _DEALS, {**values, "first": first, "last": last})
    member(tenant, Role.ADMIN, 0)
    tidy()


def member(tenant: Tenant, role: Role, number: int, partner_id: UUID | None = None) -> Membership:
    email = f"{role}-{number}@{tenant.slug}.example"
    user, _made = User.objects.get_or_create(email=email, defaults={"name": f"{role} {number}".title()})
    with tenant_scope(tenant.pk):
        found, _made = Membership.objects.get_or_create(
            tenant=tenant, user=user, defaults={"role": role, "partner_id": partner_id}
        )
    return found


def _partner_id(tenant: Tenant, number: int) -> UUID:
    with tenant_scope(tenant.pk):
        return Partner.objects.get(number=f"P-{number:05d}").pk


def other_columns(model: type[Model], named: Collection[str]) -> dict[str, Any]:
    """The defaults of the columns that are not named and may not be empty."""
    return {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if field.column not in named and not field.null
    }


def _insert(model: type[Model], rows: tuple[str, str], values: dict[str, object]) -> None:
    """Rows of the columns and the SELECT list given; every other column as the model has it by default."""
    columns, select = rows
    named = columns.replace("\n", " ").replace(",", " ").split()
    others = other_columns(model, named)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join([*others, columns])})"
            f" SELECT {', '.join([*(f'%({name})s' for name in others), select])} ON CONFLICT DO NOTHING",
            {**values, **others},
        )


def _id(kind: str, key: str, moment: str = "'2024-01-01'::timestamptz") -> str:
    """A version 7 UUID in SQL, of a moment and a key, so that ids grow with time as the application's do."""
    digest = f"md5(%(salt)s || '{kind}' || ({key})::text)"
    return (
        f"(lpad(to_hex((extract(epoch FROM {moment}) * 1000)::bigint), 12, '0') || '7' ||"
        f" substr({digest}, 1, 3) || '8' || substr({digest}, 4, 15))::uuid"
    )


_PARTNERS = (
    """id, tenant_id, created_at, updated_at, number, name, type, status, region,
    country, website, manager_id, joined_on, external_id""",
    f"""{_id("p", "i")}, %(tenant)s, now(), now(), 'P-' || lpad((i + 1)::text, 5, '0'), 'Partner ' || i,
    (ARRAY['reseller', 'referral', 'msp', 'distributor', 'integrator'])[1 + i %% 5], 'active',
    (ARRAY['EMEA', 'Americas', 'APAC', 'Nordics', 'DACH'])[1 + (i / 5) %% 5], 'NL', '',
    (%(managers)s::uuid[])[1 + (i / 7) %% array_length(%(managers)s::uuid[], 1)], current_date - 900, 'p' || i
FROM generate_series(0, %(n)s - 1) AS i""",
)

_CUSTOMERS = (
    """id, tenant_id, created_at, updated_at, number, name, normalised_name, country,
    domain, industry, parent_name, started_on, external_id""",
    f"""{_id("c", "i")}, %(tenant)s, now(), now(), 'C-' || lpad((i + 1)::text, 5, '0'), 'Customer ' || i,
    'customer ' || i, 'NL', '', 'retail', '', current_date - 400 - i %% 300, 'c' || i
FROM generate_series(0, %(n)s * 4 - 1) AS i""",
)

_LINKS = (
    """id, tenant_id, created_at, customer_id, partner_id""",
    f"""{_id("l", "i")}, %(tenant)s, now(), {_id("c", "i")}, {_id("p", "i / 4")}
FROM generate_series(0, %(n)s * 4 - 1) AS i""",
)

_DEALS = (
    """id, tenant_id, created_at, updated_at, number, title, partner_id, customer_id,
    product_id, family_id, origin, status, stage, currency, rate, amount, revenue, cost, amount_base, revenue_base,
    cost_base, engaged_on, expected_close, closed_on, first_submitted_at, submitted_at, resubmissions, decided_at,
    decision_reason, waiting_since, answer_due_at, protection, loss_reason, competitor, notes, external_id, version""",
    f"""{_id("d", "i", "began")}, %(tenant)s, began, began, 'DR-' || to_char(began, 'YYYY') || '-' || lpad(i::text, 7, '0'),
    'Deal ' || i, {_id("p", "p")},
    CASE WHEN k %% 20 = 19 AND state <> 'approved' THEN NULL ELSE {_id("c", "p * 4 + k % 4").replace("% 4", "%% 4")} END,
    (%(products)s::uuid[])[1 + product], (%(families)s::uuid[])[1 + product],
    CASE WHEN registered THEN 'registered' ELSE 'imported' END,
    CASE WHEN registered THEN CASE state WHEN 'open' THEN 'expired' ELSE state END ELSE '' END,
    CASE state WHEN 'won' THEN 'won' WHEN 'lost' THEN 'lost'
        ELSE (ARRAY['prospecting', 'engaging', 'proposal', 'negotiation'])[1 + h %% 4] END,
    'EUR', 1, amount, CASE WHEN state = 'won' THEN amount END, CASE WHEN state = 'won' AND h %% 3 = 0 THEN amount / 2 END,
    amount, CASE WHEN state = 'won' THEN amount END, CASE WHEN state = 'won' AND h %% 3 = 0 THEN amount / 2 END,
    began::date, began::date + 60,
    CASE WHEN state IN ('won', 'lost') THEN LEAST(began::date + 5 + h %% 90, current_date) END,
    CASE WHEN registered THEN began END, CASE WHEN registered THEN began END, 0,
    CASE WHEN registered AND state <> 'submitted' THEN LEAST(began + (h %% 70) * interval '1 hour', now()) END, '',
    CASE WHEN state = 'submitted' THEN began END, CASE WHEN state = 'submitted' THEN began + interval '2 days' END,
    CASE WHEN state = 'approved' THEN tstzrange(now() - interval '30 days', now() + interval '60 days')
        WHEN registered AND state = 'open' THEN tstzrange(began, began + interval '90 days') END,
    CASE WHEN state = 'lost' THEN 'Price' ELSE '' END, '', '', 'd' || i, 1
FROM (
    SELECT i, p, k, h, state, amount, began, product,
        state IN ('approved', 'submitted', 'rejected') OR (h / 8) %% 2 = 0 AS registered
    FROM (
        SELECT i, i %% %(n)s AS p, i / %(n)s AS k, h, h %% 10 AS product, 10000 + (h %% 9000) * 100 AS amount,
            now() - ((h / 16) %% 730) * interval '1 day' - (h %% 80000) * interval '1 second' AS began,
            CASE WHEN i / %(n)s = 0 THEN 'approved'
                WHEN i / %(n)s = 1 AND i %% 10 = 0 THEN 'submitted'
                WHEN h %% 100 < 48 THEN 'won' WHEN h %% 100 < 76 THEN 'lost'
                WHEN h %% 100 < 95 THEN 'open' ELSE 'rejected' END AS state
        FROM (SELECT i, (hashint8(i::bigint) & 1073741823) AS h FROM generate_series(%(first)s, %(last)s) AS i) AS hashed
    ) AS drawn
) AS deal""",
)


def today_of(tenant: Tenant) -> date:
    return calendar_of(tenant).today()
