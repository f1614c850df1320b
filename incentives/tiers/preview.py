"""What changed tiers would mean for the partners there are."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from incentives.tiers import queries
from incentives.tiers.actions import appraise
from incentives.tiers.models import Tier
from metrics.periods import Calendar, calendar_of
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    partner: Partner
    before: Tier
    after: Tier

    @property
    def is_up(self) -> bool:
        return self.after.rank > self.before.rank


@dataclass(frozen=True, slots=True)
class Reached:
    """How many partners reach a tier as it is and as it would be."""

    tier: Tier
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TierPreview:
    reached: list[Reached]
    changes: list[Change]
    partners: int

    @property
    def up(self) -> int:
        return sum(change.is_up for change in self.changes)

    @property
    def down(self) -> int:
        return len(self.changes) - self.up

    @property
    def shown(self) -> list[Change]:
        return self.changes[:SHOWN]


def preview_tier(draft: Tier) -> TierPreview:
    """Which tier the figures of each partner reach today, with the tier as saved and as drafted."""
    saved = queries.tiers()
    if draft._state.adding:
        draft.rank = saved[-1].rank + 1 if saved else 0
    drafted = [draft if tier.pk == draft.pk else tier for tier in saved]
    if draft._state.adding:
        drafted.append(draft)
    calendar = calendar_of(queries.tenant_in_scope())
    today = calendar.today()
    partners = list(Partner.objects.filter(status__in=TRADING_STATUSES).order_by("name"))
    before = _reached(saved or drafted[:1], partners, calendar, today)
    after = _reached(drafted, partners, calendar, today)
    counts_before = Counter(tier.pk for tier in before)
    counts_after = Counter(tier.pk for tier in after)
    return TierPreview(
        [Reached(tier, counts_before[tier.pk], counts_after[tier.pk]) for tier in drafted],
        [
            Change(partner, old, new)
            for partner, old, new in zip(partners, before, after, strict=True)
            if old.pk != new.pk
        ],
        len(partners),
    )


def _reached(
    ladder: Sequence[Tier], partners: Sequence[Partner], calendar: Calendar, today: dt.date
) -> list[Tier]:
    evaluations = appraise(ladder, [partner.pk for partner in partners], calendar, today, today)
    return [evaluations[partner.pk].reached(ladder) for partner in partners]
