"""Reads of surveys, scoped to what the member may see. What anonymous surveys say comes from `results` alone."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.utils import timezone

from partners.directory.models import Customer, Partner
from partners.surveys.enums import ANSWERABLE, InvitationStatus, SurveyStatus
from partners.surveys.models import (
    CustomerContact,
    FollowUp,
    Survey,
    SurveyDraft,
    SurveyInvitation,
    SurveyPolicy,
    SurveyResponse,
    SurveyVersion,
)
from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed
from portal.tenancy.scope import current_tenant_id, tenant_scope


def policy() -> SurveyPolicy:
    """What holds for all surveys; the defaults where nothing has been set."""
    return SurveyPolicy.objects.first() or SurveyPolicy()


def surveys() -> QuerySet[Survey]:
    """All surveys, each with how many were asked and how many answered. Vendor's side."""

    def counted(*statuses: InvitationStatus) -> Subquery:
        rows = SurveyInvitation.objects.filter(survey=OuterRef("pk"), status__in=statuses)
        return Subquery(
            rows.order_by().values("survey").annotate(n=Count("pk")).values("n"), output_field=IntegerField()
        )

    return Survey.objects.annotate(
        asked_count=counted(*ANSWERABLE, InvitationStatus.ANSWERED),
        answered_count=counted(InvitationStatus.ANSWERED),
    )


def newest_version(survey: Survey) -> SurveyVersion:
    return survey.versions.order_by("-number")[0]


def published_version(survey: Survey) -> SurveyVersion | None:
    return survey.versions.exclude(published_at=None).order_by("-number").first()


def invitations(survey: Survey) -> QuerySet[SurveyInvitation]:
    return SurveyInvitation.objects.filter(survey=survey).select_related("partner", "customer")


def counts(survey: Survey) -> dict[str, int]:
    """How many invitations there are in each status."""
    rows = survey.invitations.order_by().values_list("status").annotate(n=Count("pk"))
    return dict(rows)


def visible_responses(survey: Survey | None = None) -> QuerySet[SurveyResponse]:
    """Single answers: those that are not anonymous. Vendor's side."""
    responses = SurveyResponse.objects.filter(is_anonymous=False).select_related(
        "survey", "partner", "customer", "member__user", "invitation"
    )
    return responses if survey is None else responses.filter(survey=survey)


def follow_ups(member: Membership) -> QuerySet[FollowUp]:
    """What is to be done: everything for the vendor's people, who see all partners."""
    return FollowUp.objects.select_related("survey", "partner", "owner__user")


def vendor_members() -> QuerySet[Membership]:
    """Who may own a follow-up."""
    return (
        Membership.objects.filter(
            tenant_id=current_tenant_id(), is_active=True, role__in=sorted(VENDOR_ROLES)
        )
        .select_related("user")
        .order_by("user__name", "user__email")
    )


@dataclass(frozen=True)
class Asked:
    """A survey that waits for a member's answer, as the member may see it."""

    pk: UUID
    title: str
    introduction: str
    expires_at: dt.datetime
    is_anonymous: bool
    is_begun: bool


def waiting_for(member: Membership) -> list[Asked]:
    """The surveys that the member has been asked and not answered. One query, beyond the partner's own rows."""
    with tenant_scope(current_tenant_id()):
        return [Asked(*row) for row in _waiting_for(member, timezone.now())]


@prepared
def _waiting_for(member: Membership, now: dt.datetime) -> QuerySet[SurveyInvitation, tuple]:
    """In the order of the fields of `Asked`."""
    return (
        SurveyInvitation.objects.filter(
            member=member,
            status__in=ANSWERABLE,
            survey__status=SurveyStatus.OPEN,
            expires_at__gt=now,
        )
        .order_by("expires_at", "pk")
        .values_list(
            "pk",
            "survey__title",
            "survey__introduction",
            "expires_at",
            "survey__is_anonymous",
            Exists(SurveyDraft.objects.filter(invitation=OuterRef("pk"))),
        )
    )


def own_invitation(member: Membership, pk: UUID) -> SurveyInvitation | None:
    """The member's own invitation."""
    with tenant_scope(current_tenant_id()):
        return SurveyInvitation.objects.filter(pk=pk, member=member).first()


def invitation_behind(pk: UUID | None) -> SurveyInvitation | None:
    """The invitation of a link, with what it asks. Whoever has the link may know. Vendor's scope."""
    if pk is None:
        return None
    return SurveyInvitation.objects.select_related("survey", "version", "member__user").filter(pk=pk).first()


def draft_of(invitation: SurveyInvitation) -> dict[str, Any]:
    draft = SurveyDraft.objects.filter(invitation=invitation).first()
    return draft.answers if draft else {}


def contacts_of(member: Membership, customer: Customer) -> QuerySet[CustomerContact]:
    """The contacts that the member's side has named: a partner's own, or for the vendor all."""
    contacts = CustomerContact.objects.filter(customer=customer)
    return contacts.filter(partner_id=member.partner_id) if member.is_partner else contacts


def regions() -> list[str]:
    """The regions in which there are partners."""
    return sorted(Partner.objects.exclude(region="").order_by().values_list("region", flat=True).distinct())


def known_customers(names: Iterable[str]) -> dict[str, Customer]:
    """Customers by number or name in lower case; a name that several have is nobody's."""
    wanted = {name.strip().lower() for name in names if name.strip()}
    if not wanted:
        return {}
    found: dict[str, Customer] = {}
    twice: set[str] = set()
    lowered = Customer.objects.filter(merged_into=None).annotate(
        low_name=Lower("name"), low_number=Lower("number")
    )
    lowered = lowered.filter(Q(low_name__in=wanted) | Q(low_number__in=wanted))
    for customer in lowered:
        for key in {customer.name.lower(), customer.number.lower()} & wanted:
            if key in found:
                twice.add(key)
            found[key] = customer
    return {key: customer for key, customer in found.items() if key not in twice}


def known_partners(names: Iterable[str]) -> dict[str, Partner]:
    """Partners by number or name in lower case; of a company that has become part of another, the other."""
    wanted = {name.strip().lower() for name in names if name.strip()}
    if not wanted:
        return {}
    found = {}
    rows = Partner.objects.select_related("merged_into").order_by(
        F("merged_into").asc(nulls_last=True), "name"
    )
    for partner in rows:
        for key in {partner.name.lower(), partner.number.lower()} & wanted:
            found[key] = partner.merged_into or partner
    return found


def waves_of(survey: Survey) -> list[dt.date]:
    """The quarters in which answers came, the newest first."""
    return sorted(
        SurveyResponse.objects.filter(survey=survey).order_by().values_list("wave", flat=True).distinct(),
        reverse=True,
    )


def follow_ups_due(member: Membership, today: dt.date) -> tuple[list[FollowUp], int]:
    """The member's own unfinished follow-ups, the most urgent first, and how many there are. Two queries."""
    [how_many] = _to_do_count(member)
    return _to_do_first(member), how_many["count"]


def _to_do(member: Membership) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(owner=member).filter(Q(status="open") | Q(status="doing"))


@prepared
def _to_do_first(member: Membership) -> QuerySet[FollowUp]:
    rows = _to_do(member).select_related("partner").order_by("due_on", "pk")
    return rows.only("title", "due_on", "partner__name")[:5]


@prepared
def _to_do_count(member: Membership) -> QuerySet[FollowUp, dict[str, int]]:
    return summed(_to_do(member), count=Count("pk"))
