"""Who of the partners uses the portal: people with access, and the days on which they were here."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from portal.accounts.models import Membership


def _sql(these: str, per: str) -> str:
    of_people = these.replace("d.partner_id", "m.partner_id")
    return f"""WITH {WINDOWS}
SELECT e.n, e.{per}, sum(e.logins)::bigint AS member_logins, sum(e.active)::bigint AS members_active,
    sum(e.there)::bigint AS members_total
FROM (
    SELECT w.n, d.partner_id, d.member_id, count(*) AS logins, max(m.is_active::int) AS active, 0 AS there
    FROM engagement_activeday d
    JOIN accounts_membership m ON m.tenant_id = d.tenant_id AND m.id = d.member_id AND m.partner_id = d.partner_id
    JOIN w ON d.day >= w.start_on AND d.day < w.end_on AND (m.created_at AT TIME ZONE %(zone)s)::date < w.as_of
    WHERE d.tenant_id = %(tenant)s{these}
    GROUP BY w.n, d.partner_id, d.member_id
    UNION ALL
    SELECT w.n, m.partner_id, m.id, 0, 0, 1
    FROM accounts_membership m JOIN w ON (m.created_at AT TIME ZONE %(zone)s)::date < w.as_of
    WHERE m.tenant_id = %(tenant)s{of_people} AND m.partner_id IS NOT NULL AND m.is_active
) AS e GROUP BY e.n, e.{per}"""


def _second(member: Membership) -> str:
    return member.job_title


SOURCE = Source(
    "activity",
    _("Use of the portal"),
    (
        Fact("member_logins", _("Days on which people used the portal in the period, each person's counted")),
        Fact("members_active", _("People who used the portal in the period")),
        Fact("members_total", _("People who have access at the period's end"), standing=True),
    ),
    tables=("engagement_activeday",),
    sql=_sql,
    first_day=("SELECT min(day) FROM engagement_activeday d WHERE d.tenant_id = %(tenant)s{these}",),
    records=Records("member_id", "accounts.membership", related=("user",), second=_second),
    events=("activity.seen", "member.*"),
    touched="SELECT partner_id, day FROM engagement_activeday WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)",
)
