"""What partners earn, as a source of facts for scorecards: filled into the place that the floor below keeps for it."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Source
from metrics.units import Unit


def _sql(these: str, per: str) -> str:
    # An entry is in its plan's currency; over the plan's rate it is in the tenant's. By hand it is in the tenant's or
    # in one of which no rate is kept, and then counts as it stands.
    return f"""WITH {WINDOWS}
SELECT w.n, e.{per}, sum(e.amount)::bigint AS incentives_paid
FROM (
    SELECT d.partner_id, d.id AS entry_id, d.booked_on,
        round(d.amount / COALESCE(v.exchange_rate, 1)) AS amount
    FROM incentives_ledgerentry d
    LEFT JOIN incentives_planversion v ON v.tenant_id = d.tenant_id AND v.id = d.plan_version_id
    WHERE d.tenant_id = %(tenant)s{{these}}
) AS e JOIN w ON e.booked_on >= w.start_on AND e.booked_on < w.end_on
GROUP BY w.n, e.{per}""".format(these=these)


SOURCE = Source(
    "incentives",
    _("Incentives"),
    (
        Fact(
            "incentives_paid",
            _("What the partner earned in the period, less what was taken back"),
            Unit.MONEY,
        ),
    ),
    tables=("incentives_ledgerentry",),
    sql=_sql,
    first_day=("SELECT min(booked_on) FROM incentives_ledgerentry d WHERE d.tenant_id = %(tenant)s{these}",),
    events=("ledger.posted",),
    touched="""SELECT d.partner_id, min(d.booked_on) FROM incentives_ledgerentry d
        WHERE d.tenant_id = %(tenant)s AND d.partner_id = ANY(%(ids)s) GROUP BY d.partner_id""",
)
