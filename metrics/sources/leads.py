"""What leads add to the facts.

A partner's own leads count on the day of their submission, and on the day on which they became a deal. What the vendor
gave it counts on the day it was given: an offer that was taken back before it was answered is none, and a lead picked
from the pool was received and accepted at once.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.leads.enums import LeadStatus, OfferState
from partners.leads.models import Lead


def _sql(these: str, per: str) -> str:
    return f"""WITH {WINDOWS}
SELECT w.n, e.{per}, sum(e.submitted)::bigint AS leads_submitted, sum(e.qualified)::bigint AS leads_qualified,
    sum(e.marketing)::bigint AS leads_marketing_qualified, sum(e.converted)::bigint AS leads_converted,
    sum(e.received)::bigint AS leads_received, sum(e.accepted)::bigint AS leads_accepted
FROM (
    SELECT d.partner_id, d.id AS lead_id, d.submitted_at AS at, 1 AS submitted, d.qualified::int AS qualified,
        d.marketing_qualified::int AS marketing, 0 AS converted, 0 AS received, 0 AS accepted
    FROM leads_lead d WHERE d.tenant_id = %(tenant)s{these} AND d.submitted_at IS NOT NULL
    UNION ALL
    SELECT d.partner_id, d.id, d.closed_at, 0, 0, 0, 1, 0, 0
    FROM leads_lead d WHERE d.tenant_id = %(tenant)s{these} AND d.submitted_at IS NOT NULL
        AND d.status = %(lead_converted)s
    UNION ALL
    SELECT d.partner_id, d.lead_id, d.offered_at, 0, 0, 0, 0, 1, (d.state = %(offer_accepted)s)::int
    FROM leads_leadoffer d WHERE d.tenant_id = %(tenant)s{these} AND d.state <> %(offer_withdrawn)s
) AS e JOIN w ON e.at >= w.start_at AND e.at < w.end_at
GROUP BY w.n, e.{per}"""


def _title(lead: Lead) -> str:
    return lead.headline


def _second(lead: Lead) -> str:
    return lead.get_status_display()


SOURCE = Source(
    "leads",
    _("Leads"),
    (
        Fact("leads_submitted", _("Leads that the partner found and submitted in the period")),
        Fact("leads_qualified", _("Of those leads, the ones that meet the programme’s criteria")),
        Fact("leads_marketing_qualified", _("Of those leads, the ones that meet the criteria of marketing")),
        Fact("leads_converted", _("The partner’s own leads that became a deal in the period")),
        Fact("leads_received", _("Leads that the vendor gave the partner in the period")),
        Fact("leads_accepted", _("Of those leads, the ones that the partner accepted")),
    ),
    tables=("leads_lead", "leads_leadoffer"),
    sql=_sql,
    values={
        "lead_converted": LeadStatus.CONVERTED.value,
        "offer_accepted": OfferState.ACCEPTED.value,
        "offer_withdrawn": OfferState.WITHDRAWN.value,
    },
    first_day=(
        """SELECT min(LEAST(submitted_at, closed_at) AT TIME ZONE %(zone)s)::date
        FROM leads_lead d WHERE d.tenant_id = %(tenant)s{these} AND submitted_at IS NOT NULL""",
        """SELECT min(offered_at AT TIME ZONE %(zone)s)::date
        FROM leads_leadoffer d WHERE d.tenant_id = %(tenant)s{these}""",
    ),
    records=Records("lead_id", "leads.lead", title=_title, second=_second, url_name="leads:detail"),
    events=("lead.*", "leads.imported"),
    touched="""SELECT partner_id, (submitted_at AT TIME ZONE %(zone)s)::date FROM leads_lead
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND submitted_at IS NOT NULL
        UNION ALL SELECT partner_id, (offered_at AT TIME ZONE %(zone)s)::date FROM leads_leadoffer
        WHERE tenant_id = %(tenant)s AND lead_id = ANY(%(ids)s)""",
)
