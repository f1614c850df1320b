"""When a partner's tier changed, on the history of its score."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incentives.tiers.models import TierAssignment
from metrics.marks import Mark
from metrics.models import Scorecard
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared


def marks(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    if card.partner_id is None:
        return
    for during, name in _given(card.partner_id, first, last):
        yield Mark(during.lower, _("Tier: %(name)s") % {"name": name})


@prepared
def _given(partner_id: UUID, first: dt.date, last: dt.date) -> QuerySet[TierAssignment, tuple[Any, str]]:
    rows = TierAssignment.objects.filter(
        partner_id=partner_id, during__startswith__gte=first, during__startswith__lt=last
    )
    return rows.values_list("during", "tier__name")
