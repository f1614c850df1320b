"""When a plan began to pay, or to pay otherwise, on the history of the figures of those that it pays."""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incentives.plans.models import PlanVersion
from incentives.tiers.models import TierAssignment
from metrics.marks import Mark
from metrics.models import Scorecard, SubjectKind
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared


def marks(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    """The versions that came into force for a partner or group. Two queries at most."""
    begun = _begun(first, last)
    tiers = _tiers(card.partner_id) if card.partner_id and any(one.tier_ids for one in begun) else []
    for version in begun:
        if not _is_for(version, card, tiers):
            continue
        words = _("Plan %(name)s begins") if version.number == 1 else _("Plan %(name)s, version %(number)s")
        yield Mark(version.during.lower, words % {"name": version.plan.name, "number": version.number})


@prepared
def _begun(first: dt.date, last: dt.date) -> QuerySet[PlanVersion]:
    rows = PlanVersion.objects.filter(during__startswith__gte=first, during__startswith__lt=last)
    shown = rows.select_related("plan")
    return shown.only("number", "during", "partner_types", "regions", "tier_ids", "plan__name")


@prepared
def _tiers(partner_id: UUID) -> QuerySet[TierAssignment]:
    return TierAssignment.objects.filter(partner_id=partner_id).only("tier_id", "during")


def _is_for(version: PlanVersion, card: Scorecard, tiers: Iterable[TierAssignment]) -> bool:
    """Whether the version pays the partner on its first day, or may pay somebody of the group."""
    kind = SubjectKind(card.subject_kind)
    of_type = card.subject_key if kind == SubjectKind.TYPE else card.partner_type
    of_region = card.subject_key if kind == SubjectKind.REGION else card.region
    if version.partner_types and of_type and of_type not in version.partner_types:
        return False
    if (
        version.regions
        and of_region not in version.regions
        and (card.partner_id or kind == SubjectKind.REGION)
    ):
        return False
    if not card.partner_id or not version.tier_ids:
        return True
    day = version.during.lower
    return any(one.tier_id in version.tier_ids and day in one.during for one in tiers)
