"""What the portal can see by itself: which steps have been done, asked of the rows and not of what was told."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from partners.deals.models import Deal
from partners.directory.company.queries import companies_of
from partners.directory.models import Partner
from partners.onboarding.agreements.queries import accepted_pairs
from partners.onboarding.documents.queries import held_pairs
from partners.onboarding.enums import StepKind
from partners.onboarding.plans.models import OnboardingStep
from partners.training.models import Completion
from portal.accounts.models import Invitation, Membership
from portal.tenancy.scope import current_tenant_id

K = StepKind
# Both the owner and somebody else.
COLLEAGUES = 2


def met(steps: Iterable[OnboardingStep]) -> set[UUID]:
    """The open steps whose condition holds now. At most twelve queries, however many steps and partners."""
    today = timezone.localdate()
    by_kind: dict[str, list[OnboardingStep]] = {}
    for step in steps:
        if not step.is_closed:
            by_kind.setdefault(step.kind, []).append(step)
    found: set[UUID] = set()
    for kind, these in by_kind.items():
        if kind != K.MANUAL:
            found |= _OF_KIND[K(kind)](these, {step.partner_id for step in these}, today)
    return found


def _agreements(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    accepted = accepted_pairs(partners)
    return {step.pk for step in steps if (step.partner_id, step.agreement_id) in accepted}


def _documents(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    held = held_pairs(partners, today)
    return {step.pk for step in steps if (step.partner_id, step.document_kind_id) in held}


def _courses(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    """Somebody of the partner's has completed the course, and it still counts."""
    done = set(
        Completion.objects.filter(
            Q(valid_until=None) | Q(valid_until__gte=today),
            partner_id__in=partners,
            course_id__in={step.course_id for step in steps},
            revoked_at=None,
        ).values_list("partner_id", "course_id")
    )
    return {step.pk for step in steps if (step.partner_id, step.course_id) in done}


def _profiles(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    """What the company's own page calls complete."""
    companies = companies_of(Partner.objects.filter(pk__in=partners))
    complete = {company.partner.pk for company in companies if company.is_complete}
    return {step.pk for step in steps if step.partner_id in complete}


def _invitations(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    """Another person than the first is a member, or has been invited."""
    people: dict[UUID | None, set[str]] = {}
    members = Membership.objects.filter(
        tenant_id=current_tenant_id(), partner_id__in=partners, is_active=True
    )
    for partner, email in members.values_list("partner_id", "user__email"):
        people.setdefault(partner, set()).add(email.lower())
    invited = Invitation.objects.filter(partner_id__in=partners, revoked_at=None)
    for partner, email in invited.values_list("partner_id", "email"):
        people.setdefault(partner, set()).add(email.lower())
    return {step.pk for step in steps if len(people.get(step.partner_id, ())) >= COLLEAGUES}


def _deals(steps: list[OnboardingStep], partners: set[UUID], today: date) -> set[UUID]:
    registered = set(
        Deal.objects.filter(partner_id__in=partners, first_submitted_at__isnull=False)
        .order_by()
        .values_list("partner_id", flat=True)
        .distinct()
    )
    return {step.pk for step in steps if step.partner_id in registered}


_OF_KIND = {
    K.AGREEMENT: _agreements,
    K.DOCUMENT: _documents,
    K.COURSE: _courses,
    K.PROFILE: _profiles,
    K.INVITE: _invitations,
    K.DEAL: _deals,
}
