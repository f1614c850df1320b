"""What leads show on the home pages."""

from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from partners.leads import queries
from partners.leads.models import Lead
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed

SHOWN = 5


def my_leads(member: Membership) -> dict[str, Any]:
    """What waits for the partner's answer, by when, and how many are in progress. Two queries."""
    now = timezone.now()
    [totals] = queries.totals_of(member)
    return {
        "rows": [
            {"lead": lead, "late": lead.answer_due_at is not None and lead.answer_due_at < now}
            for lead in _waiting(member)
        ],
        "totals": totals,
    }


@prepared
def _waiting(member: Membership) -> QuerySet[Lead]:
    return _shown(queries.waiting_for_answer(member), "answer_due_at")


def to_distribute(member: Membership) -> dict[str, Any]:
    """What nobody has been offered. Two queries."""
    [how_many] = _to_distribute_count(member)
    return {"leads": _to_distribute(member), **how_many}


@prepared
def _to_distribute(member: Membership) -> QuerySet[Lead]:
    return _shown(queries.to_distribute(member), "created_at")


@prepared
def _to_distribute_count(member: Membership) -> QuerySet[Lead, dict[str, int]]:
    return summed(queries.to_distribute(member), count=Count("pk"))


def _shown(leads: QuerySet[Lead], moment: str) -> QuerySet[Lead]:
    rows = leads.select_related(None).select_related("product", "family")
    return rows.only("company", "person", "product__name", "family__name", moment)[:SHOWN]
