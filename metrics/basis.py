"""What a run goes by: calendar, rules and sources, asked for in one statement."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from metrics.periods import Calendar
from metrics.rows import RULES, Templates
from metrics.sources.reading import filled_tables, sources_over
from metrics.sources.shape import Source
from portal.tenancy.db import run_planned
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id

_CALENDAR = f"""SELECT 'zone', time_zone FROM {Tenant._meta.db_table} WHERE id = %(tenant)s
    UNION ALL SELECT 'first_month', fiscal_year_start::text FROM {Tenant._meta.db_table} WHERE id = %(tenant)s"""


class Basis(NamedTuple):
    calendar: Calendar
    templates: Templates
    sources: tuple[Source, ...]

    @classmethod
    def read(cls) -> "Basis":
        """Of the tenant in scope."""
        found: dict[str, list[str]] = {}
        sql = " UNION ALL ".join([_CALENDAR, RULES, filled_tables()])
        for what, key in run_planned(sql, {"tenant": current_tenant_id()}):
            found.setdefault(what, []).append(key)
        calendar = Calendar(ZoneInfo(found["zone"][0]), int(found["first_month"][0]))
        return cls(calendar, Templates.of(found), sources_over(found.get("table", [])))
