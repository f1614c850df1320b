"""What a tier asks for, and whether a partner has it. Pure: values in, results out.

A requirement is a tree: conditions joined by *all of*, *any of* or *at least n of*. A condition without data is
pending, and what is pending is not met: nobody rises by what was not reported. Only where the programme says that it
does not count without data does it drop out, and so does a group in which nothing is left. Values are compared exactly
as they are: 79.9% is not 80%.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from incentives.tiers.enums import Comparison, Join, Outcome, WindowKind

SCORE = "score"
REPORTED = "reported:"
CHECK = "check:"
MAX_DEPTH = 4


def is_reported(measure: str) -> bool:
    """A metric that people or systems report, by its code: `reported:net_users`."""
    return measure.startswith(REPORTED)


def is_check(measure: str) -> bool:
    """A check that a person makes by hand, by its id; its value is 1 while it holds, and 0 otherwise."""
    return measure.startswith(CHECK)


class RequirementError(ValueError):
    """A requirement that cannot be read. The message is for the person who defined it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A measure (`score`, a KPI's code, a reported metric or a manual check) over a window against a threshold, in the
    measure's stored unit: money in minor units of the tenant's currency, % as a fraction.

    One that is `optional` does not count for a partner without data.
    """

    measure: str
    window: WindowKind
    comparison: Comparison
    threshold: Decimal
    optional: bool = False

    @property
    def reading(self) -> tuple[str, WindowKind]:
        return self.measure, self.window


@dataclass(frozen=True, slots=True)
class Group:
    """Items joined by `join`; `count` matters to *at least n of* only. No items: nothing is asked."""

    join: Join = Join.ALL
    items: tuple["Condition | Group", ...] = ()
    count: int = 1

    def conditions(self) -> list[Condition]:
        found: list[Condition] = []
        for item in self.items:
            found.extend(item.conditions() if isinstance(item, Group) else [item])
        return found


Readings = Mapping[tuple[str, WindowKind], Decimal | None]


@dataclass(frozen=True, slots=True)
class ConditionResult:
    condition: Condition
    value: Decimal | None
    outcome: Outcome
    progress: Decimal


@dataclass(frozen=True, slots=True)
class GroupResult:
    """`needed` of the items that apply must be met. `progress` is 0..1 and reaches 1 only when met.

    It is pending where what has no data yet could still make it met.
    """

    join: Join
    items: tuple["ConditionResult | GroupResult", ...]
    needed: int
    outcome: Outcome
    progress: Decimal

    @property
    def met_count(self) -> int:
        return sum(item.outcome == Outcome.MET for item in self.items)

    def leaves(self) -> list[ConditionResult]:
        found: list[ConditionResult] = []
        for item in self.items:
            found.extend(item.leaves() if isinstance(item, GroupResult) else [item])
        return found


def exact(value: int | float | Decimal | None) -> Decimal | None:
    """A reading as a decimal; None for what is no number. A float is taken by its shortest text: 7/10 is 0.7, not 0.69999…."""
    if value is None:
        return None
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() else None


def evaluate(group: Group, readings: Readings) -> GroupResult:
    """The result of the whole tree. A tree that asks for nothing is met; one without any data is pending."""
    result = _evaluate_group(group, readings)
    # Who has no data at all has shown nothing, whatever may be left out.
    return replace(result, outcome=Outcome.PENDING) if result.outcome == Outcome.LEFT_OUT else result


def _evaluate_group(group: Group, readings: Readings) -> GroupResult:
    if not group.items:
        return GroupResult(group.join, (), 0, Outcome.MET, Decimal(1))
    results = tuple(
        _evaluate_group(item, readings) if isinstance(item, Group) else _evaluate_condition(item, readings)
        for item in group.items
    )
    applying = [result for result in results if result.outcome != Outcome.LEFT_OUT]
    if not applying:
        return GroupResult(group.join, results, 0, Outcome.LEFT_OUT, Decimal(0))
    wanted = {Join.ALL: len(applying), Join.ANY: 1, Join.AT_LEAST: group.count}[group.join]
    needed = min(wanted, len(applying))
    met = sum(result.outcome == Outcome.MET for result in applying)
    possible = met + sum(result.outcome == Outcome.PENDING for result in applying)
    best = sorted((result.progress for result in applying), reverse=True)[:needed]
    if met >= needed:
        return GroupResult(group.join, results, needed, Outcome.MET, Decimal(1))
    outcome = Outcome.PENDING if possible >= needed else Outcome.NOT_MET
    return GroupResult(group.join, results, needed, outcome, sum(best, Decimal(0)) / needed)


def _evaluate_condition(condition: Condition, readings: Readings) -> ConditionResult:
    value = readings.get(condition.reading)
    if value is None:
        outcome = Outcome.LEFT_OUT if condition.optional else Outcome.PENDING
        return ConditionResult(condition, None, outcome, Decimal(0))
    if condition.comparison == Comparison.AT_LEAST:
        met = value >= condition.threshold
    else:
        met = value <= condition.threshold
    progress = Decimal(1) if met else _progress(condition, value)
    return ConditionResult(condition, value, Outcome.MET if met else Outcome.NOT_MET, progress)


def _progress(condition: Condition, value: Decimal) -> Decimal:
    near, far = (
        (value, condition.threshold)
        if condition.comparison == Comparison.AT_LEAST
        else (condition.threshold, value)
    )
    if far <= 0 or near <= 0:
        return Decimal(0)
    return near / far


# --- as JSON ----------------------------------------------------------------------------------


def dump(item: Condition | Group) -> dict[str, Any]:
    if isinstance(item, Condition):
        said = {
            "measure": item.measure,
            "window": str(item.window),
            "comparison": str(item.comparison),
            "threshold": str(item.threshold),
        }
        return said | {"optional": True} if item.optional else said
    return {"join": str(item.join), "count": item.count, "items": [dump(child) for child in item.items]}


def parse(data: Mapping[str, Any], known: Callable[[str], bool] = lambda measure: True) -> Group:
    """The tree that `dump` wrote. Raises RequirementError, also for a measure that is not `known`."""
    item = _parse(data, known, depth=1) if data else Group()
    if isinstance(item, Condition):
        return Group(Join.ALL, (item,))
    return item


def _parse(data: Any, known: Callable[[str], bool], depth: int) -> Condition | Group:
    if depth > MAX_DEPTH:
        raise RequirementError(_("Requirements may be nested at most %(depth)d deep.") % {"depth": MAX_DEPTH})
    try:
        if "join" in data:
            items = tuple(_parse(item, known, depth + 1) for item in data["items"])
            count = int(data.get("count", 1))
            if Join(data["join"]) == Join.AT_LEAST and not 1 <= count <= len(items):
                raise RequirementError(_("“At least” must ask for one or more, and no more than are listed."))
            return Group(Join(data["join"]), items, count)
        if not known(data["measure"]):
            raise RequirementError(_("There is no measure “%(measure)s”.") % {"measure": data["measure"]})
        threshold = Decimal(data["threshold"])
        if not threshold.is_finite():
            raise RequirementError(_("A threshold is a number."))
        return Condition(
            data["measure"],
            WindowKind(data["window"]),
            Comparison(data["comparison"]),
            threshold,
            data.get("optional") is True,
        )
    except RequirementError:
        raise
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise RequirementError(_("This requirement cannot be read.")) from error


def dump_result(result: ConditionResult | GroupResult) -> dict[str, Any]:
    if isinstance(result, ConditionResult):
        return dump(result.condition) | {
            "value": None if result.value is None else str(result.value),
            "outcome": str(result.outcome),
            "progress": f"{result.progress:.6f}",
        }
    return {
        "join": str(result.join),
        "needed": result.needed,
        "outcome": str(result.outcome),
        "progress": f"{result.progress:.6f}",
        "items": [dump_result(item) for item in result.items],
    }


def load_result(data: Mapping[str, Any]) -> GroupResult:
    """What `dump_result` wrote, for showing what was decided on."""
    result = _load_result(data)
    if isinstance(result, ConditionResult):
        raise RequirementError(_("This requirement cannot be read."))
    return result


def _load_result(data: Mapping[str, Any]) -> ConditionResult | GroupResult:
    outcome, progress = Outcome(data["outcome"]), Decimal(data["progress"])
    if "join" in data:
        items = tuple(_load_result(item) for item in data["items"])
        return GroupResult(Join(data["join"]), items, data["needed"], outcome, progress)
    condition = Condition(
        data["measure"],
        WindowKind(data["window"]),
        Comparison(data["comparison"]),
        Decimal(data["threshold"]),
        data.get("optional") is True,
    )
    value = None if data["value"] is None else Decimal(data["value"])
    return ConditionResult(condition, value, outcome, progress)
