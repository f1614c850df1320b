"""Companies that may be the applicant already: partners, other applications, customers. For the vendor's eyes only."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from partners.directory.domains import company_domain
from partners.directory.models import Partner
from partners.directory.names import normalise_name
from partners.matching.queries import matches
from partners.matching.scoring import Company, likeness
from partners.onboarding.applications.models import Application
from partners.onboarding.enums import ApplicationStatus
from portal.tenancy.scope import current_tenant_id

# So many are put in the order of their trigrams, and scored.
_SCORED = 40
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Alike:
    """Something that may be the same company: its likeness in per cent, and on what grounds."""

    kind: str
    thing: Any
    likeness: int
    grounds: str


def alike(application: Application) -> list[Alike]:
    """The likest first. A constant number of queries."""
    wanted = company_of(application)
    found = [
        Alike("partner", partner, like.score, str(like.grounds.label))
        for partner in _partners(wanted)
        if (like := likeness(wanted, company_of_partner(partner))).matches
    ]
    found += [
        Alike("application", other, like.score, str(like.grounds.label))
        for other in _applications(application)
        if (like := likeness(wanted, company_of(other))).matches
    ]
    found += [
        Alike("customer", match.customer, match.likeness, str(match.grounds.label))
        for match in matches(wanted)
        if match.customer is not None
    ]
    return sorted(found, key=lambda one: (-one.likeness, one.kind, str(one.thing)))[:_MOST_SHOWN]


def company_of(application: Application) -> Company:
    return Company(application.normalised_name, application.domain, application.country)


def company_of_partner(partner: Partner) -> Company:
    return Company(normalise_name(partner.name)[:200], company_domain(partner.website), partner.country)


def _partners(wanted: Company) -> list[Partner]:
    keys = _nearest(Partner._meta.db_table, "name", wanted.name)
    by_domain = Q(website__icontains=wanted.domain) if wanted.domain else Q()
    return list(
        Partner.objects.filter(Q(pk__in=keys) | by_domain if wanted.domain else Q(pk__in=keys))
        .exclude(status=ApplicationStatus.REJECTED)
        .select_related("manager__user")[: 2 * _SCORED]
    )


def _applications(application: Application) -> list[Application]:
    keys = _nearest(Application._meta.db_table, "normalised_name", application.normalised_name)
    same = Q(pk__in=keys) | Q(email=application.email)
    if application.domain:
        same |= Q(domain=application.domain)
    others = Application.objects.filter(same).exclude(pk=application.pk)
    return list(others.exclude(status=ApplicationStatus.UNCONFIRMED)[: 2 * _SCORED])


def _nearest(table: str, column: str, name: str) -> list[Any]:
    """The keys of the rows whose name is most like this one, by trigrams."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT id FROM "{table}" WHERE tenant_id = %s'
            f" ORDER BY similarity(lower({column}), %s) DESC, id LIMIT %s",
            [current_tenant_id(), name, _SCORED],
        )
        return [pk for (pk,) in cursor.fetchall()]
