"""What goals and alerts are held against: KPI values of scorecards, ranks among peers, and distance from a history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median
from uuid import UUID

from metrics.models import Scorecard
from metrics.own import catalogue_at
from metrics.periods import Period
from metrics.queries import ENOUGH_PEERS, counted_cards, facts_frame

# Fewer periods than this are no history that anything could be unusual against.
ENOUGH_HISTORY = 6
HISTORY = 12


def card_values(cards: Sequence[Scorecard], codes: Iterable[str]) -> list[dict[str, float | None]]:
    """The KPIs' values on scorecards of one period, in their order; ranks among peers are in none."""
    if not cards:
        return []
    catalogue = catalogue_at(cards[0].period.end)
    known = [code for code in dict.fromkeys(codes) if code in catalogue.formulas]
    frame = catalogue.with_values(facts_frame([card.facts for card in cards]), known)
    rows = frame.select([f"kpi.{code}" for code in known]).rows() if known else [()] * len(cards)
    return [
        {code: None if value is None else float(value) for code, value in zip(known, row, strict=True)}
        for row in rows
    ]


def values_of(
    period: Period, codes: Iterable[str]
) -> dict[UUID, tuple[tuple[str, str], dict[str, float | None]]]:
    """Every partner's peer group (type, region) and KPI values in a period. One query."""
    cards = list(counted_cards().filter(period_kind=period.kind, period_start=period.start))
    return {
        card.partner_id: ((card.partner_type, card.region), values)
        for card, values in zip(cards, card_values(cards, codes), strict=True)
        if card.partner_id
    }


def ranks(
    values: Mapping[UUID, tuple[tuple[str, str], Mapping[str, float | None]]], code: str, *, up: bool
) -> dict[UUID, float]:
    """The percentile rank (0..100, more is better) of each partner among its peers; of five or more with a value."""
    groups: dict[tuple[str, str], dict[UUID, float]] = defaultdict(dict)
    for partner, (group, found) in values.items():
        value = found.get(code)
        if value is not None:
            groups[group][partner] = value if up else -value
    result = {}
    for members in groups.values():
        if len(members) < ENOUGH_PEERS:
            continue
        for partner, value in members.items():
            below = sum(other < value for other in members.values())
            same = sum(other == value for other in members.values()) - 1
            result[partner] = 100 * (below + same / 2) / (len(members) - 1)
    return result


def distance(value: float, history: Sequence[float]) -> float | None:
    """How many robust standard deviations the value lies from the median of its history.

    By the median absolute deviation, and by the mean one where more than half of the history is equal. None for too
    short a history or one in which nothing ever changed.
    """
    if len(history) < ENOUGH_HISTORY:
        return None
    middle = median(history)
    deviations = [abs(one - middle) for one in history]
    spread = 1.4826 * median(deviations) or 1.2533 * fmean(deviations)
    return (value - middle) / spread if spread else None


def progress(baseline: float | None, target: float, value: float | None) -> float | None:
    """The share (0..1) of the way from the baseline (0 where there is none) to the target."""
    if value is None:
        return None
    start = baseline or 0
    if target == start:
        return 1.0 if value == target else 0.0
    return min(1.0, max(0.0, (value - start) / (target - start)))


def is_reached(target: float, value: float | None, *, up: bool) -> bool:
    return value is not None and (value >= target if up else value <= target)
