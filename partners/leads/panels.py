"""What leads show on the home pages."""

from typing import Any

from django.utils import timezone

from partners.leads import queries
from portal.accounts.models import Membership

SHOWN = 5
_SHOWN_OF_LEAD = [
    "company",
    "person",
    "answer_due_at",
    "product__name",
    "family__name",
]


def my_leads(member: Membership) -> dict[str, Any]:
    """What waits for the partner's answer, by when, and how many are in progress. Two queries."""
    now = timezone.now()
    waiting = queries.waiting_for_answer(member).select_related(None).select_related("product", "family")
    return {
        "rows": [
            {"lead": lead, "late": lead.answer_due_at is not None and lead.answer_due_at < now}
            for lead in waiting.only(*_SHOWN_OF_LEAD)[:SHOWN]
        ],
        "totals": queries.totals(queries.visible_leads(member)),
    }


def to_distribute(member: Membership) -> dict[str, Any]:
    """What nobody has been offered. Two queries."""
    leads = queries.to_distribute(member)
    return {"leads": list(leads[:SHOWN]), "count": leads.order_by().count()}
