"""A scorecard in words: each KPI's working, the records behind it, and the cheapest ways to gain points."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from metrics.benchmarks.models import Benchmark
from metrics.catalogues import Catalogue
from metrics.display import direction, format_change, format_points, format_score, format_value, gap_text
from metrics.evaluation import as_scored, evaluate_facts, values_on
from metrics.formulas import names_in, zero_divisors
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import catalogue_at
from metrics.queries import PeerFigures, peer_figures
from metrics.scoring import PEER, STEPS, KpiRule, chosen_tracks
from metrics.sources import FACTS
from metrics.units import Unit
from portal.shell.formats import number

Number = int | float
NO_PEERS = PeerFigures(0, {})


@dataclass(frozen=True, slots=True)
class KpiLine:
    """One KPI of a scorecard; a page formats what it shows of it. Without a `rule` it stands in the catalogue but not in
    the template."""

    kpi: Kpi
    value: Number | None
    before: Number | None
    currency: str
    # The peers' median and the bounds of their middle half, where they may be told.
    median: float | None = None
    lower: float | None = None
    upper: float | None = None
    # What is usual in the industry, where somebody has entered it, and from where that is.
    usual_text: str = ""
    usual_source: str = ""
    # By what it is scored and how that came out, by the parts of the card's breakdown.
    rule: KpiRule | None = None
    parts: Mapping[str, Any] | None = None
    # Whether the track that it is of is the one that counts; None where it is of none.
    chosen: bool | None = None

    @property
    def name(self) -> str:
        """In the reader's language, which a lazy text would look up for whatever is done with it."""
        return str(self.kpi.name)

    @property
    def change(self) -> Number | None:
        return self.value - self.before if self.value is not None and self.before is not None else None

    @property
    def trend(self) -> str:
        return "flat" if not self.change else "up" if self.change > 0 else "down"

    @property
    def value_text(self) -> str:
        return format_value(self.kpi.unit, self.value, self.currency)

    @property
    def change_text(self) -> str:
        return change_text(self.kpi, self.change, self.currency)

    @property
    def before_text(self) -> str:
        return format_value(self.kpi.unit, self.before, self.currency) if self.before is not None else ""

    @property
    def median_text(self) -> str:
        return format_value(self.kpi.unit, self.median, self.currency)

    @property
    def quartiles_text(self) -> str:
        """Between which values the middle half of the peers lies; empty where that may not be told."""
        if self.lower is None:
            return ""
        return _("%(lower)s to %(upper)s") % {
            "lower": format_value(self.kpi.unit, self.lower, self.currency),
            "upper": format_value(self.kpi.unit, self.upper, self.currency),
        }

    @property
    def attainment(self) -> float | None:
        return self.parts["attainment"] if self.parts else None

    @property
    def points(self) -> float:
        return (self.parts["points"] or 0.0) if self.parts else 0.0

    @property
    def share(self) -> float:
        return (self.parts["share"] or 0.0) if self.parts else 0.0

    @property
    def points_text(self) -> str:
        return format_points(self.parts["points"]) if self.parts else ""

    @property
    def weight_text(self) -> str:
        return format_points(self.parts["weight"]) if self.parts else ""

    @property
    def target_text(self) -> str:
        return format_value(self.kpi.unit, self.parts["target"], self.currency) if self.parts else ""

    @property
    def floor_text(self) -> str:
        return format_value(self.kpi.unit, self.parts["floor"], self.currency) if self.parts else ""

    @property
    def gap(self) -> str:
        """What is missing to the target, in words."""
        return gap_text(self.kpi, self.value, self.parts["target"], self.currency) if self.parts else ""

    @property
    def by_peers(self) -> bool:
        return self.rule is not None and self.rule.method == PEER

    @property
    def by_steps(self) -> bool:
        return self.rule is not None and self.rule.method == STEPS

    @property
    def method_text(self) -> str:
        """How the points come about, in words."""
        if self.rule is None:
            return ""
        words = method_text(self.kpi, self.rule, self.currency)
        return _("%(method)s for each partner") % {"method": words} if self._of_many else words

    @property
    def _of_many(self) -> bool:
        """Whether the rule's numbers are for one partner and the line's target is for several."""
        target = self.parts["target"] if self.parts else None
        return self.rule is not None and target is not None and target != self.rule.full_at

    @property
    def track(self) -> str:
        return self.rule.track if self.rule else ""

    @property
    def earned_text(self) -> str:
        return _("%(points)s of %(weight)s") % {"points": self.points_text, "weight": self.weight_text}

    @property
    def percent(self) -> int:
        return round(100 * (self.attainment or 0))

    @property
    def missing(self) -> float:
        """Points that the KPI does not yet give."""
        return self.share - self.points


def kpi_lines(
    card: Scorecard,
    previous: Scorecard | None,
    peers: PeerFigures,
    currency: str,
    codes: Collection[str],
) -> tuple[list[KpiLine], list[KpiLine]]:
    """Of these KPIs those of the scorecard's template, in its order, and the others."""
    catalogue = catalogue_at(card.period.end)
    values, before = _now_and_before(card, previous, codes, peers)
    values.setdefault("quality_score", peers.quality)
    others = [
        _plain_line(catalogue[code], values.get(code), before.get(code), peers, currency)
        for code in codes
        if code not in card.breakdown
    ]
    return scored_lines(card, before, peers, currency, codes), others


def scored_codes(card: Scorecard) -> list[str]:
    """The KPIs of the scorecard's template."""
    catalogue = catalogue_at(card.period.end)
    return [code for code in card.breakdown if code in catalogue]


def shown_codes(card: Scorecard, *, with_internal: bool = True) -> list[str]:
    """The KPIs of the scorecard's template and the catalogue's others that are of such a subject; the vendor's own
    affairs where they are asked for."""
    level = "P" if card.partner_id else "G"
    catalogue = catalogue_at(card.period.end)
    return scored_codes(card) + [
        code
        for code, kpi in catalogue.items()
        if code not in card.breakdown and level in kpi.level and (with_internal or not kpi.internal)
    ]


def plain_lines(
    card: Scorecard, previous: Scorecard | None, codes: Collection[str], currency: str
) -> list[KpiLine]:
    """Some KPIs of a scorecard with their change, without how they are scored; those that are not of such a subject
    are left out."""
    catalogue = catalogue_at(card.period.end)
    level = "P" if card.partner_id else "G"
    values, before = _now_and_before(card, previous, codes)
    return [
        _plain_line(catalogue[code], values.get(code), before.get(code), NO_PEERS, currency)
        for code in codes
        if code in card.breakdown or level in catalogue[code].level
    ]


def peers_of(card: Scorecard, previous: Scorecard | None, codes: Collection[str]) -> PeerFigures:
    """The peers of a partner's card in these KPIs, which are found for the card and the one before as well."""
    if card.partner_id is None:
        return NO_PEERS
    cards = [card, previous] if previous else [card]
    alike = all(catalogue_at(each.period.end) is catalogue_at(card.period.end) for each in cards)
    return peer_figures(card.partner_id, card.period, codes, [each.facts for each in cards] if alike else [])


def _now_and_before(
    card: Scorecard, previous: Scorecard | None, codes: Collection[str], peers: PeerFigures = NO_PEERS
) -> tuple[dict[str, Number | None], dict[str, Number | None]]:
    """The KPIs of a card and of the one before, of which there may be none; as they were found with those of the peers
    where they were."""
    cards = [card, previous] if previous else [card]
    if peers.beside:
        found = [as_scored(each, values) for each, values in zip(cards, peers.beside, strict=True)]
    else:
        found = values_on(cards, codes)
    return found[0], found[1] if previous else {}


def scored_lines(
    card: Scorecard,
    before: Mapping[str, Number | None],
    peers: PeerFigures,
    currency: str,
    codes: Collection[str] | None = None,
) -> list[KpiLine]:
    """The KPIs of the scorecard's template (None: all), in its order; `before` has the values that they are compared
    with."""
    rules = card.version.rules.kpis if card.version else ()
    catalogue = catalogue_at(card.period.end)
    chosen = chosen_tracks(rules, card.breakdown)
    return [
        _plain_line(
            catalogue[rule.code],
            card.breakdown[rule.code]["value"],
            before.get(rule.code),
            peers,
            currency,
            rule=rule,
            parts=card.breakdown[rule.code],
            chosen=chosen.get(rule.choice) == rule.track if rule.choice else None,
        )
        for rule in rules
        if rule.code in card.breakdown and (codes is None or rule.code in codes)
    ]


def card_values(
    card: Scorecard, peers: PeerFigures | None = None, codes: Collection[str] | None = None
) -> dict[str, Number | None]:
    """Every KPI of a scorecard by code (of its formulas those with these codes): from its facts, and as it was scored
    where it was."""
    (values,) = values_on([card], codes)
    if peers is not None:
        values.setdefault("quality_score", peers.quality)
    return values


def beside_usual(lines: Iterable[KpiLine], usual: Mapping[str, Benchmark], currency: str) -> list[KpiLine]:
    """The lines with what is usual in the industry."""
    return [
        replace(
            line,
            usual_text=format_value(line.kpi.unit, usual[line.kpi.code].value, currency),
            usual_source=usual[line.kpi.code].source,
        )
        if line.kpi.code in usual
        else line
        for line in lines
    ]


def part_line(kpi: Kpi, currency: str) -> KpiLine:
    """A KPI that is measured of groups alone, for what one partner adds to it: without a value."""
    return _plain_line(kpi, None, None, PeerFigures(0, {}), currency)


def _plain_line(
    kpi: Kpi, value: Number | None, before: Number | None, peers: PeerFigures, currency: str, **parts: Any
) -> KpiLine:
    return KpiLine(
        kpi,
        value,
        before,
        currency,
        median=peers.medians.get(kpi.code),
        lower=peers.lower.get(kpi.code),
        upper=peers.upper.get(kpi.code),
        **parts,
    )


def method_text(kpi: Kpi, rule: KpiRule, currency: str) -> str:
    """A line's method in words."""
    if rule.method == PEER:
        return _("rank among peers")
    if rule.method == STEPS:
        words = {
            "points": number(Decimal(str(rule.points))),
            "units": format_value(kpi.unit, rule.units, currency),
        }
        if kpi.better == "down":
            return _("%(points)s points less for every %(units)s") % words
        if rule.whole:
            return _("%(points)s points for every full %(units)s") % words
        return _("%(points)s points for every %(units)s") % words
    return _("from %(floor)s to %(target)s") % {
        "floor": format_value(kpi.unit, rule.floor, currency),
        "target": format_value(kpi.unit, rule.target, currency),
    }


def change_text(kpi: Kpi, change: Number | None, currency: str) -> str:
    """A difference with its sign; of percentages in percentage points."""
    if change is None:
        return ""
    if kpi.unit == Unit.PERCENT:
        return _("%(points)s points") % {"points": format_change(Decimal(str(round(change * 100, 1))))}
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return sign + format_value(kpi.unit, abs(change), currency)


@dataclass(frozen=True, slots=True)
class FactLine:
    name: str
    meaning: str
    value_text: str


def fact_lines(card: Scorecard, kpi: Kpi, currency: str) -> list[FactLine]:
    """The facts that a KPI comes from, with their values."""
    return [
        FactLine(name, str(FACTS[name].meaning), fact_text(name, card.facts.get(name, 0), currency))
        for name in kpi.facts
    ]


def fact_text(name: str, value: int, currency: str) -> str:
    """A fact's value; amounts as money, shares in per cent, hours from seconds."""
    fact = FACTS[name]
    if fact.unit == Unit.MONEY:
        return format_value(Unit.MONEY, value, currency)
    if fact.unit == Unit.PERCENT:
        return format_value(Unit.PERCENT, value / fact.divisor, currency)
    return format_value(Unit.COUNT, value if fact.divisor == 1 else value / fact.divisor, currency)


def substituted(kpi: Kpi, card: Scorecard, currency: str) -> str:
    """The formula with the card's numbers in place of the facts."""
    if kpi.ranks or kpi.working:
        return ""
    words = kpi.formula_text
    catalogue: Catalogue = catalogue_at(card.period.end)
    names = names_in(kpi.formula)
    values = evaluate_facts(card.facts, [name for name in names if name in catalogue], catalogue)
    for name in sorted(names, key=len, reverse=True):
        if name in catalogue:
            text = format_value(catalogue[name].unit, values[name], currency)
        else:
            text = fact_text(name, card.facts.get(name, 0), currency)
        words = _whole_word(words, name, text)
    return words.replace("*", "×").replace("/", "÷").replace(" - ", " − ")


def why_no_data(kpi: Kpi, card: Scorecard) -> list[str]:
    """What there is none of in the period, in words, where a KPI has no value because it is divided by that."""
    if kpi.ranks:
        return []
    sql = catalogue_at(card.period.end).measure(kpi.code).sql
    return [str(FACTS[name].meaning) for name in zero_divisors(sql, card.facts)]


def _whole_word(words: str, name: str, text: str) -> str:
    parts = [text if part == name else part for part in _tokens(words)]
    return "".join(parts)


def _tokens(words: str) -> list[str]:
    tokens: list[str] = []
    for character in words:
        if (
            tokens
            and (character.isalnum() or character == "_")
            and (tokens[-1][-1].isalnum() or tokens[-1][-1] == "_")
        ):
            tokens[-1] += character
        else:
            tokens.append(character)
    return tokens


def score_change(card: Scorecard, previous: Scorecard | None, today: dt.date) -> dict[str, Any]:
    """How the score moved since the period before, for a page.

    `settled` says whether the period has run long enough to call the difference a `change` with a `trend`; while it
    has not, only the score `before` is told.
    """
    settled = card.period.is_settled(today)
    words = {"settled": settled, "change": "", "trend": "flat", "before": ""}
    if previous is None or card.score is None or previous.score is None:
        return words
    if not settled:
        return words | {"before": format_score(previous.score)}
    change = card.score - previous.score
    return words | {"change": format_change(change), "trend": direction(change)}
