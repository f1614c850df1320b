"""Reads of campaigns."""

from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from partners.directory.models import Partner
from partners.directory.queries import visible_partners
from partners.marketing.models import FIGURES, Campaign, DailyFigure
from portal.accounts.models import Membership


def visible_campaigns(member: Membership) -> QuerySet[Campaign]:
    """A partner's own campaigns; the vendor's people see all."""
    campaigns = Campaign.objects.select_related("partner")
    return campaigns.filter(partner_id=member.partner_id) if member.is_partner else campaigns


def visible_figures(member: Membership) -> QuerySet[DailyFigure]:
    """The daily figures of the campaigns that the member sees."""
    figures = DailyFigure.objects.select_related("campaign", "partner")
    return figures.filter(partner_id=member.partner_id) if member.is_partner else figures


def with_totals(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Each with its figures added up, as `total_<figure>`."""
    return campaigns.annotate(**{f"total_{name}": Coalesce(Sum(f"figures__{name}"), 0) for name in FIGURES})


def partners_to_act_for(member: Membership) -> QuerySet[Partner]:
    """For which partners the member may enter campaigns."""
    partners = visible_partners(member).order_by("name")
    if member.is_partner:
        return partners.filter(pk=member.partner_id)
    return partners if member.role == "admin" else partners.filter(manager=member)


def totals(figures: QuerySet[DailyFigure]) -> dict[str, int]:
    """All figures added up."""
    return figures.aggregate(**{name: Coalesce(Sum(name), 0) for name in FIGURES})


def totals_by(figures: QuerySet[DailyFigure], *names: str) -> list[dict[str, Any]]:
    """Figures added up by source, by channel or by both."""
    sums = {f"sum_{name}": Sum(name) for name in FIGURES}
    return list(figures.order_by(*names).values(*names).annotate(**sums))
