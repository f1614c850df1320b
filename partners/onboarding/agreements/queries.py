"""Reads of agreements: which wording is in force, who has accepted it, whom it still waits for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.onboarding.agreements.models import Agreement, AgreementAcceptance, AgreementVersion
from portal.accounts.prepared import prepared


@dataclass(frozen=True)
class Standing:
    """An agreement for one partner: the wording in force, and the acceptance of it or of an earlier one."""

    agreement: Agreement
    version: AgreementVersion
    accepted: AgreementAcceptance | None
    earlier: AgreementAcceptance | None

    @property
    def is_accepted(self) -> bool:
        return self.accepted is not None


def newest_versions(agreements: Iterable[UUID] | None = None) -> dict[UUID, AgreementVersion]:
    """The version in force, by agreement; of all agreements without the text. One query."""
    versions = _versions() if agreements is None else _in_order().filter(agreement_id__in=list(agreements))
    return {version.agreement_id: version for version in versions}


def _in_order() -> QuerySet[AgreementVersion]:
    return AgreementVersion.objects.select_related("agreement").order_by("agreement_id", "number")


@prepared
def _versions() -> QuerySet[AgreementVersion]:
    return _in_order().defer("text")


def standings(partner: Partner) -> list[Standing]:
    """What the partner has to accept, by name. Two queries, where there is anything."""
    versions = newest_versions()
    theirs = [version for version in versions.values() if version.agreement.is_for(partner)]
    accepted: dict[UUID, list[AgreementAcceptance]] = {}
    for row in _accepted_by(partner.pk) if theirs else ():
        accepted.setdefault(row.version.agreement_id, []).append(row)
    found = []
    for version in theirs:
        own = accepted.get(version.agreement_id, [])
        now = next((row for row in own if row.version_id == version.pk), None)
        earlier = own[-1] if own and now is None else None
        found.append(Standing(version.agreement, version, now, earlier))
    return sorted(found, key=lambda one: one.agreement.name)


@prepared
def _accepted_by(partner_id: UUID) -> QuerySet[AgreementAcceptance]:
    rows = AgreementAcceptance.objects.filter(partner_id=partner_id).select_related("version")
    return rows.defer("version__text").order_by("accepted_at")


def waiting_for(agreement: Agreement) -> QuerySet[Partner]:
    """Partners that may trade, have to accept the wording in force and have not."""
    version = newest_versions([agreement.pk]).get(agreement.pk)
    if version is None or not agreement.is_active:
        return Partner.objects.none()
    done = AgreementAcceptance.objects.filter(version=version, partner=OuterRef("pk"))
    partners = Partner.objects.filter(~Exists(done), status__in=sorted(TRADING_STATUSES))
    if agreement.partner_types:
        partners = partners.filter(type__in=agreement.partner_types)
    return partners.select_related("manager__user").order_by("name", "pk")


def listed() -> QuerySet[Agreement]:
    """For the admin's list: how many versions there are."""
    return Agreement.objects.annotate(version_count=Count("versions")).order_by("name", "pk")


def acceptances(agreement: Agreement) -> QuerySet[Any]:
    return (
        AgreementAcceptance.objects.filter(version__agreement=agreement)
        .select_related("version", "partner")
        .order_by("-accepted_at", "-pk")
    )


def accepted_pairs(partners: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """(partner, agreement) of those whose wording in force has been accepted. Two queries."""
    current = {version.pk: version.agreement_id for version in newest_versions().values()}
    rows = AgreementAcceptance.objects.filter(Q(version_id__in=list(current)), partner_id__in=list(partners))
    return {(partner, current[version]) for partner, version in rows.values_list("partner_id", "version_id")}
