"""What was said with a partner: logged calls, meetings, mails and notes, and the comments that it shares with the vendor.

What is internal to the vendor is none, nor is what was taken out again.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Page, Records, Source
from partners.engagement.models import Interaction
from portal.discussion.models import Comment
from portal.shell.formats import short_date
from portal.shell.subjects import kind_of_label


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS}
SELECT w.n, e.{per}, count(*)::bigint AS interactions
FROM (
    SELECT d.partner_id, d.id AS interaction_id, d.happened_at AS at
    FROM engagement_interaction d
    WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL AND d.removed_at IS NULL
    UNION ALL
    SELECT d.partner_id, d.id, d.created_at
    FROM discussion_comment d
    WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL AND d.deleted_at IS NULL
) AS e JOIN w ON e.at >= w.start_at AND e.at < w.end_at
GROUP BY w.n, e.{per}"""


def _second(interaction: Interaction) -> str:
    return f"{interaction.get_kind_display()} · {short_date(interaction.happened_at)}"


def _said(comment: Comment) -> str:
    return f"{_('Comment')} · {short_date(comment.created_at)}"


def _on(comment: Comment) -> Page:
    kind = kind_of_label(comment.subject_type)
    return Page(kind.url_name if kind else "", comment.subject_id)


SOURCE = Source(
    "interactions",
    _("Interactions"),
    (Fact("interactions", _("Calls, meetings, mails and notes that were logged, and shared comments")),),
    tables=("engagement_interaction", "discussion_comment"),
    sql=_sql,
    first_day=(
        """SELECT min(happened_at AT TIME ZONE %(zone)s)::date FROM engagement_interaction d
        WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL""",
        """SELECT min(created_at AT TIME ZONE %(zone)s)::date FROM discussion_comment d
        WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL""",
    ),
    records=Records(
        "interaction_id",
        "engagement.interaction",
        second=_second,
        url_name="engagement:interaction",
        also=(Records("interaction_id", "discussion.comment", second=_said, page=_on),),
    ),
    events=("interaction.*", "interactions.imported", "*.commented", "*.comment_deleted"),
    touched="""SELECT partner_id, (happened_at AT TIME ZONE %(zone)s)::date FROM engagement_interaction
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND partner_id IS NOT NULL
        UNION ALL SELECT partner_id, (created_at AT TIME ZONE %(zone)s)::date FROM discussion_comment
        WHERE tenant_id = %(tenant)s AND subject_id = ANY(%(ids)s) AND partner_id IS NOT NULL""",
)
