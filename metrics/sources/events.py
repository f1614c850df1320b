"""The programme's events: those that a partner's people were invited to, and those that somebody of theirs came to."""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.engagement.enums import GatheringStatus
from partners.engagement.models import Gathering
from portal.shell.formats import short_date


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS}
SELECT e.n, e.{per}, sum(e.attended)::bigint AS events_attended, count(*)::bigint AS events_offered
FROM (
    SELECT w.n, d.partner_id, d.gathering_id, bool_or(COALESCE(d.attended, false))::int AS attended
    FROM engagement_guest d
    JOIN engagement_gathering g ON g.tenant_id = d.tenant_id AND g.id = d.gathering_id AND g.status = %(event_offered)s
    JOIN w ON g.starts_at >= w.start_at AND g.starts_at < w.end_at
        AND (g.starts_at AT TIME ZONE %(zone)s)::date < w.as_of
    WHERE d.tenant_id = %(tenant)s{these}
    GROUP BY w.n, d.partner_id, d.gathering_id
) AS e GROUP BY e.n, e.{per}"""


def _second(gathering: Gathering) -> str:
    return short_date(gathering.starts_at)


SOURCE = Source(
    "events",
    _("Events of the programme"),
    (
        Fact("events_attended", _("Of the events offered, the ones that somebody of the partner came to")),
        Fact("events_offered", _("Events of the period that the partner's people were invited to")),
    ),
    tables=("engagement_guest",),
    sql=_sql,
    values={"event_offered": GatheringStatus.PUBLISHED.value},
    first_day=(
        """SELECT min(g.starts_at AT TIME ZONE %(zone)s)::date FROM engagement_guest d
        JOIN engagement_gathering g ON g.tenant_id = d.tenant_id AND g.id = d.gathering_id
        WHERE d.tenant_id = %(tenant)s{these}""",
    ),
    records=Records("gathering_id", "engagement.gathering", second=_second, url_name="engagement:gathering"),
    events=("gathering.*",),
    touched="""SELECT d.partner_id, (g.starts_at AT TIME ZONE %(zone)s)::date FROM engagement_guest d
        JOIN engagement_gathering g ON g.tenant_id = d.tenant_id AND g.id = d.gathering_id
        WHERE d.tenant_id = %(tenant)s AND d.gathering_id = ANY(%(ids)s)""",
)
