"""What surveys show on home pages and on the pages of customers."""

from typing import Any

from django.utils import timezone

from partners.directory.models import Customer
from partners.surveys import queries
from portal.accounts.models import Membership


def to_answer(member: Membership) -> dict[str, Any]:
    """The surveys that wait for the member's answer. Two queries."""
    return {"waiting": queries.waiting_for(member)}


def to_do(member: Membership) -> dict[str, Any]:
    """The member's own follow-ups. Two queries."""
    today = timezone.localdate()
    rows, count = queries.follow_ups_due(member, today)
    return {"rows": rows, "count": count, "today": today}


def contacts(member: Membership, customer: Customer) -> dict[str, Any]:
    """Whom to ask at the customer. One query."""
    return {"customer": customer, "contacts": list(queries.contacts_of(member, customer))}
