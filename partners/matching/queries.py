"""Reads: which companies are alike, and what a registration is in conflict with.

All but `notice` are for the vendor's side of the wall: they name customers, deals and partners.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from partners.directory.models import Customer
from partners.directory.names import normalise_name
from partners.directory.queries import meant_among
from partners.matching.enums import ConflictKind, Grounds
from partners.matching.keys import keys_of
from partners.matching.models import CustomerMerge, DirectAccount, MatchKey
from partners.matching.registry import Claim, Registration, claims_on
from partners.matching.scoring import THRESHOLD, Company, Likeness, likeness
from portal.tenancy.pace import keep_pace
from portal.tenancy.scope import current_tenant_id, tenant_scope

# Companies that share a key, at most so many a key, are put in the order of their trigrams; so many are scored.
MOST_A_KEY = 600
MOST_SCORED = 40
# What a partner asks is answered after this long or a multiple of it, whatever there was to find.
PACE = 0.2
_NOBODY = UUID(int=0)

_SHORTLIST = f"""
WITH found AS (
    SELECT k.customer_id, k.account_id, k.name, bool_or(left(wanted.key, 2) IN ('d:', 'n:', 'a:')) AS sure
    FROM unnest(%(keys)s::text[]) AS wanted(key)
    CROSS JOIN LATERAL (
        SELECT customer_id, account_id, name FROM {MatchKey._meta.db_table}
        WHERE tenant_id = %(tenant)s AND key = wanted.key LIMIT %(each)s) AS k
    GROUP BY 1, 2, 3),
likest AS (
    SELECT customer_id, account_id FROM found ORDER BY sure DESC, similarity(name, %(name)s) DESC LIMIT %(limit)s)
SELECT c.id, a.id, coalesce(c.normalised_name, a.normalised_name), coalesce(c.domain, a.domain),
    coalesce(c.country, a.country)
FROM likest
LEFT JOIN {Customer._meta.db_table} c ON c.tenant_id = %(tenant)s AND c.id = customer_id AND c.merged_into_id IS NULL
LEFT JOIN {DirectAccount._meta.db_table} a ON a.tenant_id = %(tenant)s AND a.id = account_id
WHERE c.id IS NOT NULL OR a.id IS NOT NULL"""


@dataclass(frozen=True)
class Match:
    """A customer or a direct account that may be the company meant."""

    likeness: int
    grounds: Grounds
    customer: Customer | None = None
    account: DirectAccount | None = None


@dataclass(frozen=True)
class Conflict:
    """What stands against a registration. `same_family` is False where a deal is about other products, which a
    manager may want to know but which protects something else."""

    kind: ConflictKind
    likeness: int
    grounds: Grounds
    customer: Customer | None = None
    account: DirectAccount | None = None
    deal: Any | None = None
    same_family: bool = True


@dataclass(frozen=True)
class Notice:
    """All that a partner is told: whether others stand against it, and which deals of its own do."""

    conflict: bool
    own: tuple[Any, ...] = ()


def company_of(customer: Customer) -> Company:
    return Company(customer.normalised_name, customer.domain, customer.country)


def company(name: str, domain: str = "", country: str = "") -> Company:
    """A company as somebody typed it."""
    return Company(normalise_name(name)[:200], domain, country)


def matches(wanted: Company, *, but: Collection[UUID] = ()) -> list[Match]:
    """Customers and direct accounts that are taken for the company, the likest first; not those in `but`."""
    alike = {pk: like for pk, like in _scored(wanted) if like.matches and pk not in but}
    # Never empty: Django leaves out a query that can find nothing, and a partner could count them by time.
    asked = [_NOBODY, *alike]
    customers = Customer.objects.filter(pk__in=asked, merged_into=None)
    accounts = DirectAccount.objects.filter(pk__in=asked)
    found = [Match(alike[row.pk].score, alike[row.pk].grounds, customer=row) for row in customers]
    found += [Match(alike[row.pk].score, alike[row.pk].grounds, account=row) for row in accounts]
    return sorted(found, key=lambda match: (-match.likeness, str(match.customer or match.account)))


def _scored(wanted: Company) -> Iterator[tuple[UUID, Likeness]]:
    """Those on the shortlist; their records are read only where they match."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SHORTLIST,
            {
                "keys": sorted(keys_of(wanted.name, wanted.domain, wanted.country)),
                "tenant": current_tenant_id(),
                "name": wanted.name,
                "each": MOST_A_KEY,
                "limit": MOST_SCORED,
            },
        )
        rows = cursor.fetchall()
    for customer_id, account_id, name, domain, country in rows:
        yield customer_id or account_id, likeness(wanted, Company(name, domain, country))


# --- conflicts ---------------------------------------------------------------------------------


def conflicts_of(deal: Registration) -> list[Conflict]:
    """What stands against a registration: deals on the same or a like customer, and direct accounts.

    Those that matter most come first: of the same family, then the likest.
    """
    if deal.customer is None:
        return []
    return conflicts_with(
        company_of(deal.customer),
        partner_id=deal.partner_id,
        families=[deal.family_id] if deal.family_id else [],
        customer=deal.customer,
        but=deal.pk,
    )


def conflicts_with(
    wanted: Company,
    *,
    partner_id: UUID,
    families: Collection[UUID],
    customer: Customer | None = None,
    but: UUID | None = None,
) -> list[Conflict]:
    """The same for a company that may not be registered yet; `but` is the deal that asks."""
    alike = matches(wanted, but=[customer.pk] if customer else [])
    if customer is not None:
        alike.insert(0, Match(100, Grounds.RECORD, customer=customer))
    by_customer = {match.customer.pk: match for match in alike if match.customer}
    claims = [claim for claim in claims_on([_NOBODY, *by_customer]) if claim.deal.pk != but]
    found = [_conflict(claim, by_customer[claim.customer_id], partner_id, families) for claim in claims]
    found += [
        Conflict(ConflictKind.DIRECT, match.likeness, match.grounds, account=match.account)
        for match in alike
        if match.account
    ]
    return sorted(found, key=lambda one: (not one.same_family, -one.likeness, one.kind))


def _conflict(claim: Claim, match: Match, partner_id: UUID, families: Collection[UUID]) -> Conflict:
    if claim.partner_id == partner_id:
        kind = ConflictKind.OWN
    else:
        kind = ConflictKind.PROTECTED if claim.is_protected else ConflictKind.SUBMITTED
    same = not families or claim.family_id is None or claim.family_id in families
    return Conflict(
        kind, match.likeness, match.grounds, customer=match.customer, deal=claim.deal, same_family=same
    )


def has_conflict(deal: Registration) -> bool:
    """Whether anything stands against the registration: others' deals, the partner's own, a direct account.

    Says only that, so a partner may be told; `at_pace` where a partner waits for the answer.
    """
    at_pace()
    with tenant_scope(current_tenant_id()):
        return any(one.same_family for one in conflicts_of(deal))


def notice(
    wanted: Company,
    *,
    partner_id: UUID,
    families: Collection[UUID],
    customer: Customer | None = None,
    but: UUID | None = None,
) -> Notice:
    """What a partner is told before it submits. The same work is done whatever there is to find, and the answer comes
    `at_pace`, so that the time which it takes tells nothing either."""
    at_pace()
    with tenant_scope(current_tenant_id()):
        found = conflicts_with(wanted, partner_id=partner_id, families=families, customer=customer, but=but)
    own = [one.deal for one in found if one.kind == ConflictKind.OWN and one.same_family]
    others = any(one.kind != ConflictKind.OWN and one.same_family for one in found)
    return Notice(others, tuple(own))


def at_pace(asked: int = 1) -> None:
    """The answer to the request leaves at the partners' pace, later where many companies are `asked` about."""
    keep_pace(PACE, least=PACE * asked / 4)


# --- customers that may be one -----------------------------------------------------------------


def known_as(customer: Customer) -> Customer | None:
    """The vendor's record of a company that a partner has named for itself: the same domain, or the same name
    and country. What is merely alike is left to a person."""
    vendors = Customer.objects.filter(merged_into=None, named_by=None)
    # Not by keys alone, which follow a little later than the record.
    meant = meant_among(vendors, customer.normalised_name, domain=customer.domain, country=customer.country)
    if meant is not None:
        namesakes = vendors.filter(normalised_name=customer.normalised_name)[:2]
        # Without a country one of several namesakes would be a guess.
        return meant if customer.country or customer.domain or len(namesakes) < 2 else None
    exact = [
        match.customer
        for match in matches(company_of(customer), but=[customer.pk])
        if match.customer and match.customer.named_by_id is None and match.grounds != Grounds.LIKENESS
    ]
    return exact[0] if exact else None


def direct_accounts() -> QuerySet[DirectAccount]:
    return DirectAccount.objects.order_by("name", "pk")


def merges() -> QuerySet[CustomerMerge]:
    return CustomerMerge.objects.select_related("kept", "merged", "by__user").order_by("-created_at", "-pk")


# A key that more companies share says little about any two of them.
_FEW = 8
_PAIRS = f"""
WITH rare AS (
    SELECT key FROM {MatchKey._meta.db_table}
    WHERE tenant_id = %(tenant)s AND customer_id IS NOT NULL GROUP BY key HAVING count(*) BETWEEN 2 AND %(few)s)
SELECT a.customer_id, b.customer_id FROM rare
JOIN {MatchKey._meta.db_table} a ON a.tenant_id = %(tenant)s AND a.key = rare.key
JOIN {MatchKey._meta.db_table} b ON b.tenant_id = %(tenant)s AND b.key = rare.key AND b.customer_id > a.customer_id
GROUP BY 1, 2 ORDER BY count(*) DESC, max(similarity(a.name, b.name)) DESC LIMIT %(limit)s"""


@dataclass(frozen=True)
class Pair:
    """Two customers that may be one."""

    first: Customer
    second: Customer
    likeness: int
    grounds: Grounds


def likely_duplicates(*, limit: int = 50) -> list[Pair]:
    """Pairs of customers that are taken for one, the likest first; of the 1,000 pairs that share most keys."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"tenant": current_tenant_id(), "few": _FEW, "limit": 1000})
        ids = cursor.fetchall()
    rows = Customer.objects.filter(merged_into=None).select_related("named_by")
    found = rows.in_bulk({pk for pair in ids for pk in pair})
    pairs = [_pair(found[a], found[b]) for a, b in ids if a in found and b in found]
    return sorted(
        (pair for pair in pairs if pair.likeness >= THRESHOLD),
        key=lambda pair: (-pair.likeness, pair.first.name, pair.first.number),
    )[:limit]


def duplicates_of(customer: Customer) -> list[Pair]:
    """The same for one customer."""
    return [
        Pair(customer, match.customer, match.likeness, match.grounds)
        for match in matches(company_of(customer), but=[customer.pk])
        if match.customer
    ]


def _pair(a: Customer, b: Customer) -> Pair:
    alike = likeness(company_of(a), company_of(b))
    # The vendor's record first: it is the one to stay.
    first, second = sorted((a, b), key=lambda one: (one.named_by_id is not None, one.created_at))
    return Pair(first, second, alike.score, alike.grounds)
