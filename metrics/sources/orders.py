"""What orders add to the facts.

An order counts on the day it was placed, its delivery on the day it arrived, a return on the day of the return. A
cancelled order counts nowhere. Amounts are in the tenant's currency at the order's own rate.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from metrics.units import Unit
from partners.orders.models import Order

_ORDER = "d.tenant_id = %(tenant)s AND d.cancelled_on IS NULL"


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS}
SELECT w.n, e.{per}, sum(e.placed)::bigint AS orders_count, sum(e.revenue)::bigint AS order_revenue,
    sum(e.delivered)::bigint AS orders_fulfilled, sum(e.seconds)::bigint AS fulfilment_hours,
    sum(e.units)::bigint AS units_sold, sum(e.returned)::bigint AS units_returned, sum(e.cost)::bigint AS cost_of_goods
FROM (
    SELECT d.partner_id, d.id AS order_id, (d.ordered_at AT TIME ZONE %(zone)s)::date AS day, 1 AS placed,
        d.total_base AS revenue, d.units, COALESCE(d.cost_base, 0) AS cost, 0 AS delivered, 0 AS seconds,
        0 AS returned
    FROM orders_order d WHERE {_ORDER}{these}
    UNION ALL
    SELECT d.partner_id, d.id, (d.fulfilled_at AT TIME ZONE %(zone)s)::date, 0, 0, 0, 0, 1,
        GREATEST(round(extract(epoch FROM d.fulfilled_at - d.ordered_at)), 0)::bigint, 0
    FROM orders_order d WHERE {_ORDER}{these} AND d.fulfilled_at IS NOT NULL
    UNION ALL
    SELECT d.partner_id, d.order_id, d.returned_on, 0, 0, 0, 0, 0, 0, d.quantity
    FROM orders_orderreturn d WHERE d.tenant_id = %(tenant)s{these}
) AS e JOIN w ON e.day >= w.start_on AND e.day < w.end_on
GROUP BY w.n, e.{per}"""


def _title(order: Order) -> str:
    return order.number


def _second(order: Order) -> str:
    return order.customer.name if order.customer else ""


SOURCE = Source(
    "orders",
    _("Orders"),
    (
        Fact("orders_count", _("Orders placed in the period, without those that were cancelled")),
        Fact("order_revenue", _("Amount of those orders"), Unit.MONEY),
        Fact("orders_fulfilled", _("Orders that were delivered in the period")),
        Fact(
            "fulfilment_hours",
            _("Hours from order to delivery, over those orders"),
            Unit.HOURS,
            divisor=3600,
        ),
        Fact("units_sold", _("Units in the orders placed in the period")),
        Fact("units_returned", _("Units that came back in the period")),
        Fact("cost_of_goods", _("Cost of the units in those orders, where it is known"), Unit.MONEY),
    ),
    tables=("orders_order",),
    sql=_sql,
    first_day=(
        """SELECT min((ordered_at AT TIME ZONE %(zone)s)::date)
        FROM orders_order d WHERE d.tenant_id = %(tenant)s{these}""",
    ),
    records=Records(
        "order_id", "orders.order", ("customer",), title=_title, second=_second, url_name="orders:detail"
    ),
    events=("order.*", "orders.imported"),
    touched="""SELECT partner_id, (ordered_at AT TIME ZONE %(zone)s)::date FROM orders_order
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)""",
)
