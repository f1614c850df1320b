"""What applications and onboarding show on the home pages."""

from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from partners.directory.models import Partner
from partners.onboarding.agreements.queries import standings
from partners.onboarding.applications.models import Application
from partners.onboarding.applications.queries import waiting
from partners.onboarding.documents.models import PartnerDocument
from partners.onboarding.documents.queries import papers, to_check
from partners.onboarding.enums import StepOwner
from partners.onboarding.plans.models import Onboarding
from partners.onboarding.plans.queries import newest_onboarding, progress_of, running
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed

SHOWN = 5


def applications(member: Membership) -> dict[str, Any]:
    """What waits for a decision that the member may take. Two queries."""
    [how_many] = _waiting_count(member)
    return {"applications": _waiting(member), **how_many}


@prepared
def _waiting(member: Membership) -> QuerySet[Application]:
    rows = waiting(member).select_related(None)
    return rows.only("company", "type", "status", "submitted_at")[:SHOWN]


@prepared
def _waiting_count(member: Membership) -> QuerySet[Application, dict[str, int]]:
    return summed(waiting(member), count=Count("pk"))


def next_steps(member: Membership) -> dict[str, Any] | None:
    """What the partner does next, what is overdue, and which agreements and documents are missing. Seven queries."""
    today = timezone.localdate()
    [partner] = _company(member)
    onboarding = newest_onboarding(partner.pk)
    runs = onboarding is not None and onboarding.is_running
    progress = progress_of([onboarding], today)[0] if onboarding is not None and runs else None
    found = {
        "progress": progress,
        "next": progress.next_of(StepOwner.PARTNER)[:SHOWN] if progress else [],
        "agreements": [one for one in standings(partner) if not one.is_accepted],
        "papers": [paper for paper in papers(partner, today) if paper.is_wanted],
    }
    return found if progress or found["agreements"] or found["papers"] else None


@prepared
def _company(member: Membership) -> QuerySet[Partner]:
    return Partner.objects.filter(pk=member.partner_id)


def running_onboardings(member: Membership) -> dict[str, Any]:
    """Partners that are getting started, those with the most overdue first, and documents to check. Three queries."""
    found = progress_of(_running(member), timezone.localdate())
    rows = sorted(
        found, key=lambda one: (-one.overdue, one.onboarding.started_on, one.onboarding.partner.name)
    )
    return {"rows": rows[:SHOWN], "documents": _to_check(member)}


@prepared
def _running(member: Membership) -> QuerySet[Onboarding]:
    rows = running(member).select_related(None).select_related("partner")
    return rows.only("started_on", "partner__name")


@prepared
def _to_check(member: Membership) -> QuerySet[PartnerDocument]:
    rows = to_check(member).select_related(None).select_related("partner", "kind")
    return rows.only("partner__name", "kind__name")[:SHOWN]


def partner_onboarding(member: Membership, partner: Partner) -> dict[str, Any]:
    """How far the partner is. Two queries."""
    onboarding = newest_onboarding(partner.pk)
    progress = progress_of([onboarding], timezone.localdate())[0] if onboarding else None
    return {"partner": partner, "progress": progress}
