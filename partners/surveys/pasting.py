"""Recipients from a pasted list or a CSV file: e-mail, name, customer, partner; in this order, or by a first line that
names the columns."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from partners.directory.models import Customer, CustomerPartner, Partner
from partners.surveys.actions.asking import MOST_AT_ONCE, Recipient
from partners.surveys.queries import known_customers, known_partners

COLUMNS = {
    "email": ("email", "e-mail", "e-mail address", "mail", "e-mailadres", "mailadres"),
    "name": ("name", "naam", "person", "contact", "full name"),
    "customer": ("customer", "klant", "company", "bedrijf", "account"),
    "partner": ("partner", "reseller"),
    "language": ("language", "taal"),
}
ORDER = ("email", "name", "customer", "partner", "language")
SHOWN_ERRORS = 10


@dataclass
class Pasted:
    """What a list comes to: whom to ask, and what is wrong, line by line."""

    recipients: list[Recipient] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def recipients_in(text: str) -> Pasted:
    """Read the list. Customers and partners are found by name or number; a customer that one partner alone serves needs
    no partner. Vendor's scope; a constant number of queries."""
    rows = list(_rows(text))
    found = Pasted()
    if len(rows) > MOST_AT_ONCE:
        found.errors.append(_("Ask at most %s people at once.") % MOST_AT_ONCE)
        return found
    customers = known_customers(row.get("customer", "") for _line, row in rows)
    partners = known_partners(row.get("partner", "") for _line, row in rows)
    serving = _serving(customers.values())
    for line, row in rows:
        error = _wrong_with(row, customers, partners)
        if error:
            found.errors.append(_("Line %(line)s: %(error)s") % {"line": line, "error": error})
            continue
        customer = customers.get(row.get("customer", "").lower())
        partner = partners.get(row.get("partner", "").lower())
        about = partner.pk if partner else serving.get(customer.pk) if customer else None
        found.recipients.append(
            Recipient(
                email=row["email"],
                name=row.get("name", ""),
                customer_id=customer.pk if customer else None,
                partner_id=about,
                language=row.get("language", "")[:2].lower() if row.get("language") else "",
            )
        )
    return found


def _rows(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    lines = text.replace("\x00", "").lstrip("\ufeff").splitlines()
    sample = next((line for line in lines if line.strip()), "")
    delimiter = max(";,\t", key=sample.count)
    columns: tuple[str, ...] = ORDER
    for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if number == 1 and "@" not in "".join(cells):
            columns = tuple(_column(cell) for cell in cells)
            continue
        yield number, {name: cell for name, cell in zip(columns, cells, strict=False) if name}


def _column(heading: str) -> str:
    wanted = heading.lower()
    return next((name for name, synonyms in COLUMNS.items() if wanted in synonyms), "")


def _wrong_with(row: dict[str, str], customers: dict[str, Customer], partners: dict[str, Partner]) -> str:
    try:
        validate_email(row.get("email", ""))
    except ValidationError:
        return _("“%s” is no e-mail address.") % row.get("email", "")
    customer, partner = row.get("customer", ""), row.get("partner", "")
    if customer and customer.lower() not in customers:
        return _("there is no customer “%s”, or there are several.") % customer
    if partner and partner.lower() not in partners:
        return _("there is no partner “%s”.") % partner
    return ""


def _serving(customers: Iterable[Customer]) -> dict[UUID, UUID]:
    """The partner of each customer that one alone serves."""
    found: dict[UUID, set[UUID]] = {}
    links = CustomerPartner.objects.filter(customer__in=[customer.pk for customer in customers])
    for customer_id, partner_id in links.values_list("customer_id", "partner_id"):
        found.setdefault(customer_id, set()).add(partner_id)
    return {
        customer_id: next(iter(partners)) for customer_id, partners in found.items() if len(partners) == 1
    }
