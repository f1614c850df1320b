"""What partners earn, as a source of facts: the place that metrics keeps for it."""

from dataclasses import replace

from django.utils.formats import date_format

from incentives.ledger.models import LedgerEntry
from metrics.sources import SOURCES, fill
from metrics.sources.shape import WINDOWS, Records


def _sql(these: str, per: str) -> str:
    """Entries count on the day on which they are booked, in the tenant's currency at their deal's own rate."""
    return f"""WITH {WINDOWS} SELECT w.n, e.{per}, sum(e.amount)::bigint AS incentives_paid
FROM (SELECT d.id AS entry_id, d.partner_id, d.booked_on,
        CASE WHEN d.currency = t.currency OR COALESCE(d.base, 0) = 0 OR o.revenue_base IS NULL THEN d.amount
            ELSE round(d.amount::numeric * o.revenue_base / d.base)::bigint END AS amount
    FROM incentives_ledgerentry d JOIN tenancy_tenant t ON t.id = d.tenant_id
    LEFT JOIN deals_deal o ON o.tenant_id = d.tenant_id AND o.id = d.deal_id
    WHERE d.tenant_id = %(tenant)s{these}) AS e
JOIN w ON e.booked_on >= w.start_on AND e.booked_on < w.end_on GROUP BY w.n, e.{per}"""


def _title(entry: LedgerEntry) -> str:
    parts = [entry.plan.name if entry.plan else "", date_format(entry.booked_on)]
    return " · ".join(filter(None, parts))


def _second(entry: LedgerEntry) -> str:
    return entry.get_kind_display()


SOURCE = replace(
    SOURCES["incentives"],
    tables=("incentives_ledgerentry",),
    sql=_sql,
    first_day=("SELECT min(booked_on) FROM incentives_ledgerentry d WHERE d.tenant_id = %(tenant)s{these}",),
    records=Records(
        "entry_id",
        "incentives.ledgerentry",
        ("plan",),
        title=_title,
        second=_second,
        url_name="incentives:entry",
    ),
    # Which days a posting booked is not in its event, whose subject is the partner.
    touched="""SELECT partner_id, min(booked_on) FROM incentives_ledgerentry
        WHERE tenant_id = %(tenant)s AND partner_id = ANY(%(ids)s) AND created_at >= now() - interval '2 days'
        GROUP BY partner_id""",
)


def register() -> None:
    fill(SOURCE)
