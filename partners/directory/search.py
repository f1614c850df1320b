"""Finding customers and partners from any page."""

import re
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.directory.domains import company_domain
from partners.directory.models import Customer, Partner
from partners.directory.names import normalise_domain
from partners.directory.queries import visible_customers, visible_partners
from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.search import index
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search

_NUMBER = re.compile(r"([cp])-?0*(\d{1,6})", re.IGNORECASE)


def number_of(text: str, prefix: str) -> str:
    """`c-42` as `C-00042`; "" when the text is no number of that prefix."""
    found = _NUMBER.fullmatch(text.strip())
    return f"{prefix}-{int(found[2]):05d}" if found and found[1].upper() == prefix else ""


def customers(member: Membership, text: str) -> list[Hit]:
    """By number, web domain or the words of the name. Three queries."""
    number = number_of(text, "C")
    domains = {normalise_domain(text), company_domain(text)} - {""}
    seen = visible_customers(member)
    found: dict[Any, Customer] = {}
    if number or domains:
        exact = seen.filter(number=number) if number else seen.filter(domain__in=domains)
        found = {customer.pk: customer for customer in exact[:MOST]}
    hits = [_customer_hit(customer, exact=bool(number)) for customer in found.values()]
    hits += [_customer_hit(row) for row in by_words(member, text) if row.pk not in found]
    return hits[:MOST]


def by_words(member: Membership, text: str) -> list[Customer]:
    """Customers in whose name each word begins some word; those whose name begins with the first come first.

    A partner's own are few and are looked through; all of the vendor's are found by their indexed words.
    """
    seen = visible_customers(member)
    words = words_of(text)
    if member.is_partner:
        for word in words:
            seen = seen.filter(Q(normalised_name__startswith=word) | Q(normalised_name__contains=f" {word}"))
        rows = list(seen.order_by("name")[: MOST * 4])
    else:
        rows = list(seen.filter(pk__in=index.find("customer", text)))
    return sorted(rows, key=lambda row: (not row.normalised_name.startswith(words[0]), row.name))


def _customer_hit(customer: Customer, *, exact: bool = False) -> Hit:
    detail = " · ".join(part for part in (customer.number, customer.domain, customer.country) if part)
    return Hit(customer.name, "directory:customer", (customer.pk,), detail, exact)


def partners(member: Membership, text: str) -> list[Hit]:
    """By number or the words of the name. Two queries."""
    number = number_of(text, "P")
    seen = visible_partners(member)
    if number:
        rows = list(seen.filter(number=number))
    else:
        rows = sorted(seen.filter(pk__in=index.find("partner", text)), key=lambda row: row.name)
    return [
        Hit(
            row.name,
            "directory:partner",
            (row.pk,),
            " · ".join([row.number, str(row.get_type_display()), str(row.get_status_display())]),
            bool(number),
        )
        for row in rows[:MOST]
    ]


search("customers", _("Customers"), find=customers, icon="users-group", queries=3, order=10)
search(
    "partners", _("Partners"), find=partners, icon="building-store", queries=2, roles=VENDOR_ROLES, order=30
)
index.index(
    "customer",
    rows=lambda: Customer.objects.filter(merged_into=None),
    text=lambda customer: customer.name,
    changed=("customer.created", "customer.updated"),
    brought=("customer.imported", "deals.imported"),
)
index.index(
    "partner",
    rows=Partner.objects.all,
    text=lambda partner: partner.name,
    changed=("partner.created", "partner.updated"),
    brought=("partner.imported", "deals.imported"),
)
