"""What campaigns add to the facts.

Daily figures count on their day. A co-branded campaign counts once, in the period in which it begins. The lift of a campaign
run together with the vendor is what the partner won in the campaign's days against as many days before; it counts in
the period in which the campaign ends, and while it runs in the present one, up to today.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from metrics.units import Unit
from partners.deals.enums import SalesStage
from partners.marketing.models import Campaign
from portal.shell.formats import short_date

_FIGURES = (
    "impressions",
    "clicks",
    "visits",
    "conversions",
    "marketing_spend",
    "marketing_revenue",
    "marketing_new_customers",
    "social_engagements",
)
_WON = """COALESCE((SELECT sum(o.revenue_base) FROM deals_deal o WHERE o.tenant_id = d.tenant_id
        AND o.partner_id = d.partner_id AND o.stage = %(won)s AND o.closed_on >= {first} AND o.closed_on < {last}), 0)"""
# The day after the campaign's last one, as far as it has run.
_LAST = "LEAST(COALESCE(d.ends_on + 1, w.as_of), w.as_of)"


def _sql(these: str, per: str) -> str:
    sums = ", ".join(f"sum(e.{name})::bigint AS {name}" for name in _FIGURES)
    zeros = ", ".join("0" for _name in _FIGURES)
    during = _WON.format(first="d.starts_on", last=_LAST)
    before = _WON.format(first=f"d.starts_on - ({_LAST} - d.starts_on)", last="d.starts_on")
    return f"""WITH {WINDOWS}
SELECT e.n, e.{per}, {sums}, sum(e.cobranded)::bigint AS campaigns_cobranded,
    sum(e.during)::bigint AS campaign_revenue, sum(e.before)::bigint AS campaign_revenue_before
FROM (
    SELECT w.n, d.partner_id, d.campaign_id, d.impressions, d.clicks, d.visits, d.conversions,
        d.spend AS marketing_spend, d.revenue AS marketing_revenue, d.new_customers AS marketing_new_customers,
        d.social_engagements, 0 AS cobranded, 0 AS during, 0 AS before
    FROM marketing_dailyfigure d JOIN w ON d.day >= w.start_on AND d.day < w.end_on
    WHERE d.tenant_id = %(tenant)s{these}
    UNION ALL
    SELECT w.n, d.partner_id, d.id, {zeros}, 1, 0, 0
    FROM marketing_campaign d JOIN w ON d.starts_on >= w.start_on AND d.starts_on < w.end_on
    WHERE d.tenant_id = %(tenant)s{these} AND d.is_cobranded
    UNION ALL
    SELECT w.n, d.partner_id, d.id, {zeros}, 0, {during}, {before}
    FROM marketing_campaign d JOIN w ON d.starts_on < w.as_of AND COALESCE(d.ends_on >= w.start_on, true)
        AND (d.ends_on < w.end_on OR %(today)s::date < w.end_on)
    WHERE d.tenant_id = %(tenant)s{these} AND d.is_joint
) AS e GROUP BY e.n, e.{per}"""


def _title(campaign: Campaign) -> str:
    return campaign.name


def _second(campaign: Campaign) -> str:
    return short_date(campaign.starts_on)


SOURCE = Source(
    "marketing",
    _("Marketing"),
    (
        Fact("impressions", _("How often something of the campaigns was shown")),
        Fact("clicks", _("Clicks on it")),
        Fact("visits", _("Visits to the website")),
        Fact("conversions", _("Visitors who did what the campaign is for")),
        Fact("marketing_spend", _("Money spent on campaigns"), Unit.MONEY),
        Fact("marketing_revenue", _("Revenue that the campaigns brought"), Unit.MONEY),
        Fact("marketing_new_customers", _("New customers that the campaigns brought")),
        Fact("social_engagements", _("Likes, shares and comments")),
        Fact("campaigns_cobranded", _("Co-branded campaigns that began in the period")),
        Fact("campaign_revenue", _("Revenue won in the days of joint campaigns"), Unit.MONEY),
        Fact("campaign_revenue_before", _("Revenue won in as many days before them"), Unit.MONEY),
    ),
    tables=("marketing_campaign",),
    sql=_sql,
    values={"won": SalesStage.WON.value},
    first_day=(
        "SELECT min(starts_on) FROM marketing_campaign d WHERE d.tenant_id = %(tenant)s{these}",
        "SELECT min(day) FROM marketing_dailyfigure d WHERE d.tenant_id = %(tenant)s{these}",
    ),
    records=Records(
        "campaign_id", "marketing.campaign", title=_title, second=_second, url_name="marketing:detail"
    ),
    events=("campaign.*", "campaigns.imported"),
    touched="""SELECT partner_id, starts_on FROM marketing_campaign
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)""",
)
