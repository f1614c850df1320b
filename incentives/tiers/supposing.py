"""Requirement values as they would be with more on record than there is; what-if and forecasts share it."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
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
    windows = {item.window: window_of(item.window, day, calendar) for item in conditions}
    added = {kind: new for kind, window in windows.items() if (new := more(window))}
    facts = _facts(partner_id, [windows[kind] for kind in added], calendar, day)
    for kind, new in added.items():
        window = windows[kind]
        catalogue = catalogue_at(window.end)
        formulas = set(catalogue.formula_codes)
        codes = {item.measure for item in conditions if item.window == kind and item.measure in formulas}
        supposed = Counter(facts.get(window.key, {}))
        supposed.update(new)
        for code, value in evaluate_facts(supposed, sorted(codes), catalogue).items():
            changed[code, kind] = exact(value)
    return changed


def _facts(
    partner_id: UUID, windows: Collection[Window], calendar: Calendar, day: dt.date
) -> dict[str, dict[str, int]]:
    """The partner's facts by the key of the window; in one query for all of them."""
    distinct = list({window.key: window for window in windows}.values())
    if not distinct:
        return {}
    frame = read_facts(distinct, calendar, day, [partner_id])
    return {
        row["key"]: {name: value for name, value in row.items() if isinstance(value, int)}
        for row in frame.iter_rows(named=True)
    }
