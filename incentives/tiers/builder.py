"""The form in which requirements are put together: requirements, each one condition or several joined.

The browser sends one flat form; the rows of it are read into `Row`s, so that adding or removing one keeps
everything that was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from incentives.fields import amount_text, parse_money, parse_number, plain
from incentives.tiers.enums import Comparison, Join, WindowKind
from incentives.tiers.requirements import SCORE, Condition, Group
from incentives.tiers.words import measure_name, measure_unit
from metrics.own import choosable, kpi_of

MAX_ROWS = 8


@dataclass
class Row:
    """One condition as typed."""

    measure: str = SCORE
    window: str = WindowKind.QUARTER
    threshold: str = ""
    error: str = ""


@dataclass
class Requirement:
    """Conditions joined; with one condition the join does not matter."""

    join: str = Join.ANY
    count: str = "1"
    rows: list[Row] = field(default_factory=lambda: [Row()])


@dataclass
class Builder:
    """All requirements of a tier as typed. `errors` is filled by `tree`."""

    currency: str
    join: str = Join.ALL
    count: str = "1"
    requirements: list[Requirement] = field(default_factory=list)
    error: str = ""

    @classmethod
    def from_tree(cls, tree: Group, currency: str) -> "Builder":
        builder = cls(currency, tree.join, str(tree.count))
        for item in tree.items:
            group = item if isinstance(item, Group) else Group(Join.ANY, (item,))
            rows = [
                Row(leaf.measure, leaf.window, threshold_text(leaf.measure, leaf.threshold, currency))
                for leaf in group.conditions()
            ]
            builder.requirements.append(Requirement(group.join, str(group.count), rows))
        return builder

    @classmethod
    def from_post(cls, data: Mapping[str, Any], currency: str) -> "Builder":
        builder = cls(currency, data.get("join", Join.ALL), data.get("count", "1"))
        number = 0
        while f"r{number}-join" in data and number < MAX_ROWS:
            requirement = Requirement(data[f"r{number}-join"], data.get(f"r{number}-count", "1"), [])
            index = 0
            while f"r{number}-{index}-measure" in data and index < MAX_ROWS:
                prefix = f"r{number}-{index}"
                requirement.rows.append(
                    Row(
                        data[f"{prefix}-measure"],
                        data.get(f"{prefix}-window", ""),
                        data.get(f"{prefix}-threshold", ""),
                    )
                )
                index += 1
            if requirement.rows:
                builder.requirements.append(requirement)
            number += 1
        return builder

    def change(self, command: str) -> None:
        """Add or remove a row: `add`, `add:0`, `remove:0:1`. What cannot be is left as it is."""
        verb, *numbers = command.split(":")
        places = [int(number) for number in numbers if number.isdigit()]
        if verb == "add" and not places and len(self.requirements) < MAX_ROWS:
            self.requirements.append(Requirement())
        elif verb == "add" and places and places[0] < len(self.requirements):
            rows = self.requirements[places[0]].rows
            if len(rows) < MAX_ROWS:
                rows.append(Row())
        elif verb == "remove" and len(places) == 2 and places[0] < len(self.requirements):
            requirement = self.requirements[places[0]]
            if places[1] < len(requirement.rows):
                requirement.rows.pop(places[1])
            if not requirement.rows:
                self.requirements.pop(places[0])

    def tree(self) -> Group | None:
        """The requirement tree; None when something is wrong, with the errors beside the rows."""
        items = [self._item(requirement) for requirement in self.requirements]
        try:
            whole = _group(self.join, self.count, tuple(item for item in items if item is not None))
        except ValidationError as error:
            self.error = error.messages[0]
            return None
        return None if self.error or None in items else whole

    def _item(self, requirement: Requirement) -> Condition | Group | None:
        conditions = [self._condition(row) for row in requirement.rows]
        found = tuple(condition for condition in conditions if condition is not None)
        if len(found) < len(conditions):
            return None
        if len(found) == 1:
            return found[0]
        try:
            return _group(requirement.join, requirement.count, found)
        except ValidationError as error:
            self.error = error.messages[0]
            return None

    def _condition(self, row: Row) -> Condition | None:
        if row.measure not in measures() or row.window not in WindowKind.values:
            row.error = _("Choose a measure and a time.")
            return None
        try:
            threshold = parse_threshold(row.measure, row.threshold, self.currency)
        except ValidationError as error:
            row.error = error.messages[0]
            return None
        return Condition(row.measure, WindowKind(row.window), comparison_of(row.measure), threshold)


def _group(join: str, count: str, items: tuple[Condition | Group, ...]) -> Group:
    if join not in Join.values:
        raise ValidationError(_("Choose how the requirements are joined."))
    number = int(count) if count.isdigit() else 0
    if join == Join.AT_LEAST and items and not 1 <= number <= len(items):
        raise ValidationError(_("“At least” must ask for one or more, and no more than are listed."))
    return Group(Join(join), items, number if join == Join.AT_LEAST and items else 1)


def measures() -> dict[str, str]:
    """The score, and the KPIs that a single partner has a live value for, with their names."""
    codes = [code for code, kpi in choosable().items() if "P" in kpi.level and not kpi.ranks]
    return {SCORE: measure_name(SCORE)} | {code: measure_name(code) for code in codes}


def comparison_of(measure: str) -> Comparison:
    """At least where up is better, at most where down is."""
    better = "up" if measure == SCORE else kpi_of(measure).better
    return Comparison.AT_LEAST if better == "up" else Comparison.AT_MOST


def measure_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """For the select: measures of which there must be at least, and at most, so much, with their unit."""
    groups: dict[Comparison, list[tuple[str, str]]] = {Comparison.AT_LEAST: [], Comparison.AT_MOST: []}
    for code, name in measures().items():
        unit = measure_unit(code)
        label = f"{name} (%)" if unit == "%" else f"{name} ({_('days')})" if unit == "days" else name
        groups[comparison_of(code)].append((code, label))
    return [(str(comparison.label).capitalize(), rows) for comparison, rows in groups.items() if rows]


def parse_threshold(measure: str, text: str, currency: str) -> Decimal:
    """What was typed in the measure's stored unit."""
    if not text.strip():
        raise ValidationError(_("Say how much is asked."))
    unit = measure_unit(measure)
    if unit == "money":
        return Decimal(parse_money(text, currency))
    value = parse_number(text)
    return value / 100 if unit == "%" else value


def threshold_text(measure: str, threshold: Decimal, currency: str) -> str:
    """A threshold as the form shows it."""
    unit = measure_unit(measure)
    if unit == "money":
        return amount_text(int(threshold), currency)
    return plain(threshold * 100 if unit == "%" else threshold)
