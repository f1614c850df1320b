"""Finding applications from any page."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.onboarding.applications.models import Application
from partners.onboarding.applications.queries import visible_applications
from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search


def applications(member: Membership, text: str) -> list[Hit]:
    """By number, or by the words of company and person. One query; there are few enough to be looked through."""
    found = Q()
    for word in words_of(text):
        found &= Q(company__icontains=word) | Q(person__icontains=word)
    rows = visible_applications(member).filter(found | Q(number__iexact=text.strip()))
    return [_hit(row, text) for row in rows.order_by("-submitted_at", "-pk")[:MOST]]


def _hit(row: Application, text: str) -> Hit:
    detail = " · ".join([row.number, row.person, str(row.get_status_display())])
    exact = row.number.lower() == text.strip().lower()
    return Hit(row.company, "onboarding:application", (row.pk,), detail, exact)


search(
    "applications",
    _("Applications"),
    find=applications,
    icon="clipboard-list",
    queries=1,
    roles=VENDOR_ROLES,
    order=35,
)
