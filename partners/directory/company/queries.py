"""Reads of what partner companies say of themselves."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count, Func, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from partners.directory.models import (
    CompanyProfile,
    Competence,
    LocatorPolicy,
    Partner,
    PartnerAddress,
    PartnerContact,
    PartnerMerge,
)
from portal.tenancy.db import the_one

SHORTEST_DESCRIPTION = 80


@dataclass(frozen=True)
class Point:
    """Something a complete profile has. `place` is the part of the page where it is filled in."""

    label: str
    done: bool
    place: str


@dataclass(frozen=True)
class Company:
    """A partner with everything that it says of itself. `offered`: the programme has a list of competences."""

    partner: Partner
    profile: CompanyProfile
    addresses: Sequence[PartnerAddress]
    contacts: Sequence[PartnerContact]
    competences: Sequence[Competence]
    offered: bool

    @cached_property
    def points(self) -> list[Point]:
        profile, partner = self.profile, self.partner
        competences = Point(_("Your competences"), bool(self.competences), "profile")
        return [
            Point(_("A logo"), bool(profile.logo), "logo"),
            Point(
                _("A description of at least %s characters") % SHORTEST_DESCRIPTION,
                len(profile.description.strip()) >= SHORTEST_DESCRIPTION,
                "profile",
            ),
            Point(_("The website"), bool(partner.website), "profile"),
            Point(_("The country"), bool(partner.country), "profile"),
            Point(_("The regions you serve"), bool(profile.regions), "profile"),
            *([competences] if self.offered else []),
            Point(_("An address"), bool(self.addresses), "addresses"),
            Point(_("A contact"), bool(self.contacts), "contacts"),
        ]

    @property
    def missing(self) -> list[Point]:
        return [point for point in self.points if not point.done]

    @property
    def percent(self) -> int:
        return 100 * sum(point.done for point in self.points) // len(self.points)

    @property
    def is_complete(self) -> bool:
        return not self.missing


def company_of(partner: Partner) -> Company:
    [company] = companies_of([partner])
    return company


def companies_of(partners: Collection[Partner]) -> list[Company]:
    """The partners with what they say of themselves, in their order. Four queries."""
    keys = [partner.pk for partner in partners]
    profiles = profiles_of(keys)
    addresses = _by_partner(PartnerAddress.objects.filter(partner__in=keys))
    contacts = _by_partner(PartnerContact.objects.filter(partner__in=keys))
    listed = list(Competence.objects.all())
    offered = any(competence.is_active for competence in listed)
    found = []
    for partner in partners:
        profile = profiles.get(partner.pk) or CompanyProfile(partner=partner)
        named = [competence for competence in listed if competence.pk in profile.competences]
        found.append(
            Company(
                partner,
                profile,
                addresses.get(partner.pk, []),
                contacts.get(partner.pk, []),
                named,
                offered or bool(named),
            )
        )
    return found


def _by_partner(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.partner_id, []).append(row)
    return found


def profile_of(partner_id: UUID) -> CompanyProfile | None:
    return the_one(CompanyProfile.objects.filter(partner_id=partner_id))


def profiles_of(partner_ids: Iterable[UUID]) -> dict[UUID, CompanyProfile]:
    """One query."""
    rows = CompanyProfile.objects.filter(partner_id__in=list(partner_ids))
    return {row.partner_id: row for row in rows}  # type: ignore[attr-defined]


def competences() -> QuerySet[Competence]:
    """The programme's list, with how many partners name each."""
    naming = (
        CompanyProfile.objects.filter(
            competences__contains=Func(OuterRef("pk"), template="ARRAY[%(expressions)s]")
        )
        .order_by()
        .values("tenant")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return Competence.objects.annotate(partner_count=Subquery(naming, output_field=IntegerField()))


def locator_policy() -> LocatorPolicy:
    """The tenant's; one with the defaults, unsaved, where none was set."""
    return the_one(LocatorPolicy.objects.all()) or LocatorPolicy()


def regions_in_use() -> list[str]:
    """The regions that the programme's partners stand in, for whoever chooses some."""
    return list(
        Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
    )


def merges_into(partner: Partner) -> QuerySet[PartnerMerge]:
    """The companies that have become part of this one. Vendor's side only."""
    return PartnerMerge.objects.filter(kept=partner).select_related("merged", "by__user")


def merge_of(partner: Partner) -> PartnerMerge | None:
    """How this company became part of another; None where it did not. Vendor's side only."""
    return the_one(PartnerMerge.objects.filter(merged=partner).select_related("kept", "by__user"))


def known_logos(names: Iterable[str]) -> set[str]:
    return set(CompanyProfile.objects.filter(logo__in=list(names)).values_list("logo", flat=True))


def logo_bytes() -> int:
    total: dict[str, Any] = CompanyProfile.objects.order_by().aggregate(total=Sum("logo_size", default=0))
    return total["total"]
