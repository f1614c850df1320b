"""What the content library adds to the facts: what partners took, and what there was for them to take.

An asset is available to a partner in a period when the partner was among those it is for on some day of the period on
which the asset was out. What was taken counts each time.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.content.models import Asset


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS}
SELECT e.n, e.{per}, sum(e.taken)::bigint AS asset_downloads, count(DISTINCT (e.partner_id, e.offered))
    FILTER (WHERE e.offered IS NOT NULL)::bigint AS assets_available
FROM (
    SELECT w.n, d.partner_id, d.asset_id, 1 AS taken, NULL::uuid AS offered
    FROM content_assetdownload d JOIN w ON d.created_at >= w.start_at AND d.created_at < w.end_at
    WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL
    UNION ALL
    SELECT w.n, d.partner_id, d.asset_id, 0, d.asset_id
    FROM content_assetaudience d
    JOIN content_asset a ON a.tenant_id = d.tenant_id AND a.id = d.asset_id
    JOIN w ON GREATEST(d.since, a.publish_on, w.start_on) < LEAST(d.until, a.expires_on, w.as_of)
    WHERE d.tenant_id = %(tenant)s{these}
) AS e
GROUP BY e.n, e.{per}"""


def _title(asset: Asset) -> str:
    return asset.title


SOURCE = Source(
    "content",
    _("Content library"),
    (
        Fact(
            "asset_downloads", _("Downloads of the vendor’s material by the partner’s people in the period")
        ),
        Fact(
            "assets_available",
            _("Assets of the library that the partner could use in the period"),
            standing=True,
        ),
    ),
    tables=("content_assetdownload", "content_assetaudience"),
    sql=_sql,
    first_day=(
        """SELECT min(created_at AT TIME ZONE %(zone)s)::date FROM content_assetdownload d
        WHERE d.tenant_id = %(tenant)s{these}""",
        "SELECT min(since) FROM content_assetaudience d WHERE d.tenant_id = %(tenant)s{these}",
    ),
    records=Records("asset_id", "content.asset", title=_title, url_name="content:asset"),
    events=("asset.downloaded", "asset.updated", "asset.status_changed"),
    touched="""SELECT partner_id, COALESCE(until, since) FROM content_assetaudience
        WHERE tenant_id = %(tenant)s AND asset_id = ANY(%(ids)s)""",
)
