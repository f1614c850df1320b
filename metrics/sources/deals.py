"""What deals add to the facts.

- A deal **enters** the pipeline on `engaged_on`; where that is unknown on the day of its first submission, and
  where it never was submitted on the day it was recorded. Drafts, rejected and withdrawn registrations never enter.
- A won or lost deal **leaves** on `closed_on`, an expired registration on the day its protection ended and a
  cancelled one on the day of the cancellation. Any other deal is still open.
- **Won** and **lost** are the sales stage, so deals without a registration count as well.

`partners.deals.queries.in_pipeline` says the same of a day for lists.
"""

import re
from functools import lru_cache, partial

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from metrics.units import Unit
from partners.coselling.enums import ShareStatus
from partners.deals.enums import (
    OUTSIDE_PIPELINE,
    STAGE_PROBABILITY,
    DealOrigin,
    RegistrationStatus,
    SalesStage,
)
from partners.deals.models import Deal
from portal.shell.formats import short_date

MONEY = Unit.MONEY

DECIDED = (
    RegistrationStatus.APPROVED,
    RegistrationStatus.REJECTED,
    RegistrationStatus.WON,
    RegistrationStatus.LOST,
    RegistrationStatus.EXPIRED,
    RegistrationStatus.CANCELLED,
)


# In per cent. A deal that has since been closed no longer shows the stage it was in on an earlier day, so there it
# counts as engaging.
STAGE_CHANCE = {stage: int(chance * 100) for stage, chance in STAGE_PROBABILITY.items()}
CHANCE_UNKNOWN = STAGE_CHANCE[SalesStage.ENGAGING]

_CHANCE = " ".join(f"WHEN '{stage.value}' THEN {chance}" for stage, chance in STAGE_CHANCE.items())

# When a deal `e` entered the pipeline and left it.
_ENTERED = """COALESCE(e.engaged_on, (e.first_submitted_at AT TIME ZONE %(zone)s)::date,
        (e.created_at AT TIME ZONE %(zone)s)::date)"""
_LEFT = """CASE WHEN e.stage = ANY(%(closed)s) THEN COALESCE(e.closed_on, '-infinity')
        WHEN e.status = %(expired)s
        THEN COALESCE((upper(e.protection) AT TIME ZONE %(zone)s)::date, '-infinity')
        WHEN e.status = %(cancelled)s
        THEN COALESCE(e.closed_on, (e.updated_at AT TIME ZONE %(zone)s)::date)
        ELSE 'infinity' END"""
# A share's part of an amount: parts of neighbouring slices add up exactly (`partners.coselling.queries.part_of`).
_PART = "(({0} * upper(s.slice) + 50) / 100 - ({0} * lower(s.slice) + 50) / 100)"
_GIVEN = """COALESCE((SELECT sum({part})::bigint FROM coselling_share s
        WHERE s.tenant_id = e.tenant_id AND s.deal_id = e.id AND s.status = %(joined)s), 0)"""
# A customer counts once as won together, with the first deal that the partner won there together with others.
_FIRST = """e.stage = %(won)s AND e.customer_id IS NOT NULL AND NOT EXISTS (SELECT FROM deals_deal o
        WHERE o.tenant_id = e.tenant_id AND o.customer_id = e.customer_id AND o.stage = %(won)s
            AND o.shared_percent > 0 AND (o.closed_on, o.id) < (e.closed_on, e.id)
            AND (o.partner_id = {partner} OR EXISTS (SELECT FROM coselling_seat q JOIN coselling_share r
                ON r.tenant_id = q.tenant_id AND r.id = q.share_id AND r.status = %(joined)s
                WHERE q.tenant_id = o.tenant_id AND q.deal_id = o.id AND q.partner_id = {partner})))"""


def _own(amount: str) -> str:
    """What of a deal's amount is its holder's: all of it, but for deals that are shared."""
    given = _GIVEN.format(part=_PART.format(amount))
    return f"{amount} - CASE WHEN e.shared_percent > 0 THEN {given} ELSE 0 END"


# What a deal is, once a deal; and once more for each other partner that sells a part of it, who has its part of the
# revenue and of the pipeline and nothing else of the deal.
_DEAL = f"""SELECT e.id AS deal_id, e.partner_id, e.customer_id IS NOT NULL AS named,
    e.origin = %(registered)s AS registered, e.stage = %(won)s AS won, e.stage = %(lost)s AS lost, e.closed_on,
    e.revenue_base, e.cost_base, e.amount_base,
    e.status = %(status_won)s AS approved_win, e.status = %(rejected)s AS rejected,
    e.status <> ALL(%(outside)s) AS counts, e.first_submitted_at, e.submitted_at,
    CASE WHEN e.status = ANY(%(decided)s) THEN e.decided_at END AS decided_at,
    CASE WHEN e.status = %(expired)s THEN upper(e.protection) END AS expired_at,
    {_ENTERED} AS entered_on, {_LEFT} AS left_on, CASE e.stage {{chances}} ELSE {{unknown}} END AS chance,
    {_own("e.revenue_base")} AS own_revenue, {_own("e.amount_base")} AS own_amount,
    e.shared_percent > 0 AND e.stage = %(won)s AS joint_won,
    e.shared_percent > 0 AND e.status <> ALL(%(outside)s) AS joint_counts,
    CASE WHEN e.shared_percent > 0 THEN {_FIRST.format(partner="e.partner_id")} ELSE false END AS first_joint
    FROM deals_deal e WHERE e.tenant_id = %(tenant)s{{of_deals}}
UNION ALL SELECT e.id, d.partner_id, false, false, false, false, e.closed_on, NULL, NULL, NULL, false, false, false,
    NULL, NULL, NULL, NULL, {_ENTERED}, {_LEFT}, 0,
    {_PART.format("e.revenue_base")}, {_PART.format("e.amount_base")}, e.stage = %(won)s,
    e.status <> ALL(%(outside)s), {_FIRST.format(partner="d.partner_id")}
    FROM coselling_seat d
    JOIN coselling_share s ON s.tenant_id = d.tenant_id AND s.id = d.share_id AND s.status = %(joined)s
    JOIN deals_deal e ON e.tenant_id = d.tenant_id AND e.id = d.deal_id
    WHERE d.tenant_id = %(tenant)s{{these}} OFFSET 0"""

# How a deal stands to a window; the facts below add up over these.
_STANDINGS = {
    "won_now": "d.won AND d.closed_on >= w.start_on AND d.closed_on < w.end_on",
    "won_before": "d.won AND d.closed_on >= w.previous_on AND d.closed_on < w.start_on",
    "lost_now": "d.lost AND d.closed_on >= w.start_on AND d.closed_on < w.end_on",
    "entered_now": "d.counts AND d.entered_on >= w.start_on AND d.entered_on < w.end_on",
    "open_then": "d.counts AND d.entered_on < w.as_of AND d.left_on >= w.as_of",
    "submitted_now": "d.first_submitted_at >= w.start_at AND d.first_submitted_at < w.end_at",
    "decided_now": "d.decided_at >= w.start_at AND d.decided_at < w.end_at",
    "expired_now": "d.expired_at >= w.start_at AND d.expired_at < w.end_at",
    "joint_now": "d.joint_won AND d.closed_on >= w.start_on AND d.closed_on < w.end_on",
    "joint_then": "d.joint_counts AND d.entered_on < w.as_of AND d.left_on >= w.as_of",
    "joint_before": "d.joint_counts AND d.entered_on < w.start_on AND d.left_on >= w.start_on",
}
_SUMS = {
    "deals_submitted": "count(*) FILTER (WHERE submitted_now)",
    "deals_approved": "count(*) FILTER (WHERE decided_now AND NOT rejected)",
    "deals_rejected": "count(*) FILTER (WHERE decided_now AND rejected)",
    "deals_expired": "count(*) FILTER (WHERE expired_now)",
    "deals_won": "count(*) FILTER (WHERE won_now)",
    "deals_lost": "count(*) FILTER (WHERE lost_now)",
    "deals_won_registered": "count(*) FILTER (WHERE won_now AND approved_win)",
    "deals_attributed": "count(*) FILTER (WHERE entered_now)",
    "deals_registered": "count(*) FILTER (WHERE entered_now AND registered)",
    "revenue_won": "sum(revenue_base) FILTER (WHERE won_now)",
    "cost_won": "sum(cost_base) FILTER (WHERE won_now)",
    "revenue_with_cost": "sum(revenue_base) FILTER (WHERE won_now AND cost_base IS NOT NULL)",
    "revenue_sourced": "sum(own_revenue) FILTER (WHERE won_now AND registered)",
    "revenue_influenced": "sum(own_revenue) FILTER (WHERE (won_now OR joint_now) AND NOT registered)",
    "joint_customers_won": "count(*) FILTER (WHERE joint_now AND first_joint)",
    "customer_revenue": "sum(revenue_base) FILTER (WHERE won_now AND named)",
    "cycle_days_won": "sum(GREATEST(closed_on - entered_on, 0)) FILTER (WHERE won_now)",
    "revenue_won_previous": "sum(revenue_base) FILTER (WHERE won_before)",
    "pipeline_open_count": "count(*) FILTER (WHERE open_then)",
    "pipeline_open_amount": "sum(amount_base) FILTER (WHERE open_then)",
    "pipeline_weighted_amount": "sum((amount_base * chance + 50) / 100) FILTER (WHERE open_then)",
    "pipeline_shared_amount": "sum(own_amount) FILTER (WHERE joint_then)",
    "pipeline_shared_before": "sum(own_amount) FILTER (WHERE joint_before)",
    "deals_decided": "count(*) FILTER (WHERE decided_now)",
    "decision_hours": "sum(GREATEST(round(extract(epoch FROM decided_at - submitted_at)), 0)::bigint)"
    " FILTER (WHERE decided_now)",
}

_NAMES = list(_SUMS)


def _sql(these: str, per: str) -> str:
    """For some partners: each of their deals stands or does not stand to each window, a row for each of both."""
    standings = ", ".join(f"{test} AS {name}" for name, test in _STANDINGS.items())
    sums = ", ".join(f"COALESCE({_SUMS[name]}, 0)::bigint AS {name}" for name in _NAMES)
    # OFFSET 0 keeps the planner from writing the expressions out again for each fact.
    return (
        f"WITH {WINDOWS} SELECT n, {per}, {sums} FROM ("
        f"SELECT w.n, d.*, {standings} FROM ({_deal(these)}) AS d CROSS JOIN w OFFSET 0) AS pairs"
        f" WHERE {' OR '.join(_STANDINGS)} GROUP BY n, {per}"
    )


_BOUND = re.compile(r"w\.(\w+)")
_STANDING = re.compile("|".join(_STANDINGS))


@lru_cache(maxsize=64)
def _wide_sql(count: int) -> str:
    """For all partners: the windows side by side in one row a partner, which spares a row a deal and window."""
    standings = ", ".join(
        f"{_BOUND.sub(partial(_bound, n), test)} AS {name}_{n}"
        for n in range(count)
        for name, test in _STANDINGS.items()
    )
    sums = ", ".join(
        f"COALESCE({_STANDING.sub(partial(_numbered, n), _SUMS[name])}, 0)::bigint"
        for n in range(count)
        for name in _NAMES
    )
    return (
        f"SELECT partner_id, {sums} FROM (SELECT d.*, {standings} FROM ({_deal('')}) AS d OFFSET 0) AS deals"
        " GROUP BY partner_id"
    )


def _bound(n: int, match: re.Match[str]) -> str:
    kind = "timestamptz" if match[1].endswith("_at") else "date"
    return f"%({match[1]}_{n})s::{kind}"


def _numbered(n: int, match: re.Match[str]) -> str:
    return f"{match[0]}_{n}"


def _deal(these: str) -> str:
    of_deals = these.replace("d.partner_id", "e.partner_id")
    return _DEAL.format(these=these, of_deals=of_deals, chances=_CHANCE, unknown=CHANCE_UNKNOWN)


def _title(deal: Deal) -> str:
    return deal.title or deal.number


def _second(deal: Deal) -> str:
    parts = [deal.customer.name if deal.customer else "", deal.state_label]
    return " · ".join(filter(None, [*parts, short_date(deal.closed_on) if deal.closed_on else ""]))


SOURCE = Source(
    "deals",
    _("Deals"),
    (
        Fact("deals_submitted", _("Registrations first submitted in the period")),
        Fact("deals_approved", _("Registrations approved in the period")),
        Fact("deals_rejected", _("Registrations rejected in the period")),
        Fact("deals_expired", _("Registrations whose protection ended in the period without a sale")),
        Fact("deals_won", _("Deals won in the period")),
        Fact("deals_lost", _("Deals lost in the period")),
        Fact("deals_won_registered", _("Deals won in the period under an approved registration")),
        Fact("deals_attributed", _("Deals that entered the pipeline in the period, registered or not")),
        Fact("deals_registered", _("Of those deals, the ones that were registered")),
        Fact("revenue_won", _("Revenue of the deals won in the period"), MONEY),
        Fact("cost_won", _("Cost of the deals won in the period, where it is known"), MONEY),
        Fact("revenue_with_cost", _("Revenue of the won deals whose cost is known"), MONEY),
        Fact(
            "revenue_sourced",
            _("Revenue won on deals that the partner registered, less the shares of others"),
            MONEY,
        ),
        Fact(
            "revenue_influenced",
            _("Revenue won on deals that the partner did not register, and its shares in deals of others"),
            MONEY,
        ),
        Fact(
            "joint_customers_won",
            _("Customers first won together with others, counted for each partner that took part"),
        ),
        Fact("customer_revenue", _("Revenue won from customers that are known by name"), MONEY),
        Fact("cycle_days_won", _("Days from entering the pipeline to the sale, over the deals won")),
        Fact("revenue_won_previous", _("Revenue won in the period before of the same length"), MONEY),
        Fact(
            "pipeline_open_count",
            _(
                "Open deals at the end of the period, or today while it runs; those that wait for an answer count"
            ),
            stock=True,
        ),
        Fact("pipeline_open_amount", _("Expected amount of those open deals"), MONEY, stock=True),
        Fact(
            "pipeline_weighted_amount",
            _("The same, each deal at the chance that its stage gives it"),
            MONEY,
            stock=True,
        ),
        Fact(
            "pipeline_shared_amount",
            _("The partner's part of those that are sold together"),
            MONEY,
            stock=True,
        ),
        Fact("pipeline_shared_before", _("The same on the period's first day"), MONEY, stock=True),
        Fact("deals_decided", _("Registrations decided in the period, either way")),
        Fact(
            "decision_hours",
            _("Hours from submission to decision, over those registrations"),
            Unit.HOURS,
            divisor=3600,
        ),
    ),
    tables=("deals_deal",),
    sql=_sql,
    wide=_wide_sql,
    values={
        "won": SalesStage.WON.value,
        "joined": ShareStatus.JOINED.value,
        "lost": SalesStage.LOST.value,
        "closed": [SalesStage.WON.value, SalesStage.LOST.value],
        "registered": DealOrigin.REGISTERED.value,
        "status_won": RegistrationStatus.WON.value,
        "expired": RegistrationStatus.EXPIRED.value,
        "cancelled": RegistrationStatus.CANCELLED.value,
        "rejected": RegistrationStatus.REJECTED.value,
        "decided": [status.value for status in DECIDED],
        "outside": [status.value for status in OUTSIDE_PIPELINE],
    },
    first_day=(
        """SELECT min(LEAST(engaged_on, closed_on, (first_submitted_at AT TIME ZONE %(zone)s)::date,
            (created_at AT TIME ZONE %(zone)s)::date)) FROM deals_deal d WHERE d.tenant_id = %(tenant)s{these}""",
    ),
    records=Records(
        "deal_id", "deals.deal", ("customer",), title=_title, second=_second, url_name="deals:detail"
    ),
)
