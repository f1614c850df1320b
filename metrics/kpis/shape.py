"""What a KPI is."""

from dataclasses import dataclass

from django.utils.functional import Promise

from metrics.formulas import readable
from metrics.sources import FACTS
from metrics.units import UP, Unit


def _is_plain(part: str) -> bool:
    """A fact, or the 0 that is no data where there is nothing to divide by."""
    return part in FACTS or part.startswith("0 / ")


@dataclass(frozen=True, slots=True)
class Kpi:
    """A measure. `level` is P (a partner), G (a group of partners) or PG. One with `ranks` is no formula over facts
    but the mean of the partner's percentile ranks among its peers in those KPIs, times 100.

    `area` and `facts`, what the formula comes down to with the KPIs it names, are filled in when KPIs are collected.
    """

    code: str
    name: str | Promise
    formula: str
    unit: Unit
    better: str
    kind: str
    level: str
    meaning: str | Promise
    ranks: tuple[str, ...] = ()
    area: str = ""
    facts: tuple[str, ...] = ()
    # How it is calculated, where the formula does not tell it to people.
    working: str | Promise = ""

    @property
    def formula_text(self) -> str:
        """How it is calculated, for people."""
        return str(self.working) or (self.formula if self.ranks else readable(self.formula))

    @property
    def additive(self) -> bool:
        """A plain sum: a group of ten is expected to reach ten times one partner's target."""
        return all(_is_plain(part.strip()) for part in self.formula.split("+"))

    @property
    def accrues(self) -> bool:
        """It adds up in the course of a period, the more the better: revenue does, a rate and a pipeline do not."""
        kept = (FACTS[name] for name in self.facts)
        return self.additive and self.better == UP and not any(fact.stock or fact.standing for fact in kept)

    @property
    def internal(self) -> bool:
        """The vendor's own affair: shown to no partner unless it is measured by it."""
        return any(FACTS[name].internal for name in self.facts)

    def mentions(self, words: str) -> bool:
        """Whether all the words occur in its name, meaning, code or formula."""
        if not words:
            return True
        text = f"{self.name} {self.meaning} {self.code} {self.formula}".casefold()
        return all(word in text for word in words.casefold().split())

    @property
    def sources(self) -> list[str]:
        """The sources of its facts."""
        return list(dict.fromkeys(FACTS[name].source for name in self.facts))
