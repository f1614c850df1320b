"""What partners earn, as a source of facts: the place that metrics keeps for it."""

import datetime as dt
from dataclasses import replace

from incentives.conversion import ODD, VALUES, in_tenants_currency
from incentives.ledger.models import LedgerEntry
from metrics.actions import start_full_recompute
from metrics.sources import SOURCES, fill
from metrics.sources.shape import HOLDER, OWN_COMPANY, WINDOWS, Records, of_companies
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.shell.formats import short_date


def _sql(these: str, per: str) -> str:
    """Entries count on the day on which they are booked, in the tenant's currency: what a plan earned, and what puts that
    right by hand, over the rate of the plan's version, anything else at the rate of that day. Without a rate it is left
    out."""
    return f"""WITH {WINDOWS}, {ODD}
SELECT w.n, e.{per}, COALESCE(sum(e.amount), 0)::bigint AS incentives_paid
FROM (SELECT d.id AS entry_id, {HOLDER} AS partner_id, d.booked_on,
        round({in_tenants_currency("d", "d.booked_on", "v.exchange_rate")}) AS amount
    FROM incentives_ledgerentry d {OWN_COMPANY}
    JOIN tenancy_tenant t ON t.id = d.tenant_id
    LEFT JOIN (
        SELECT a.tenant_id, a.id, o.plan_version_id FROM incentives_adjustment a
        JOIN incentives_ledgerentry o ON o.tenant_id = a.tenant_id AND o.id = a.entry_id
    ) AS c ON c.tenant_id = d.tenant_id AND c.id = d.item
    LEFT JOIN incentives_planversion v
        ON v.tenant_id = d.tenant_id AND v.id = COALESCE(d.plan_version_id, c.plan_version_id)
    WHERE d.tenant_id = %(tenant)s{of_companies(these)}) AS e
JOIN w ON e.booked_on >= w.start_on AND e.booked_on < w.end_on GROUP BY w.n, e.{per}"""


def _title(entry: LedgerEntry) -> str:
    parts = [entry.plan.name if entry.plan else "", short_date(entry.booked_on)]
    return " · ".join(filter(None, parts))


def _second(entry: LedgerEntry) -> str:
    return entry.kind_label


SOURCE = replace(
    SOURCES["incentives"],
    tables=("incentives_ledgerentry",),
    sql=_sql,
    values=VALUES,
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


def rates_changed(events: list[Event]) -> None:
    """What was paid in another currency counts at the rate of its day: where there is any, it is worked out anew."""
    booked = set(LedgerEntry.objects.order_by().values_list("currency", flat=True).distinct())
    since = [dt.date.fromisoformat(e.data["from"]) for e in events if e.data["currency"] in booked]
    if since:
        start_full_recompute(since=min(since))


def register() -> None:
    fill(SOURCE)
    subscribe("rate.added", "rate.removed", name="metrics.rates", consumer=rates_changed)
