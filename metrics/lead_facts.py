"""What leads add to the facts.

A partner's own leads count on the day of their submission, and on the day on which they became a deal. What the vendor
gave it counts on the day it was given: an offer that was taken back before it was answered is none, and a lead picked
from the pool was received and accepted at once.
"""

_LEADS = """WITH {windows}
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


def leads_sql(windows: str, these: str, per: str) -> str:
    """One statement for the leads of any number of partners and windows, added up by partner or by lead."""
    return _LEADS.format(windows=windows, these=these, per=per)
