"""Requirement values as they would be with more on record than there is; what-if and forecasts share it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from incentives.tiers.readings import Values, window_of
from incentives.tiers.requirements import Condition, exact
from metrics.evaluation import evaluate_facts
from metrics.own import catalogue_at
from metrics.periods import Calendar, Window
from metrics.sources.reading import read_facts


def with_facts(
    values: Values,
    conditions: Sequence[Condition],
    partner_id: UUID,
    more: Callable[[Window], Mapping[str, int]],
    calendar: Calendar,
    day: dt.date,
) -> Values:
    """The values with the KPIs measured again on `day`, over the partner's facts and what `more` adds in a window."""
    changed = dict(values)
    for kind in {condition.window for condition in conditions}:
        window = window_of(kind, day, calendar)
        catalogue = catalogue_at(window.end)
        formulas = set(catalogue.formula_codes)
        codes = {item.measure for item in conditions if item.window == kind and item.measure in formulas}
        added = more(window)
        if not codes or not added:
            continue
        facts = _facts(partner_id, window, calendar, day)
        for name, number in added.items():
            facts[name] = facts.get(name, 0) + number
        for code, value in evaluate_facts(facts, sorted(codes), catalogue).items():
            changed[code, kind] = exact(value)
    return changed


def _facts(partner_id: UUID, window: Window, calendar: Calendar, day: dt.date) -> dict[str, int]:
    frame = read_facts([window], calendar, day, [partner_id])
    if frame.is_empty():
        return {}
    return {name: value for name, value in frame.row(0, named=True).items() if isinstance(value, int)}
