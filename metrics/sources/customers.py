"""Which customers a partner has, wins, keeps and loses.

A partner's customer **starts** with the first deal the partner won there, or on the customer's own `started_on` where
the two are linked and that is earlier. It ends on the customer's `ended_on`.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.deals.enums import SalesStage
from partners.directory.models import Customer

_HERE = "COALESCE(c.ended_on >= w.start_on, true)"


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS},
pairs AS (
    SELECT partner_id, customer_id, min(started_on) AS started_on FROM (
        SELECT d.partner_id, d.customer_id, d.closed_on AS started_on FROM deals_deal d
        WHERE d.tenant_id = %(tenant)s{these} AND d.stage = %(won)s
            AND d.customer_id IS NOT NULL AND d.closed_on IS NOT NULL
        UNION ALL
        SELECT d.partner_id, d.customer_id, c.started_on FROM directory_customerpartner d
        JOIN directory_customer c ON c.tenant_id = d.tenant_id AND c.id = d.customer_id
        WHERE d.tenant_id = %(tenant)s{these} AND c.started_on IS NOT NULL
    ) AS starts GROUP BY partner_id, customer_id
)
SELECT w.n, p.{per},
    count(*) FILTER (WHERE p.started_on < w.start_on AND {_HERE}) AS customers_at_start,
    count(*) FILTER (WHERE p.started_on >= w.start_on) AS customers_new,
    count(*) FILTER (WHERE p.started_on < w.start_on AND {_HERE} AND c.ended_on < w.as_of) AS customers_lost,
    count(*) FILTER (WHERE p.started_on < w.start_on AND {_HERE} AND COALESCE(c.ended_on >= w.as_of, true))
        AS customers_retained
FROM pairs p JOIN directory_customer c ON c.tenant_id = %(tenant)s AND c.id = p.customer_id
JOIN w ON p.started_on < w.end_on
GROUP BY w.n, p.{per}"""


def _title(customer: Customer) -> str:
    return customer.name


SOURCE = Source(
    "customers",
    _("Customers"),
    (
        Fact("customers_at_start", _("Customers on the period's first day")),
        Fact("customers_new", _("Customers that started in the period")),
        Fact("customers_lost", _("Customers there at the start that ended in the period")),
        Fact("customers_retained", _("Customers there at the start and still there")),
    ),
    tables=("directory_customer",),
    sql=_sql,
    values={"won": SalesStage.WON.value},
    records=Records("customer_id", "directory.customer", title=_title),
)
