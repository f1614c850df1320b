"""What an address of the analysis asks for: which partners, in which period; and addresses like it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from metrics.portfolio.queries import Choice
from metrics.queries import chosen_period
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.directory.narrowing import WITHOUT, partners_by_tier
from partners.directory.queries import managers
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.shell.addresses import turl
from portal.shell.registry import segment_choices


@dataclass(frozen=True)
class Asked:
    """The period and the partners that are chosen, and what there is to choose from."""

    request: HttpRequest
    calendar: Calendar
    period: Period
    people: list[Membership]
    regions: list[str]
    tiers: list[tuple[str, str]]
    choice: Choice

    @cached_property
    def kept(self) -> dict[str, str]:
        """The choice of partners as the lists of deals, leads and partners take it."""
        choice = self.choice
        found = {
            "manager": str(choice.manager or ""),
            "region": choice.region,
            "partner_type": choice.partner_type,
            "tier": choice.tier,
        }
        return {name: value for name, value in found.items() if value}

    def listed(self, page: str, **parameters: Any) -> str:
        """The address of a list that holds what a number counts."""
        return f"{turl(self.request, page)}?{urlencode({**self.kept, **parameters}, doseq=True)}"

    def context(self) -> dict[str, Any]:
        """What `portfolio/choice.html` shows."""
        return {
            "picker": picker(self.request, self.period, self.calendar.current(self.period.kind)),
            "period": self.period,
            "people": self.people,
            "regions": self.regions,
            "types": PartnerType.choices,
            "tiers": self.tiers,
            "chosen": self.choice,
            "manager_key": str(self.choice.manager or ""),
        }


def asked(request: HttpRequest) -> Asked:
    """Read the address; what does not exist is left out."""
    calendar = calendar_of(request.tenant)
    period = chosen_period(
        request.GET.get("period", ""), request.GET.get("start", ""), calendar, calendar.today()
    )
    people, regions = _people(), _regions()
    tiers = segment_choices()
    try:
        manager = UUID(request.GET.get("manager", ""))
    except ValueError:
        manager = None
    region, kind = request.GET.get("region", ""), request.GET.get("type", "")
    tier = request.GET.get("tier", "")
    tier = tier if tier in dict(tiers) or (tiers and tier == WITHOUT) else ""
    choice = Choice(
        manager if manager in {person.pk for person in people} else None,
        region if region in regions else "",
        kind if kind in PartnerType.values else "",
        tier,
        _of_tier(tier, calendar),
    )
    return Asked(request, calendar, period, people, regions, tiers, choice)


@prepared
def _people() -> QuerySet[Membership]:
    return managers().only("user__name", "user__email")


@prepared
def _regions() -> QuerySet[Partner, str]:
    named = Partner.objects.exclude(region="").order_by("region")
    return named.values_list("region", flat=True).distinct()


def _of_tier(tier: str, calendar: Calendar) -> frozenset[UUID]:
    if not tier:
        return frozenset()
    return frozenset(partners_by_tier(calendar.today()).get("" if tier == WITHOUT else tier, ()))


def address(request: HttpRequest, **changes: str) -> str:
    """The page's address with some parameters changed."""
    parameters = request.GET.copy()
    for name in ("page", "export"):
        parameters.pop(name, None)
    for name, value in changes.items():
        parameters.pop(name, None)
        if value:
            parameters[name] = value
    return f"?{parameters.urlencode()}"


def picker(request: HttpRequest, period: Period, current: Period) -> dict[str, Any]:
    """Tabs for the kinds of period and links to the neighbours; the choice of partners is kept."""

    def of(other: Period) -> str:
        return address(request, period=other.kind.value, start=str(other.start))

    return {
        "period": period,
        "tabs": [
            {
                "label": kind.label,
                "url": address(request, period=kind.value, start=""),
                "active": kind == period.kind,
            }
            for kind in PeriodKind
        ],
        "earlier": of(period.previous()),
        "later": of(period.next()) if period.start < current.start else "",
    }


def keep_address(request: HttpRequest, page: str) -> str:
    """Where the page is kept as a view."""
    query = address(request).lstrip("?")
    return f"{turl(request, 'reports:keep')}?{urlencode({'page': page, 'query': query})}"
