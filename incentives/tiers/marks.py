"""When a partner's tier changed, on the history of its score."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from incentives.tiers.models import TierAssignment
from metrics.marks import Mark
from metrics.models import Scorecard
from portal.accounts.models import Membership


def marks(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    if card.partner_id is None:
        return
    given = TierAssignment.objects.filter(
        partner_id=card.partner_id, during__startswith__gte=first, during__startswith__lt=last
    ).select_related("tier")
    for assignment in given:
        yield Mark(assignment.during.lower, _("Tier: %(name)s") % {"name": assignment.tier.name})
