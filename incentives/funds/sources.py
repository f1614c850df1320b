"""What funds paid and what the campaigns that they paid for brought, as a source of facts.

What was settled counts on the day on which it was posted, what a campaign brought on its own day, and once however many
requests paid for it. An activity without a campaign has no return to measure and counts in neither.
"""

from dataclasses import replace
from functools import partial

from incentives.conversion import ODD, VALUES, in_tenants_currency
from incentives.funds.models import FundRequest
from metrics.consumers import records_changed
from metrics.sources import SOURCES, fill
from metrics.sources.shape import HOLDER, OWN_COMPANY, WINDOWS, Records, of_companies
from portal.events.consumers import subscribe
from portal.shell.formats import short_date


def _sql(these: str, per: str) -> str:
    """Money in the tenant's currency, by the rate of the activity's last day; without a rate it is left out."""
    return f"""WITH {WINDOWS}, {ODD}
SELECT e.n, e.{per}, COALESCE(sum(e.settled), 0)::bigint AS funds_settled,
    COALESCE(sum(e.revenue), 0)::bigint AS funds_revenue
FROM (
    SELECT w.n, {HOLDER} AS partner_id, d.request_id, 0::bigint AS revenue,
        round({in_tenants_currency("l", "r.ends_on")}) AS settled
    FROM funds_claim d {OWN_COMPANY}
    JOIN funds_fundrequest r ON r.tenant_id = d.tenant_id AND r.id = d.request_id AND r.campaign_id IS NOT NULL
    JOIN incentives_ledgerentry l ON l.tenant_id = d.tenant_id AND l.id = d.entry_id
    JOIN tenancy_tenant t ON t.id = d.tenant_id
    JOIN w ON l.booked_on >= w.start_on AND l.booked_on < w.end_on
    WHERE d.tenant_id = %(tenant)s{of_companies(these)}
    UNION ALL
    SELECT w.n, d.partner_id, paid.request_id, d.revenue, 0
    FROM marketing_dailyfigure d
    JOIN (
        SELECT DISTINCT ON (campaign_id) campaign_id, id AS request_id FROM funds_fundrequest
        WHERE tenant_id = %(tenant)s AND campaign_id IS NOT NULL AND settled > 0 ORDER BY campaign_id, id
    ) AS paid ON paid.campaign_id = d.campaign_id
    JOIN w ON d.day >= w.start_on AND d.day < w.end_on
    WHERE d.tenant_id = %(tenant)s{these}
) AS e GROUP BY e.n, e.{per}"""


def _title(request: FundRequest) -> str:
    return f"{request.number} {request.title}"


def _second(request: FundRequest) -> str:
    return f"{short_date(request.starts_on)} – {short_date(request.ends_on)}"


_MEASURED = """EXISTS (SELECT 1 FROM funds_fundrequest r WHERE r.tenant_id = d.tenant_id
    AND r.campaign_id = d.campaign_id AND r.settled > 0)"""
SOURCE = replace(
    SOURCES["funds"],
    tables=("funds_claim",),
    sql=_sql,
    values=VALUES,
    first_day=(
        """SELECT min(l.booked_on) FROM funds_claim d JOIN incentives_ledgerentry l ON l.tenant_id = d.tenant_id
            AND l.id = d.entry_id WHERE d.tenant_id = %(tenant)s{these}""",
        f"SELECT min(d.day) FROM marketing_dailyfigure d WHERE d.tenant_id = %(tenant)s{{these}} AND {_MEASURED}",
    ),
    records=Records(
        "request_id", "funds.fundrequest", title=_title, second=_second, url_name="funds:request"
    ),
    # A campaign that is added or taken away brings all of its days along.
    touched=f"""SELECT d.holder, LEAST(min(d.starts_on), (SELECT min(f.day) FROM marketing_dailyfigure f
            WHERE f.tenant_id = %(tenant)s AND f.partner_id = d.holder))
        FROM (SELECT {HOLDER} AS holder, d.starts_on FROM funds_fundrequest d {OWN_COMPANY}
            WHERE d.tenant_id = %(tenant)s AND (d.id = ANY(%(ids)s) OR EXISTS (SELECT 1 FROM funds_claim c
                WHERE c.tenant_id = d.tenant_id AND c.request_id = d.id AND c.id = ANY(%(ids)s)))) AS d
        GROUP BY d.holder""",
)


def register() -> None:
    fill(SOURCE)
    subscribe(
        "fund.claim_settled",
        "fund.measured",
        name="metrics.funds",
        consumer=partial(records_changed, SOURCE),
    )
