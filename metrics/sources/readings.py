"""Reported metrics: two facts for each, the total of its readings and how many there are.

Of a metric whose last reading counts, the last one before the window's end does, however old; of companies that have
become one, the last one of them all, and of the same day that of the company that stands. The metrics of the portal's
own KPIs are known beforehand; those that a tenant defines join them when the tenant's facts are read.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_scopes import get_scope

from metrics.readings.known import KNOWN, Combination, divisor_of
from metrics.readings.models import Reading
from metrics.sources.shape import HOLDER, OWN_COMPANY, WINDOWS, Fact, Records, Source, of_companies
from metrics.units import Unit
from portal.shell.formats import short_date
from portal.tenancy.scope import current_tenant_id

_CACHED = "reported_metrics"
_OWN = """SELECT code, name, unit, combination FROM metrics_readings_metricdefinition
    WHERE tenant_id = %s AND NOT is_known ORDER BY id"""


def _facts(code: str, name: str | Promise, unit: str, combination: str) -> tuple[Fact, Fact]:
    standing = combination == Combination.LAST
    return (
        Fact(
            f"{code}_total",
            name,
            Unit(unit) if unit in (Unit.MONEY, Unit.PERCENT) else Unit.COUNT,
            divisor_of(unit),
            standing,
            source="readings",
        ),
        Fact(
            f"{code}_readings", _("How many readings of it there are"), standing=standing, source="readings"
        ),
    )


def own_facts() -> dict[str, Fact]:
    """The facts of the metrics that the tenant in scope has defined; one query a scope."""
    tenant_id = current_tenant_id()
    cached = get_scope().setdefault(_CACHED, {})
    if tenant_id not in cached:
        with connection.cursor() as cursor:
            cursor.execute(_OWN, [tenant_id])
            cached[tenant_id] = {fact.name: fact for row in cursor.fetchall() for fact in _facts(*row)}
    return cached[tenant_id]


def forget_own_facts() -> None:
    """After a definition: ask again within this scope."""
    get_scope().get(_CACHED, {}).clear()


def _codes(facts: Iterable[Fact]) -> list[str]:
    return [fact.name.removesuffix("_total") for fact in facts if fact.name.endswith("_total")]


def _columns(codes: Iterable[str]) -> str:
    """A code is made of small letters, digits and underscores: the database holds no other."""
    return ", ".join(
        f"COALESCE(sum(value) FILTER (WHERE code = '{code}'), 0)::bigint AS {code}_total,"
        f" count(*) FILTER (WHERE code = '{code}') AS {code}_readings"
        for code in codes
    )


def _counting(these: str) -> str:
    return f"""WITH {WINDOWS}, counting AS (
    SELECT w.n, {HOLDER} AS partner_id, d.id AS reading_id, m.code, m.combination, d.value,
        row_number() OVER (
            PARTITION BY w.n, {HOLDER}, d.definition_id ORDER BY d.day DESC, own.merged_into_id NULLS FIRST, d.id
        ) AS place
    FROM metrics_readings_reading d {OWN_COMPANY}
    JOIN metrics_readings_metricdefinition m ON m.tenant_id = d.tenant_id AND m.id = d.definition_id
    JOIN w ON d.day < w.end_on AND (d.day >= w.start_on OR m.combination = 'last')
    WHERE d.tenant_id = %(tenant)s{these})"""


def _sql(codes: list[str], these: str, per: str) -> str:
    own = f" AND d.partner_id IS NOT NULL{of_companies(these)}"
    return (
        f"{_counting(own)} SELECT n, {per}, {_columns(codes)} FROM counting"
        f" WHERE combination <> 'last' OR place = 1 GROUP BY n, {per}"
    )


def _of_house(codes: list[str]) -> str:
    return (
        f"{_counting(' AND d.partner_id IS NULL')} SELECT n, {_columns(codes)} FROM counting"
        " WHERE combination <> 'last' OR place = 1 GROUP BY n"
    )


def _of_tenant() -> Source:
    own = tuple(own_facts().values())
    if not own:
        return SOURCE
    codes = _codes([*SOURCE.facts, *own])
    return replace(
        SOURCE, facts=(*SOURCE.facts, *own), sql=partial(_sql, codes), of_no_partner=_of_house(codes)
    )


def _title(reading: Reading) -> str:
    return f"{reading.definition.name} · {short_date(reading.day)}"


def _second(reading: Reading) -> str:
    return reading.note


_KNOWN_FACTS = tuple(
    fact
    for known in KNOWN
    for fact in _facts(known.code, known.name, known.unit.value, known.combination.value)
)
SOURCE = Source(
    "readings",
    _("Reported metrics"),
    _KNOWN_FACTS,
    tables=("metrics_readings_reading",),
    sql=partial(_sql, _codes(_KNOWN_FACTS)),
    of_no_partner=_of_house(_codes(_KNOWN_FACTS)),
    of_tenant=_of_tenant,
    first_day=("SELECT min(day) FROM metrics_readings_reading d WHERE d.tenant_id = %(tenant)s{these}",),
    records=Records(
        "reading_id",
        "metrics_readings.reading",
        ("definition",),
        title=_title,
        second=_second,
        vendor_url_name="metrics_readings:reading",
    ),
    events=("reading.*", "readings.imported"),
)
