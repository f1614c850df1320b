"""Finding leads from any page."""

import re

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.deals.workdays import today
from partners.leads.models import Lead
from partners.leads.queries import visible_leads
from portal.accounts.models import Membership
from portal.search import index
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search

_NUMBER = re.compile(r"l-(?:(20\d\d)-)?0*(\d{1,6})", re.IGNORECASE)


def leads(member: Membership, text: str) -> list[Hit]:
    """By number, or by the words of company and person. Two queries."""
    seen = visible_leads(member).order_by("-created_at", "-pk")
    found = _NUMBER.fullmatch(text.strip())
    if found:
        year = found[1] or today(member.tenant).year
        return [_hit(row, exact=True) for row in seen.filter(number=f"L-{year}-{int(found[2]):05d}")]
    if member.is_partner:
        # A partner's own leads are few enough to be looked through.
        for word in words_of(text):
            seen = seen.filter(Q(company__icontains=word) | Q(person__icontains=word))
    else:
        seen = seen.filter(pk__in=index.find("lead", text, limit=200))
    return [_hit(row) for row in seen[:MOST]]


def _hit(lead: Lead, *, exact: bool = False) -> Hit:
    parts = (lead.number, lead.subline, str(lead.get_status_display()))
    return Hit(lead.headline, "leads:detail", (lead.pk,), " · ".join(part for part in parts if part), exact)


search("leads", _("Leads"), find=leads, icon="user-search", queries=2, order=25)
index.index(
    "lead",
    rows=Lead.objects.all,
    text=lambda lead: f"{lead.company} {lead.person}",
    changed=("lead.created", "lead.updated"),
    brought=("leads.imported",),
)
