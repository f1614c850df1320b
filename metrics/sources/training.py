"""What training adds to the facts. The records are people: each fact is counted a person, and a partner's is their sum.

Who has no access any more is no longer counted as active, trained or certified. A completion that was revoked never
counts. A session counts once: for the partner whose person was the first with a seat of those that came.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.training.enums import SeatStatus
from portal.accounts.models import Membership

_MEMBER = """JOIN accounts_membership m ON m.tenant_id = d.tenant_id AND m.id = d.member_id AND m.is_active
        AND m.partner_id = d.partner_id"""
# There on the window's last day.
_THERE = "(m.created_at AT TIME ZONE %(zone)s)::date < w.as_of"
_HELD = (
    "{0}.completed_on < w.as_of AND COALESCE({0}.valid_until >= w.as_of - 1, true) AND {0}.revoked_at IS NULL"
)


def _sql(these: str, per: str) -> str:
    of_people = these.replace("d.partner_id", "m.partner_id")
    return f"""WITH {WINDOWS}
SELECT e.n, e.{per}, sum(e.enrolments)::bigint AS enrolments, sum(e.completions)::bigint AS completions,
    sum(e.trained)::bigint AS people_trained, sum(e.certified)::bigint AS people_certified,
    sum(e.active)::bigint AS people_active, sum(e.required)::bigint AS required_courses,
    sum(e.done)::bigint AS required_courses_done, sum(e.sessions)::bigint AS sessions_held
FROM (
    SELECT w.n, d.partner_id, d.member_id, 1 AS enrolments, 0 AS completions, 0 AS trained, 0 AS certified, 0 AS active,
        0 AS required, 0 AS done, 0 AS sessions
    FROM training_enrolment d JOIN w ON d.created_at >= w.start_at AND d.created_at < w.end_at
    WHERE d.tenant_id = %(tenant)s{these}
    UNION ALL
    SELECT w.n, d.partner_id, d.member_id, 0, 1, 0, 0, 0, 0, 0, 0
    FROM training_completion d JOIN w ON d.completed_on >= w.start_on AND d.completed_on < w.end_on
    WHERE d.tenant_id = %(tenant)s{these} AND d.course_id IS NOT NULL AND d.revoked_at IS NULL
    UNION ALL
    SELECT DISTINCT w.n, d.partner_id, d.member_id, 0, 0, 1, 0, 0, 0, 0, 0
    FROM training_completion d {_MEMBER} JOIN w ON d.completed_on >= w.start_on AND d.completed_on < w.end_on AND {_THERE}
    WHERE d.tenant_id = %(tenant)s{these} AND d.course_id IS NOT NULL AND d.revoked_at IS NULL
    UNION ALL
    SELECT DISTINCT w.n, d.partner_id, d.member_id, 0, 0, 0, 1, 0, 0, 0, 0
    FROM training_completion d {_MEMBER} JOIN w ON {_HELD.format("d")}
    WHERE d.tenant_id = %(tenant)s{these} AND d.certificate <> ''
    UNION ALL
    SELECT w.n, m.partner_id, m.id, 0, 0, 0, 0, 1, 0, 0, 0
    FROM accounts_membership m JOIN w ON {_THERE}
    WHERE m.tenant_id = %(tenant)s{of_people} AND m.partner_id IS NOT NULL AND m.is_active
    UNION ALL
    SELECT w.n, d.partner_id, d.member_id, 0, 0, 0, 0, 0, 1, (EXISTS (SELECT FROM training_completion c
        WHERE c.tenant_id = d.tenant_id AND c.member_id = d.member_id AND c.course_id = d.course_id
        AND {_HELD.format("c")}))::int, 0
    FROM training_duty d JOIN w ON d.since < w.as_of AND COALESCE(d.ended_on >= w.as_of, true)
    WHERE d.tenant_id = %(tenant)s{these}
    UNION ALL
    SELECT w.n, d.partner_id, d.member_id, 0, 0, 0, 0, 0, 0, 0, 1
    FROM training_seat d
    JOIN training_session s ON s.tenant_id = d.tenant_id AND s.id = d.session_id AND s.cancelled_at IS NULL
    JOIN w ON s.starts_at >= w.start_at AND s.starts_at < w.end_at
    WHERE d.tenant_id = %(tenant)s{these} AND d.status = %(seat_attended)s AND NOT EXISTS (SELECT FROM training_seat o
        WHERE o.tenant_id = d.tenant_id AND o.session_id = d.session_id AND o.status = %(seat_attended)s AND o.id < d.id)
) AS e GROUP BY e.n, e.{per}"""


def _second(member: Membership) -> str:
    return member.job_title


SOURCE = Source(
    "training",
    _("Training"),
    (
        Fact("enrolments", _("Enrolments in courses in the period")),
        Fact("completions", _("Courses completed in the period")),
        Fact("people_trained", _("People who completed a course in the period")),
        Fact(
            "people_certified", _("People with a certificate that counts at the period's end"), standing=True
        ),
        Fact("people_active", _("People with access at the period's end"), standing=True),
        Fact("required_courses", _("Courses that people must have at the period's end"), standing=True),
        Fact("required_courses_done", _("Of those courses, the ones that they hold"), standing=True),
        Fact(
            "sessions_held",
            _("Training sessions held in the period; one of several partners counts for the first of them"),
        ),
    ),
    tables=("training_enrolment", "training_completion", "training_duty", "training_seat"),
    sql=_sql,
    values={"seat_attended": SeatStatus.ATTENDED.value},
    first_day=(
        """SELECT min(created_at AT TIME ZONE %(zone)s)::date
        FROM training_enrolment d WHERE d.tenant_id = %(tenant)s{these}""",
        "SELECT min(completed_on) FROM training_completion d WHERE d.tenant_id = %(tenant)s{these}",
        "SELECT min(since) FROM training_duty d WHERE d.tenant_id = %(tenant)s{these}",
    ),
    records=Records("member_id", "accounts.membership", related=("user",), second=_second),
    events=("course.*", "path.*", "session.*", "duties.changed", "completions.imported", "member.*"),
    touched="""SELECT partner_id, completed_on FROM training_completion
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
        UNION ALL SELECT d.partner_id, (s.starts_at AT TIME ZONE %(zone)s)::date FROM training_seat d
        JOIN training_session s ON s.tenant_id = d.tenant_id AND s.id = d.session_id
        WHERE d.tenant_id = %(tenant)s AND d.session_id = ANY(%(ids)s)""",
)
