"""Finding deals from any page."""

import re

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.deals.models import Deal
from partners.deals.queries import visible_deals
from partners.deals.workdays import today
from partners.directory.search import by_words
from portal.accounts.models import Membership
from portal.search import index
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search

_NUMBER = re.compile(r"(?:(dr)-?)?(?:(20\d\d)-)?0*(\d{1,6})", re.IGNORECASE)
# Of a customer's very many deals the newest are looked at.
YEARS = 6


def numbers_of(text: str, this_year: int) -> list[str]:
    """`DR-2026-00042`, `2026-42` or `42` as the numbers that may be meant, the newest first."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return []
    years = [int(found[2])] if found[2] else range(this_year, this_year - YEARS, -1)
    return [f"DR-{year}-{int(found[3]):05d}" for year in years]


def deals(member: Membership, text: str) -> list[Hit]:
    """By number, or by the words of the title and the customer's name. Five queries at most."""
    numbers = numbers_of(text, today(member.tenant).year)
    if numbers:
        rows = list(visible_deals(member).filter(number__in=numbers).order_by("-number")[:MOST])
        if rows:
            return [_hit(row, exact=True) for row in rows]
    rows = _own(member, text) if member.is_partner else _all(member, text)
    return [_hit(row) for row in rows]


def _own(member: Membership, text: str) -> list[Deal]:
    """A partner's own deals are few enough to be looked through.

    Not in one query with their customers: behind a partner's wall that join reads all customers of the tenant.
    """
    titled = Q()
    for word in words_of(text):
        titled &= Q(title__icontains=word)
    customers = [customer.pk for customer in by_words(member, text)]
    own = Deal.objects.filter(partner_id=member.partner_id).filter(titled | Q(customer_id__in=customers))
    found = own.order_by("-created_at", "-id").values_list("pk", flat=True)[:MOST]
    return list(visible_deals(member).filter(pk__in=list(found)).order_by("-created_at", "-id"))


def _all(member: Membership, text: str) -> list[Deal]:
    """By the title's words, then by the customers with that name. Never a look through all."""
    seen = visible_deals(member).order_by("-created_at", "-id")
    rows = list(seen.filter(pk__in=index.find("deal", text, limit=200))[:MOST])
    if len(rows) < MOST:
        customers = [customer.pk for customer in by_words(member, text)[:20]]
        known = {row.pk for row in rows}
        more = seen.filter(customer_id__in=customers)[: 2 * MOST] if customers else []
        rows += [row for row in more if row.pk not in known]
    return rows[:MOST]


def _hit(deal: Deal, *, exact: bool = False) -> Hit:
    parts = (deal.subline, deal.customer.name if deal.customer else "", str(deal.state_label))
    detail = " · ".join(part for part in parts if part)
    return Hit(deal.headline, "deals:detail", (deal.pk,), detail, exact)


search("deals", _("Deals"), find=deals, icon="briefcase", queries=6, order=20)
index.index(
    "deal",
    rows=lambda: Deal.objects.exclude(title=""),
    text=lambda deal: deal.title,
    changed=("deal.created", "deal.updated"),
)
