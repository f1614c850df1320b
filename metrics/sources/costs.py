"""What the programme costs: of a partner where it is spent for one, otherwise of the programme alone."""

from django.utils.translation import gettext_lazy as _

from metrics.costs.models import Cost
from metrics.sources.shape import HOLDER, OWN_COMPANY, WINDOWS, Fact, Records, Source, of_companies
from metrics.units import Unit
from portal.shell.formats import short_date


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS} SELECT w.n, d.{per}, sum(d.amount)::bigint AS programme_cost
FROM (SELECT d.id AS cost_id, {HOLDER} AS partner_id, d.spent_on, d.amount FROM metrics_costs_cost d {OWN_COMPANY}
    WHERE d.tenant_id = %(tenant)s AND d.partner_id IS NOT NULL{of_companies(these)}) AS d
JOIN w ON d.spent_on >= w.start_on AND d.spent_on < w.end_on GROUP BY w.n, d.{per}"""


def _title(cost: Cost) -> str:
    return f"{cost.get_category_display()} · {short_date(cost.spent_on)}"


def _second(cost: Cost) -> str:
    return cost.note


SOURCE = Source(
    "costs",
    _("Programme costs"),
    (
        Fact(
            "programme_cost",
            _("What the vendor spent on the programme in the period"),
            Unit.MONEY,
            internal=True,
        ),
    ),
    tables=("metrics_costs_cost",),
    sql=_sql,
    of_no_partner="""WITH {windows} SELECT w.n, sum(d.amount)::bigint AS programme_cost FROM metrics_costs_cost d
        JOIN w ON d.spent_on >= w.start_on AND d.spent_on < w.end_on
        WHERE d.tenant_id = %(tenant)s AND d.partner_id IS NULL GROUP BY w.n""",
    first_day=("SELECT min(spent_on) FROM metrics_costs_cost d WHERE d.tenant_id = %(tenant)s{these}",),
    records=Records(
        "cost_id", "metrics_costs.cost", title=_title, second=_second, url_name="metrics_costs:detail"
    ),
    events=("cost.*", "costs.imported"),
)
