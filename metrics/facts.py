"""Facts: additive whole numbers for one partner and one window of days, read from deals, customers and leads.

Days are the tenant's (its time zone), money is in minor units of its currency at the rate stored with each
record. What holds throughout:

- A deal **enters** the pipeline on `engaged_on`; where that is unknown on the day of its first submission, and
  where it never was submitted on the day it was recorded. Drafts, rejected and withdrawn registrations never enter.
- A won or lost deal **leaves** on `closed_on`, an expired registration on the day its protection ended and a
  cancelled one on the day of the cancellation. Any other deal is still open.
- **Won** and **lost** are the sales stage, so deals without a registration count as well.
- A partner's customer **starts** with the first deal the partner won there, or on the customer's own `started_on`
  where the two are linked and that is earlier. It ends on the customer's `ended_on`.

One statement per source table answers for any number of partners and windows.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.lead_facts import leads_sql
from metrics.periods import Calendar, Window
from partners.coselling.enums import ShareStatus
from partners.deals.enums import STAGE_PROBABILITY, DealOrigin, RegistrationStatus, SalesStage
from partners.leads.enums import LeadStatus, OfferState
from portal.tenancy.scope import current_tenant_id, tenant_scope


@dataclass(frozen=True, slots=True)
class Fact:
    """An additive number. It is kept whole; formulas see it divided by `divisor` (hours are kept as seconds)."""

    name: str
    source: str
    meaning: str | Promise
    divisor: int = 1


# In per cent. A deal that has since been closed no longer shows the stage it was in on an earlier day, so there it
# counts as engaging.
STAGE_CHANCE = {stage: int(chance * 100) for stage, chance in STAGE_PROBABILITY.items()}
CHANCE_UNKNOWN = STAGE_CHANCE[SalesStage.ENGAGING]

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in [
        Fact("partners", "programme", _("Partners whose figures are in it: 1 for a partner")),
        Fact("deals_submitted", "deals", _("Registrations first submitted in the period")),
        Fact("deals_approved", "deals", _("Registrations approved in the period")),
        Fact("deals_rejected", "deals", _("Registrations rejected in the period")),
        Fact(
            "deals_expired", "deals", _("Registrations whose protection ended in the period without a sale")
        ),
        Fact("deals_won", "deals", _("Deals won in the period")),
        Fact("deals_lost", "deals", _("Deals lost in the period")),
        Fact("deals_won_registered", "deals", _("Deals won in the period under an approved registration")),
        Fact(
            "deals_attributed", "deals", _("Deals that entered the pipeline in the period, registered or not")
        ),
        Fact("deals_registered", "deals", _("Of those deals, the ones that were registered")),
        Fact("revenue_won", "deals", _("Revenue of the deals won in the period")),
        Fact("cost_won", "deals", _("Cost of the deals won in the period, where it is known")),
        Fact("revenue_with_cost", "deals", _("Revenue of the won deals whose cost is known")),
        Fact(
            "revenue_sourced",
            "deals",
            _("Revenue won on deals that the partner registered, less the shares of others"),
        ),
        Fact(
            "revenue_influenced",
            "deals",
            _("Revenue won on deals that the partner did not register, and its shares in deals of others"),
        ),
        Fact(
            "joint_customers_won",
            "deals",
            _("Customers first won together with others, counted for each partner that took part"),
        ),
        Fact("customer_revenue", "deals", _("Revenue won from customers that are known by name")),
        Fact("cycle_days_won", "deals", _("Days from entering the pipeline to the sale, over the deals won")),
        Fact("revenue_won_previous", "deals", _("Revenue won in the period before of the same length")),
        Fact(
            "pipeline_open_count", "deals", _("Open deals at the end of the period, or today while it runs")
        ),
        Fact("pipeline_open_amount", "deals", _("Expected amount of those open deals")),
        Fact(
            "pipeline_weighted_amount",
            "deals",
            _("The same, each deal at the chance that its stage gives it"),
        ),
        Fact("pipeline_shared_amount", "deals", _("The partner's part of those that are sold together")),
        Fact("pipeline_shared_before", "deals", _("The same on the period's first day")),
        Fact("deals_decided", "deals", _("Registrations decided in the period, either way")),
        Fact(
            "decision_hours",
            "deals",
            _("Hours from submission to decision, over those registrations"),
            divisor=3600,
        ),
        Fact("leads_submitted", "leads", _("Leads that the partner found and submitted in the period")),
        Fact("leads_qualified", "leads", _("Of those leads, the ones that meet the programme’s criteria")),
        Fact(
            "leads_marketing_qualified",
            "leads",
            _("Of those leads, the ones that meet the criteria of marketing"),
        ),
        Fact("leads_converted", "leads", _("The partner’s own leads that became a deal in the period")),
        Fact("leads_received", "leads", _("Leads that the vendor gave the partner in the period")),
        Fact("leads_accepted", "leads", _("Of those leads, the ones that the partner accepted")),
        Fact("customers_at_start", "customers", _("Customers on the period's first day")),
        Fact("customers_new", "customers", _("Customers that started in the period")),
        Fact("customers_lost", "customers", _("Customers there at the start that ended in the period")),
        Fact("customers_retained", "customers", _("Customers there at the start and still there")),
    ]
}
READ = [name for name, fact in FACTS.items() if fact.source != "programme"]

_CHANCE = " ".join(f"WHEN '{stage.value}' THEN {chance}" for stage, chance in STAGE_CHANCE.items())

_WINDOWS = """w AS (SELECT * FROM unnest(%(start_on)s::date[], %(end_on)s::date[], %(previous_on)s::date[],
    %(as_of)s::date[], %(start_at)s::timestamptz[], %(end_at)s::timestamptz[])
    WITH ORDINALITY AS w(start_on, end_on, previous_on, as_of, start_at, end_at, n))"""

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

_CUSTOMERS = """WITH {windows},
pairs AS (
    SELECT partner_id, customer_id, min(started_on) AS started_on FROM (
        SELECT d.partner_id, d.customer_id, d.closed_on AS started_on FROM deals_deal d
        WHERE d.tenant_id = %(tenant)s{these} AND d.stage = %(won)s
            AND d.customer_id IS NOT NULL AND d.closed_on IS NOT NULL
        UNION ALL
        SELECT d.partner_id, d.customer_id, c.started_on FROM directory_customerpartner d
        JOIN directory_customer c ON c.tenant_id = d.tenant_id AND c.id = d.customer_id
        WHERE d.tenant_id = %(tenant)s{these} AND c.started_on IS NOT NULL
    ) AS starts GROUP BY partner_id, customer_id
)
SELECT w.n, p.{per},
    count(*) FILTER (WHERE p.started_on < w.start_on AND {here}) AS customers_at_start,
    count(*) FILTER (WHERE p.started_on >= w.start_on) AS customers_new,
    count(*) FILTER (WHERE p.started_on < w.start_on AND {here} AND c.ended_on < w.as_of) AS customers_lost,
    count(*) FILTER (WHERE p.started_on < w.start_on AND {here} AND COALESCE(c.ended_on >= w.as_of, true))
        AS customers_retained
FROM pairs p JOIN directory_customer c ON c.tenant_id = %(tenant)s AND c.id = p.customer_id
JOIN w ON p.started_on < w.end_on
GROUP BY w.n, p.{per}"""


DEAL_FACTS = [name for name, fact in FACTS.items() if fact.source == "deals"]


def _deals_sql(per: str) -> str:
    """For some partners: each of their deals stands or does not stand to each window, a row for each of both.

    Added up by partner, or by deal for what each one contributes.
    """
    standings = ", ".join(f"{test} AS {name}" for name, test in _STANDINGS.items())
    sums = ", ".join(f"COALESCE({_SUMS[name]}, 0)::bigint AS {name}" for name in DEAL_FACTS)
    # OFFSET 0 keeps the planner from writing the expressions out again for each fact.
    return (
        f"WITH {_WINDOWS} SELECT n, {per}, {sums} FROM ("
        f"SELECT w.n, d.*, {standings} FROM ({_deal(_THESE)}) AS d CROSS JOIN w OFFSET 0) AS pairs"
        f" WHERE {' OR '.join(_STANDINGS)} GROUP BY n, {per}"
    )


_BOUND = re.compile(r"w\.(\w+)")
_STANDING = re.compile("|".join(_STANDINGS))


@lru_cache(maxsize=64)
def _wide_deals_sql(count: int) -> str:
    """For all partners: the windows side by side in one row a partner, which spares a row a deal and window."""
    standings = ", ".join(
        f"{_BOUND.sub(partial(_bound, n), test)} AS {name}_{n}"
        for n in range(count)
        for name, test in _STANDINGS.items()
    )
    sums = ", ".join(
        f"COALESCE({_STANDING.sub(partial(_numbered, n), _SUMS[name])}, 0)::bigint"
        for n in range(count)
        for name in DEAL_FACTS
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


def _customers_sql(these: str, per: str) -> str:
    here = "COALESCE(c.ended_on >= w.start_on, true)"
    return _CUSTOMERS.format(windows=_WINDOWS, these=these, here=here, per=per)


def facts_of_some() -> str:
    """The statement for some partners' facts: columns `n` (of the window, from 1), `partner_id` and the facts."""
    joined = " FULL JOIN ".join(
        f"({sql}) AS {source}" + (" USING (n, partner_id)" if at else "")
        for at, (source, sql) in enumerate(_SOME.items())
    )
    return f"SELECT n, partner_id, {', '.join(READ)} FROM {joined}"


def are_few(partner_ids: Collection[UUID], windows: Collection[object]) -> bool:
    """Whether so many partners' rows are read faster one by one than by COPY."""
    return len(partner_ids) * len(windows) <= 50


# How many windows one statement for all partners lays side by side.
_SIDE_BY_SIDE = 6
_THESE = " AND d.partner_id = ANY(%(partners)s)"
_SOME = {
    "deals": _deals_sql("partner_id"),
    "customers": _customers_sql(_THESE, "partner_id"),
    "leads": leads_sql(_WINDOWS, _THESE, "partner_id"),
}
_ALL = {"customers": _customers_sql("", "partner_id"), "leads": leads_sql(_WINDOWS, "", "partner_id")}
_EACH = {
    "deals": _deals_sql("deal_id"),
    "customers": _customers_sql(_THESE, "customer_id"),
    "leads": leads_sql(_WINDOWS, _THESE, "lead_id"),
}
# Registrations that the vendor refused or that the partner did not make are nobody's opportunity.
OUTSIDE_PIPELINE = (RegistrationStatus.DRAFT, RegistrationStatus.REJECTED, RegistrationStatus.WITHDRAWN)
DECIDED = (
    RegistrationStatus.APPROVED,
    RegistrationStatus.REJECTED,
    RegistrationStatus.WON,
    RegistrationStatus.LOST,
    RegistrationStatus.EXPIRED,
    RegistrationStatus.CANCELLED,
)


def parameters(
    windows: Collection[Window], calendar: Calendar, today: dt.date, partner_ids: Iterable[UUID] | None = None
) -> dict[str, object]:
    """What the statements are run with."""
    return {
        "tenant": current_tenant_id(),
        "partners": None if partner_ids is None else list(partner_ids),
        "zone": calendar.zone.key,
        "start_on": [window.start for window in windows],
        "end_on": [window.end for window in windows],
        "previous_on": [window.previous_start for window in windows],
        "as_of": [window.as_of(today) for window in windows],
        "start_at": [calendar.moment(window.start) for window in windows],
        "end_at": [calendar.moment(window.end) for window in windows],
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
        "lead_converted": LeadStatus.CONVERTED.value,
        "offer_accepted": OfferState.ACCEPTED.value,
        "offer_withdrawn": OfferState.WITHDRAWN.value,
    }


def read_facts(
    windows: Collection[Window],
    calendar: Calendar,
    today: dt.date,
    partner_ids: Collection[UUID] | None = None,
) -> pl.DataFrame:
    """The facts of these partners (None: all of the tenant) in each window, one row where there are any.

    Columns: `key` of the window, `partner_id` (text) and one Int64 per fact. `today` decides what is open now.
    """
    values = parameters(windows, calendar, today, partner_ids)
    if partner_ids is None:
        found = _all_deals(len(windows), values).lazy()
        for source, sql in _ALL.items():
            more = fetch_frame(sql, values, _schema(source)).lazy()
            found = found.join(more, on=["n", "partner_id"], how="full", coalesce=True)
    else:
        schema = {"n": pl.Int64(), "partner_id": pl.String(), **dict.fromkeys(READ, pl.Int64())}
        found = fetch_frame(facts_of_some(), values, schema).lazy()
    keys = pl.LazyFrame({"n": range(1, len(windows) + 1), "key": [window.key for window in windows]})
    return found.join(keys, on="n").with_columns(pl.col(READ).fill_null(0)).drop("n").collect()


def _all_deals(count: int, values: dict[str, object]) -> pl.DataFrame:
    """The deals' facts of all partners, a few windows a statement."""
    parts = []
    for first in range(0, count, _SIDE_BY_SIDE):
        here = range(first, min(first + _SIDE_BY_SIDE, count))
        bounds = {
            f"{name}_{n - first}": values[name][n]  # type: ignore[index]
            for n in here
            for name in ("start_on", "end_on", "previous_on", "as_of", "start_at", "end_at")
        }
        schema = {f"{name}_{n}": pl.Int64() for n in here for name in DEAL_FACTS}
        wide = fetch_frame(_wide_deals_sql(len(here)), values | bounds, {"partner_id": pl.String(), **schema})
        parts += [
            wide.select(
                pl.lit(n + 1, pl.Int64).alias("n"),
                "partner_id",
                *(pl.col(f"{name}_{n}").alias(name) for name in DEAL_FACTS),
            )
            for n in here
        ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_schema("deals"))


def contributions(
    source: str, window: Window, calendar: Calendar, today: dt.date, partner_id: UUID
) -> pl.DataFrame:
    """What each record (a deal, a customer or a lead, as `source` says) adds to a partner's facts in a window.

    By the same statement as the facts, so the columns add up to them. Columns: `id` (text) and the source's facts.
    """
    values = parameters([window], calendar, today, [partner_id])
    schema = {("id" if name == "partner_id" else name): kind for name, kind in _schema(source).items()}
    # A deal that another partner shares counts here as well, though this partner's session cannot read it.
    with tenant_scope(current_tenant_id()):
        return fetch_frame(_EACH[source], values, schema).drop("n")


def _schema(source: str) -> dict[str, pl.DataType]:
    facts = {name: pl.Int64() for name, fact in FACTS.items() if fact.source == source}
    return {"n": pl.Int64(), "partner_id": pl.String(), **facts}


def fetch_frame(
    sql: str, values: dict[str, Any], schema: dict[str, pl.DataType], *, few: bool = False
) -> pl.DataFrame:
    """A query's answer as a frame, by COPY: no Python object is made per value. A `few` rows come faster as such."""
    if few:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
    with (
        connection.cursor() as cursor,
        # Django's cursor that logs queries takes no parameters for COPY.
        cursor.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        content = b"".join(bytes(block) for block in copy)
    if not content:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(content, has_header=False, schema=schema)
