"""The cheapest ways to gain points: what raise of which KPI gives most for the least, as the scoring itself has it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from metrics.catalogues import Catalogue
from metrics.display import format_points, gap_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import catalogue_at
from metrics.queries import PeerFigures
from metrics.scoring import PEER, SCORE_ALONE, STEPS, TARGET, KpiRule, TemplateRules, score_given
from metrics.sources.reading import frame_of
from metrics.units import DOWN, Unit
from portal.shell.formats import percent

Number = int | float
# Below this a gain shows as nothing.
LEAST_GAIN = 0.05
# The places among the peers that are looked at: the quartiles above.
_PLACES = (0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Way:
    """A KPI that could be at `target` and the points that this gives; `effort` is the change against the value now."""

    kpi: Kpi
    value: Number
    target: Number
    points: float
    effort: float
    text: str

    @property
    def points_text(self) -> str:
        return f"+{format_points(round(self.points, 1))}"

    @property
    def effort_text(self) -> str:
        """How far it is, in words: a share of the value now, where there is one."""
        if not self.value:
            return _("from nothing so far")
        share = percent(self.effort, 0 if self.effort >= 0.1 else 1)
        words = _("a rise of %(share)s") if self.target > self.value else _("a fall of %(share)s")
        return words % {"share": share}


@dataclass(frozen=True, slots=True)
class _Step:
    """A value to be tried; `scored` is what the scoring is given for it.

    `reached` is the attainment that it gives where that is plain; None where it takes the scoring to know.
    """

    code: str
    target: Number
    scored: float
    reached: float | None = None


def ways_to_gain(
    card: Scorecard, currency: str, peers: PeerFigures | None = None, count: int = 3
) -> list[Way]:
    """The ways that give the most points for the least relative change, cheapest first.

    Each is scored as if nothing else changed. A rank among the peers is moved to a quartile, where those are known.
    """
    if card.version is None or card.score is None:
        return []
    catalogue = catalogue_at(card.period.end)
    rules = [rule for rule in card.version.rules.kpis if rule.code in card.breakdown]
    values = {rule.code: card.breakdown[rule.code]["value"] for rule in rules}
    steps = [step for rule in rules for step in _steps(card, rule, catalogue[rule.code], peers)]
    if not steps:
        return []
    gains = _gains(card, rules, catalogue, steps)
    best: dict[str, Way] = {}
    for step, gain in zip(steps, gains, strict=True):
        value = values[step.code]
        if gain < LEAST_GAIN or value is None:
            continue
        effort = abs(step.target - value) / abs(value) if value else 1.0
        kpi = catalogue[step.code]
        way = Way(kpi, value, step.target, gain, effort, gap_text(kpi, value, step.target, currency))
        known = best.get(step.code)
        # Of two ways that are as cheap the one that brings more.
        if way.text and (known is None or _worth(way) >= _worth(known) * 0.999):
            best[step.code] = way
    return sorted(best.values(), key=lambda way: (-_worth(way), way.kpi.code))[:count]


def _worth(way: Way) -> float:
    return way.points / max(way.effort, 1e-6)


def _steps(card: Scorecard, rule: KpiRule, kpi: Kpi, peers: PeerFigures | None) -> Iterator[_Step]:
    """What a line's value could be instead, nearest first."""
    parts = card.breakdown[rule.code]
    value = parts["value"]
    if value is None or (parts["attainment"] or 0) >= 1:
        return
    if rule.method == PEER:
        yield from _places(rule, kpi, value, parts["attainment"] or 0, peers)
        return
    if rule.method == STEPS and kpi.better == DOWN:
        yield _Step(rule.code, 0, 0.0)
        return
    if rule.method == STEPS and rule.whole:
        units = float(rule.units or 0) * (_partners(card) if kpi.additive else 1)
        following = units * (math.floor(round(value / units, 9)) + 1)
        yield _Step(rule.code, _whole(kpi, following), float(_whole(kpi, following)))
    full = parts["target"]
    if full is not None:
        target = _whole(kpi, full)
        yield _Step(rule.code, target, float(target), 1.0 if rule.method == TARGET else None)


def _places(
    rule: KpiRule, kpi: Kpi, value: Number, attained: float, peers: PeerFigures | None
) -> Iterator[_Step]:
    if peers is None:
        return
    better = (peers.medians, peers.lower if kpi.better == DOWN else peers.upper)
    for place, quartile in zip(_PLACES, better, strict=True):
        target = quartile.get(rule.code)
        if target is None or place <= attained:
            continue
        if (target < value) if kpi.better == DOWN else (target > value):
            yield _Step(rule.code, _whole(kpi, target), place, place)


def _whole(kpi: Kpi, value: Number) -> Number:
    """Of what is counted there are whole ones only."""
    if kpi.unit not in (Unit.COUNT, Unit.MONEY):
        return value
    return math.floor(value + 1e-9) if kpi.better == DOWN else math.ceil(value - 1e-9)


def _partners(card: Scorecard) -> int:
    return max(card.facts.get("partners", 1), 1)


def _gains(card: Scorecard, rules: list[KpiRule], catalogue: Catalogue, steps: list[_Step]) -> list[float]:
    """By how much each step raises the score."""
    plain = [_gain(card.breakdown[step.code], step.reached) for step in steps if step.reached is not None]
    if len(plain) == len(steps) and not any(rule.choice for rule in rules):
        return plain
    return _scored_gains(card, rules, catalogue, steps)


def _gain(parts: Mapping[str, Any], reached: float) -> float:
    """Where no line decides whether another one counts, what is gained of a line's share is gained of the score."""
    return (reached - (parts["attainment"] or 0.0)) * (parts["share"] or 0.0)


def _scored_gains(
    card: Scorecard, rules: list[KpiRule], catalogue: Catalogue, steps: list[_Step]
) -> list[float]:
    """As the scoring has it, in one pass."""
    assert card.version is not None
    whole = card.version.rules
    # A place among the peers is known, and which others have which value is not: it is scored as it stands.
    fixed = tuple(
        replace(rule, method=TARGET, target=1.0, floor=0.0) if rule.method == PEER else rule for rule in rules
    )
    known = TemplateRules(fixed, whole.min_coverage, whole.min_score, whole.each)
    shape = known.shape(catalogue)
    peer_codes = {rule.code for rule in rules if rule.method == PEER}
    lines = tuple(
        line._replace(measure=line.measure._replace(up=True, additive=False))
        if line.code in peer_codes
        else line
        for line in shape.lines
    )
    row = known.given() | {
        f"kpi.{rule.code}": card.breakdown[rule.code]["attainment" if rule.code in peer_codes else "value"]
        for rule in rules
    }
    rows = [row, *({**row, f"kpi.{step.code}": step.scored} for step in steps)]
    schema = {**dict.fromkeys(row, pl.Float64), "partners": pl.Int64}
    frame = frame_of(([*values.values(), _partners(card)] for values in rows), schema)
    scored = score_given(frame, shape._replace(lines=lines), parts=SCORE_ALONE)
    scores = scored["score"].to_list()
    if scores[0] is None:
        return [0.0] * len(steps)
    return [(score or 0.0) - scores[0] for score in scores[1:]]
