"""Which partners join, sell for the first time, do business and leave.

A partner is in the programme from the day it joined (where that is not known, the one on which it was entered) until
the day it left. It is **activated** with its first won deal; the days until then count from a day of joining that is
known, and one that is said to have sold before counts 0. It **does business** in a period in which a deal of its own
enters the pipeline, is registered, won or lost.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from metrics.units import Unit
from partners.deals.enums import SalesStage
from partners.directory.models import Partner


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS},
members AS (
    SELECT d.partner_id, d.joined_on, COALESCE(d.joined_on, (d.created_at AT TIME ZONE %(zone)s)::date) AS since,
        COALESCE(d.left_on, 'infinity') AS until
    FROM (SELECT id AS partner_id, tenant_id, joined_on, left_on, created_at FROM directory_partner) AS d
    WHERE d.tenant_id = %(tenant)s{these}
),
firsts AS (
    SELECT d.partner_id, min(d.closed_on) AS won_on FROM deals_deal d
    WHERE d.tenant_id = %(tenant)s{these} AND d.stage = %(won)s AND d.closed_on IS NOT NULL
    GROUP BY d.partner_id
),
days AS (
    SELECT DISTINCT d.partner_id, day.on_day FROM deals_deal d
    CROSS JOIN LATERAL (VALUES (d.engaged_on), (d.closed_on),
        ((d.first_submitted_at AT TIME ZONE %(zone)s)::date)) AS day(on_day)
    WHERE d.tenant_id = %(tenant)s{these} AND day.on_day IS NOT NULL
),
busy AS (
    SELECT DISTINCT w.n, days.partner_id FROM days
    JOIN w ON days.on_day >= w.start_on AND days.on_day < w.end_on
)
SELECT w.n, m.{per},
    (m.since >= w.start_on AND m.since < w.end_on)::int::bigint AS partners_recruited,
    (m.since >= w.start_on AND m.since < w.end_on AND f.won_on < w.end_on)::int::bigint
        AS recruits_activated,
    (m.joined_on IS NOT NULL AND f.won_on >= w.start_on AND f.won_on < w.end_on)::int::bigint
        AS partners_activated,
    CASE WHEN f.won_on >= w.start_on AND f.won_on < w.end_on
        THEN GREATEST(f.won_on - m.joined_on, 0) ELSE 0 END::bigint AS activation_days,
    (m.since < w.start_on AND m.until >= w.start_on)::int::bigint AS partners_at_start,
    (m.since < w.as_of AND m.until >= w.as_of)::int::bigint AS partners_at_end,
    (m.since < w.start_on AND m.until >= w.start_on AND m.until < w.as_of)::int::bigint AS partners_left,
    (b.n IS NOT NULL)::int::bigint AS partners_active
FROM members m
JOIN w ON COALESCE(m.joined_on, '-infinity') < w.end_on AND m.until >= w.start_on
LEFT JOIN firsts f ON f.partner_id = m.partner_id
LEFT JOIN busy b ON b.partner_id = m.partner_id AND b.n = w.n"""


def _title(partner: Partner) -> str:
    return partner.name


def _second(partner: Partner) -> str:
    return partner.get_status_display()


SOURCE = Source(
    "partnership",
    _("Partners"),
    (
        Fact("partners_recruited", _("Partners that joined in the period")),
        Fact("recruits_activated", _("Of those partners, the ones that won their first deal by its end")),
        Fact("partners_activated", _("Partners that won their first deal in the period")),
        Fact(
            "activation_days",
            _("Days from joining to the first won deal, over the partners that won theirs in the period"),
            Unit.DAYS,
        ),
        Fact("partners_at_start", _("Partners on the period's first day"), standing=True),
        Fact(
            "partners_at_end", _("Partners at the end of the period, or today while it runs"), standing=True
        ),
        Fact("partners_left", _("Partners there at the start that left in the period")),
        Fact(
            "partners_active",
            _(
                "Partners that did business: a deal of theirs entered the pipeline, was registered, won or lost"
            ),
        ),
    ),
    tables=("directory_partner",),
    sql=_sql,
    values={"won": SalesStage.WON.value},
    records=Records(
        "partner_id", "directory.partner", title=_title, second=_second, url_name="directory:partner"
    ),
)
