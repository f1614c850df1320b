"""Reads of applications. They are the vendor's alone; a partner reads its referrals."""

from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Subquery, Value, When

from partners.onboarding.applications.models import (
    ApplicantLetter,
    Application,
    ApplicationPolicy,
    ApplicationQuestion,
    Referral,
    ScoringCriterion,
)
from partners.onboarding.enums import OPEN_APPLICATIONS, ApplicationStatus
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id, tenant_scope


def policy() -> ApplicationPolicy:
    """How the tenant takes applications; what holds by default where nobody has said."""
    return ApplicationPolicy.objects.first() or ApplicationPolicy()


def takes_applications() -> bool:
    """For a partner's session as well, which may not read the policy."""
    with tenant_scope(current_tenant_id()):
        return policy().is_open


def questions() -> list[ApplicationQuestion]:
    return list(ApplicationQuestion.objects.all())


def criteria() -> list[ScoringCriterion]:
    return list(ScoringCriterion.objects.all())


def visible_applications(member: Membership) -> QuerySet[Application]:
    """Those that count: with a confirmed address. Nothing for a partner's people."""
    if member.is_partner:
        return Application.objects.none()
    return Application.objects.exclude(status=ApplicationStatus.UNCONFIRMED).select_related(
        "manager__user", "referred_by", "partner"
    )


def listed(member: Membership) -> QuerySet[Application]:
    """The same for the list, each with the days in which the programme means to answer."""
    within = ApplicationPolicy.objects.values("response_days")[:1]
    return visible_applications(member).annotate(answer_within=Subquery(within))


def waiting(member: Membership) -> QuerySet[Application]:
    """Those that the member may decide and that wait for a person of the vendor's, the oldest first."""
    applications = visible_applications(member).filter(
        status__in=(ApplicationStatus.APPLIED, ApplicationStatus.IN_REVIEW)
    )
    if member.is_manager:
        applications = applications.filter(Q(manager=None) | Q(manager=member))
    return applications.order_by("submitted_at", "pk")


def open_first() -> Case:
    """An order that puts what waits before what is decided."""
    return Case(
        When(status__in=sorted(OPEN_APPLICATIONS), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )


def letters_of(application: Application) -> list[ApplicantLetter]:
    return list(application.letters.order_by("-created_at", "-pk"))


def referrals(member: Membership) -> QuerySet[Referral]:
    """A partner's own; the vendor's people see all."""
    found = Referral.objects.select_related("partner", "member__user")
    return found.filter(partner_id=member.partner_id) if member.is_partner else found


def referral_counts(partner_id: UUID) -> dict[str, Any]:
    """How many companies the partner has sent, and how many became partners."""
    return Referral.objects.filter(partner_id=partner_id).aggregate(
        sent=Count("pk"), approved=Count("pk", filter=Q(state="approved"))
    )
