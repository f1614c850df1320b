"""Which customers a partner has, wins, keeps and loses.

A partner's customer **starts** with the first deal the partner won there, or on the customer's own `started_on` where
the two are linked and that is earlier. It ends on the customer's `ended_on`, its last day. A month in which the customer
was there on every day is a whole one, any other the share of its days.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.deals.enums import SalesStage
from partners.directory.models import Customer

_HERE = "COALESCE(c.ended_on >= w.start_on, true)"
# On how many days of the window the customer was one.
_DAYS = "LEAST(w.as_of, COALESCE(c.ended_on + 1, w.as_of)) - GREATEST(c.started_on, w.start_on)"
# How many months the window has: whole ones where it is made of such.
_MONTHS = """CASE WHEN extract(day FROM w.start_on) = 1 AND extract(day FROM w.end_on) = 1
    THEN 12 * extract(year FROM age(w.end_on, w.start_on)) + extract(month FROM age(w.end_on, w.start_on))
    ELSE (w.end_on - w.start_on) / 30.436875 END"""


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
),
served AS (
    SELECT p.*, c.ended_on, c.country <> '' AND row_number() OVER (
        PARTITION BY p.partner_id, c.country ORDER BY p.started_on, p.customer_id) = 1 AS opens_country
    FROM pairs p JOIN directory_customer c ON c.tenant_id = %(tenant)s AND c.id = p.customer_id
)
SELECT w.n, c.{per},
    count(*) FILTER (WHERE c.started_on < w.start_on AND {_HERE}) AS customers_at_start,
    count(*) FILTER (WHERE c.started_on >= w.start_on) AS customers_new,
    count(*) FILTER (WHERE c.started_on < w.start_on AND {_HERE} AND c.ended_on < w.as_of) AS customers_lost,
    count(*) FILTER (WHERE c.started_on < w.start_on AND {_HERE} AND COALESCE(c.ended_on >= w.as_of, true))
        AS customers_retained,
    count(*) FILTER (WHERE c.ended_on >= w.start_on AND c.ended_on < w.as_of) AS customers_ended,
    sum(round(10000 * GREATEST({_DAYS}, 0) * {_MONTHS} / (w.end_on - w.start_on)))::bigint AS customer_months,
    count(*) FILTER (WHERE c.started_on >= w.start_on AND c.opens_country) AS new_countries
FROM served c JOIN w ON c.started_on < w.end_on
GROUP BY w.n, c.{per}"""


def _title(customer: Customer) -> str:
    return customer.name


SOURCE = Source(
    "customers",
    _("Customers"),
    (
        Fact("customers_at_start", _("Customers on the period's first day"), stock=True),
        Fact("customers_new", _("Customers that started in the period")),
        Fact("customers_lost", _("Customers there at the start that ended in the period")),
        Fact("customers_retained", _("Customers there at the start and still there"), stock=True),
        Fact("customers_ended", _("Customers that ended their business in the period")),
        Fact(
            "customer_months",
            _("Months for which the customers were there, added up over them"),
            divisor=10_000,
        ),
        Fact("new_countries", _("Countries in which the partner got its first customer in the period")),
    ),
    tables=("directory_customer",),
    sql=_sql,
    values={"won": SalesStage.WON.value},
    records=Records("customer_id", "directory.customer", title=_title, vendor_url_name="directory:customer"),
)
