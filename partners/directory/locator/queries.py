"""What the public may find of partners: those who agreed, are active and are in one piece, with what they made public.

Everything leaves here as plain data, so that a template cannot reach what is not public.
"""

from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db.models import Exists, Func, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language

from partners.directory.company.queries import locator_policy, profiles_of
from partners.directory.enums import PartnerStatus
from partners.directory.fields import countries, country_name
from partners.directory.models import CompanyProfile, Competence, Partner, PartnerAddress
from portal.shell.registry import segment_choices, segment_codes
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

PER_PAGE = 12
TIERS_KEPT = 300  # seconds
LONGEST = 80


@dataclass(frozen=True)
class Place:
    street: str
    place: str
    country: str


@dataclass(frozen=True)
class Found:
    """A partner as the public sees it."""

    pk: UUID
    name: str
    description: str
    website: str
    country: str
    regions: list[str]
    competences: list[str]
    email: str
    phone: str
    tier: str
    has_logo: bool
    places: list[Place]


@dataclass(frozen=True)
class Search:
    """What somebody asks for. `competence` is an id, `tier` a code; empty asks for nothing."""

    place: str = ""
    competence: str = ""
    tier: str = ""


@dataclass(frozen=True)
class Results:
    heading: str
    text: str
    rows: list[Found]
    total: int
    page: int
    pages: int
    competences: list[tuple[str, str]]
    tiers: list[tuple[str, str]]


def listed() -> QuerySet[Partner]:
    agreed = CompanyProfile.objects.filter(partner=OuterRef("pk"), listed=True)
    return Partner.objects.filter(Exists(agreed), status=PartnerStatus.ACTIVE, merged_into=None)


def find(tenant: Tenant, search: Search, page: int) -> Results | None:
    """A page of partners, or None while the locator is closed. On the vendor's side, whoever asks."""
    with tenant_scope(tenant.pk, known=tenant):
        policy = locator_policy()
        if not policy.is_open:
            return None
        tiers = segment_choices() if policy.show_tier else []
        offered = _offered()
        fitting = _fitting(search, dict(offered), dict(tiers))
        total = fitting.count()
        pages = max(1, -(-total // PER_PAGE))
        page = min(max(1, page), pages)
        ids = list(fitting.values_list("pk", flat=True)[(page - 1) * PER_PAGE : page * PER_PAGE])
        return Results(
            policy.heading, policy.text, _details(ids, dict(tiers)), total, page, pages, offered, tiers
        )


def one(tenant: Tenant, pk: UUID) -> Found | None:
    with tenant_scope(tenant.pk, known=tenant):
        policy = locator_policy()
        if not policy.is_open or not listed().filter(pk=pk).exists():
            return None
        return _details([pk], dict(segment_choices() if policy.show_tier else []))[0]


def logo_of(tenant: Tenant, pk: UUID) -> CompanyProfile | None:
    """The profile whose logo the public may see."""
    with tenant_scope(tenant.pk, known=tenant):
        if not locator_policy().is_open or not listed().filter(pk=pk).exists():
            return None
        return profiles_of([pk]).get(pk)


def _offered() -> list[tuple[str, str]]:
    """Competences that some listed partner has: what nobody has is no choice."""
    having = CompanyProfile.objects.filter(
        partner__in=listed(), competences__contains=Func(OuterRef("pk"), template="ARRAY[%(expressions)s]")
    )
    found = Competence.objects.filter(Exists(having)).values_list("pk", "name")
    return [(str(pk), name) for pk, name in found]


def _fitting(search: Search, competences: dict[str, str], tiers: dict[str, str]) -> QuerySet[Partner]:
    """All that fit, by name. What is not a choice finds nothing."""
    rows = listed()
    for word in search.place.split()[:6]:
        rows = rows.filter(_at(word[:LONGEST]))
    if search.competence:
        if search.competence not in competences:
            return rows.none()
        having = CompanyProfile.objects.filter(competences__contains=[UUID(search.competence)])
        rows = rows.filter(pk__in=having.values("partner"))
    if search.tier:
        if search.tier not in tiers:
            return rows.none()
        rows = rows.filter(pk__in=_in_tier(search.tier))
    return rows.order_by("name", "pk")


def _in_tier(tier: str) -> list[UUID]:
    """The listed partners of a tier. All of them are looked at once in five minutes, however often the public asks."""
    key = f"locator:tiers:{current_tenant_id()}"
    by_tier: dict[str, list[UUID]] | None = cache.get(key)
    if by_tier is None:
        by_tier = {}
        for pk, code in _codes(list(listed().order_by().values_list("pk", flat=True))).items():
            by_tier.setdefault(code, []).append(pk)
        cache.set(key, by_tier, TIERS_KEPT)
    return by_tier.get(tier, [])


def _at(word: str) -> Q:
    """The word begins a public address's city or postal code, names its country, or a region that is served."""
    codes = [
        code
        for code, name in countries(get_language() or "en")
        if name.lower().startswith(word.lower()) or code.lower() == word.lower()
    ]
    places = PartnerAddress.objects.filter(is_public=True).filter(
        Q(city__istartswith=word)
        | Q(city__icontains=f" {word}")
        | Q(postal_code__istartswith=word)
        | Q(country__in=codes)
    )
    serving = CompanyProfile.objects.filter(regions__icontains=word)
    return Q(pk__in=places.values("partner")) | Q(pk__in=serving.values("partner")) | Q(country__in=codes)


def _codes(ids: list[UUID]) -> dict[UUID, str]:
    today = timezone.localdate()
    return {pk: code for (pk, _day), code in segment_codes((pk, today) for pk in ids).items()}


def _details(ids: list[UUID], tiers: dict[str, str]) -> list[Found]:
    partners = Partner.objects.in_bulk(ids)
    profiles = profiles_of(ids)
    codes = _codes(ids) if tiers else {}
    names = dict(
        Competence.objects.filter(
            pk__in={key for profile in profiles.values() for key in profile.competences}
        ).values_list("pk", "name")
    )
    places: dict[UUID, list[Place]] = {pk: [] for pk in ids}
    for row in PartnerAddress.objects.filter(partner__in=ids, is_public=True):
        places[row.partner_id].append(  # type: ignore[attr-defined]
            Place(row.street, row.place, country_name(row.country))
        )
    return [
        Found(
            pk,
            partners[pk].name,
            profiles[pk].description,
            partners[pk].website,
            country_name(partners[pk].country) if partners[pk].country else "",
            list(profiles[pk].regions),
            sorted(names[key] for key in profiles[pk].competences if key in names),
            profiles[pk].public_email,
            profiles[pk].public_phone,
            tiers.get(codes.get(pk, ""), ""),
            bool(profiles[pk].logo),
            places[pk],
        )
        for pk in ids
    ]
