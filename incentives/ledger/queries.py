"""Reads about earnings. A partner's member sees its own partner's entries; the database holds that too."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from incentives.ledger.calculation import Audience, Line, budgeted, calculate, needs_year_before
from incentives.ledger.enums import EntryKind, Nothing, Part
from incentives.ledger.items import won_items
from incentives.ledger.models import Dispute, LedgerEntry
from incentives.ledger.postings import Key, Posted
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.tiers import queries as tier_queries
from metrics.periods import Calendar, PeriodKind, calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership


def audiences(partner_ids: Collection[UUID]) -> dict[UUID, Audience]:
    """What of each partner decides which plans are for them. Three queries."""
    ladder = tier_queries.tiers()
    histories = tier_queries.histories(partner_ids, ladder[0].pk if ladder else None)
    rows = Partner.objects.filter(pk__in=partner_ids).order_by().values_list("id", "type", "region")
    return {partner_id: Audience(kind, region, histories[partner_id]) for partner_id, kind, region in rows}


def standing(partner_ids: Iterable[UUID]) -> list[UUID]:
    """The companies that stand for these, in order: of one that has become part of another, the other. One query."""
    wanted = set(partner_ids)
    merged = dict(
        Partner.objects.filter(pk__in=wanted, merged_into__isnull=False)
        .order_by()
        .values_list("pk", "merged_into_id")
    )
    return sorted({merged.get(pk, pk) for pk in wanted})


def of_companies(partner_ids: Collection[UUID]) -> QuerySet[Any]:
    """The entries of these companies and of those that have become part of them, each with its `holder`: the company that
    stands for its partner."""
    companies = Partner.objects.filter(Q(pk__in=partner_ids) | Q(merged_into__in=partner_ids)).order_by()
    rows = LedgerEntry.objects.filter(partner_id__in=companies.values("pk"))
    return rows.annotate(holder=Coalesce("partner__merged_into_id", "partner_id"))


def posted(
    partner_ids: Collection[UUID], since: dt.date | None = None, plan_ids: Collection[UUID] | None = None
) -> dict[UUID, dict[Key, Posted]]:
    """What the ledger holds for each partner, deal, plan, day and part from `since` on. One query.

    What people adjusted by hand stands beside it and is never recalculated. What was posted to a company that has become
    part of another since counts as the other's: it is not earned again.
    """
    rows = of_companies(partner_ids).filter(plan__isnull=False).exclude(kind=EntryKind.MANUAL)
    if since:
        rows = rows.filter(occurred_on__gte=since)
    if plan_ids is not None:
        rows = rows.filter(plan_id__in=plan_ids)
    found: dict[UUID, dict[Key, Posted]] = defaultdict(dict)
    for partner_id, subject, plan_id, day, part, *held, keeps in (
        rows.order_by()
        .values_list("holder", "subject", "plan_id", "occurred_on", "part")
        .annotate(
            Sum("amount"),
            Count("id"),
            Max("payable_on"),
            versions=ArrayAgg("plan_version_id", distinct=True),
            first_payable_on=Min("payable_on"),
            first_posted_on=Min("posted_on"),
            # What the last posting left.
            kept=ArrayAgg("keeps", order_by="-sequence"),
        )
    ):
        amount, entries, payable_on, versions, first_payable_on, first_posted_on = held
        found[partner_id][Key(subject, plan_id, day, Part(part))] = Posted(
            amount,
            entries,
            payable_on,
            frozenset(versions),
            first_payable_on,
            first_posted_on,
            keeps[0],
        )
    return found


def settled(audience: Audience, held: Mapping[Key, Posted]) -> Audience:
    """The audience that keeps what the ledger holds for it."""
    pairs = {(key.deal_id, version_id) for key, row in held.items() for version_id in row.versions}
    return replace(audience, settled=frozenset(pairs))


def reach_of(since: dt.date | None, terms: Sequence[Terms]) -> dt.date | None:
    """From which day on deals must be read for what is earned from `since` on to come out right."""
    if since and needs_year_before(terms):
        return since.replace(year=since.year - 1)
    return since


def earned_lines(
    partner_ids: Collection[UUID], terms: Sequence[Terms], since: dt.date | None = None
) -> dict[UUID, list[Line]]:
    """What each partner's won deals earn under the terms, as the calculation has it, without what partners share.

    `since` begins a programme year. Five queries, and those of `won_items`.
    """
    calendar = calendar_of(tier_queries.tenant_in_scope())
    deals, held = won_items(partner_ids, reach_of(since, terms), terms), posted(partner_ids, since)
    return {
        partner_id: [
            line
            for line in calculate(
                deals.get(partner_id, ()), settled(audience, held.get(partner_id, {})), terms, calendar
            )
            if since is None or line.day >= since
        ]
        for partner_id, audience in audiences(partner_ids).items()
    }


def under_budget(
    lines: Mapping[UUID, Sequence[Line]], plan_ids: Collection[UUID], calendar: Calendar
) -> dict[UUID, list[Line]]:
    """The lines of these plans, with the budget that all partners share."""
    found: dict[UUID, list[Line]] = {partner_id: [] for partner_id in lines}
    for plan_id in plan_ids:
        # One deal may stand twice, for those that share it, so the lines carry their partner through.
        pairs = [
            (partner_id, line)
            for partner_id, rows in sorted(lines.items())
            for line in rows
            if line.terms is not None and line.terms.plan_id == plan_id
        ]
        pairs.sort(key=lambda pair: (pair[1].day, pair[1].deal_id))
        for (partner_id, _line), line in zip(
            pairs, budgeted([line for _id, line in pairs], calendar), strict=True
        ):
            found[partner_id].append(line)
    return found


# --- what a member sees -----------------------------------------------------------------------


def entries(membership: Membership) -> QuerySet[LedgerEntry]:
    """The ledger entries that the member may see, newest first."""
    rows = LedgerEntry.objects.select_related("deal", "partner", "plan", "plan_version", "tier")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id)
    return rows.order_by("-booked_on", "-id")


def disputes(membership: Membership) -> QuerySet[Dispute]:
    """The disputes that the member may see, the newest first."""
    rows = Dispute.objects.select_related("partner", "entry__deal", "raised_by__user")
    if membership.is_partner:
        rows = rows.filter(partner_id=membership.partner_id)
    return rows.order_by("-id")


def payable_on(day: dt.date) -> QuerySet[LedgerEntry]:
    """What has come out of its hold by a day, of all partners; who keeps what was paid takes that off."""
    return LedgerEntry.objects.filter(payable_on__lte=day)


def balances(day: dt.date, partner_ids: Collection[UUID] | None = None) -> dict[tuple[UUID, str], int]:
    """What each partner is owed in each currency by a day; below zero it is carried forward. One query."""
    rows = payable_on(day)
    if partner_ids is not None:
        rows = rows.filter(partner_id__in=partner_ids)
    sums = rows.order_by().values_list("partner_id", "currency").annotate(Sum("amount"))
    return {(partner_id, currency): total for partner_id, currency, total in sums}


def lines_of_deal(deal: Deal) -> list[Line]:
    """What a won deal earns now and how, one line for each plan; a line without amount says why."""
    if deal.stage != SalesStage.WON or deal.closed_on is None:
        return [Line(deal.pk, deal.closed_on or deal.created_at.date(), None, None, nothing=Nothing.NOT_WON)]
    tenant = tier_queries.tenant_in_scope()
    year = calendar_of(tenant).period(PeriodKind.YEAR, deal.closed_on)
    lines = earned_lines([deal.partner_id], published_terms(tenant), since=year.start)[deal.partner_id]
    found = [line for line in lines if line.deal_id == deal.pk]
    return [_as_posted(line, deal.partner_id) for line in found]


def _as_posted(line: Line, partner_id: UUID) -> Line:
    """Of a plan whose budget all partners share only the ledger knows what is left for one deal."""
    if line.terms is None or line.terms.said.budget is None:
        return line
    rows = LedgerEntry.objects.filter(
        partner_id=partner_id, deal_id=line.deal_id, plan_id=line.terms.plan_id, occurred_on=line.day
    )
    amount = rows.aggregate(total=Sum("amount"))["total"] or 0
    return replace(line, amount=amount, nothing=line.nothing or (None if amount else Nothing.CAP_REACHED))


def why_nothing(deal: Deal) -> list[Nothing]:
    """Why a deal earns nothing, one reason for each plan in force on its day; empty when it does."""
    lines = lines_of_deal(deal)
    if any(line.amount for line in lines):
        return []
    return [line.nothing for line in lines if line.nothing]
