"""What the engagement score of a scorecard is made of."""

from dataclasses import dataclass

from metrics.catalogues import Catalogue
from metrics.display import format_value
from metrics.evaluation import evaluate_facts
from metrics.formulas import names_in
from metrics.kpis.engagement import PARTS
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.units import LEAD, UP, Unit
from metrics.weights import CODE, weights_in

_KPIS = {
    part.name: Kpi(
        f"part_{part.name}",
        part.label,
        part.formula,
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        "",
        facts=tuple(names_in(part.formula)),
    )
    for part in PARTS
}
_CATALOGUE = Catalogue(_KPIS.values())


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part of the score: what it comes to on the card, and what it weighs. It counts for at most 100%."""

    name: str
    value_text: str
    weight: int


def part_lines(kpi: Kpi, card: Scorecard) -> list[PartLine]:
    """The parts that weigh anything; none of any KPI but the engagement score."""
    if kpi.code != CODE:
        return []
    weights = weights_in(kpi.formula)
    values = evaluate_facts(card.facts, [part.code for part in _KPIS.values()], _CATALOGUE)
    return [
        PartLine(str(part.name), format_value(part.unit, values[part.code], ""), weights[name])
        for name, part in _KPIS.items()
        if weights[name]
    ]
