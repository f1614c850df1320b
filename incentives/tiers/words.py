"""Requirements in plain words: what is asked, what is there and what is missing."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from incentives.tiers.enums import Comparison, Join, Outcome
from incentives.tiers.measures import measure_of
from incentives.tiers.requirements import SCORE, Condition, ConditionResult, GroupResult, is_check
from metrics.display import format_value, in_sentence

# What stands between a partner and a tier.
MISSING = (Outcome.NOT_MET, Outcome.PENDING)


def measure_name(measure: str) -> str:
    return measure_of(measure).name


def measure_unit(measure: str) -> str:
    return measure_of(measure).unit


def value_text(measure: str, value: Decimal | None, currency: str) -> str:
    """A reading as people write it; money from minor units of the tenant's currency."""
    if value is None:
        return _("no data yet")
    if is_check(measure):
        return _("confirmed") if value else _("not confirmed")
    return format_value(measure_unit(measure), value, currency)


def condition_text(condition: Condition, currency: str) -> str:
    """Such as "Win rate of at least 55% over the last four quarters"."""
    if is_check(condition.measure):
        return _("%(check)s, confirmed by the vendor") % {"check": measure_name(condition.measure)}
    template = (
        _("%(measure)s at least %(threshold)s, %(window)s")
        if condition.comparison == Comparison.AT_LEAST
        else _("%(measure)s at most %(threshold)s, %(window)s")
    )
    text = template % {
        "measure": measure_name(condition.measure),
        "threshold": value_text(condition.measure, condition.threshold, currency),
        "window": condition.window.label,
    }
    if condition.optional:
        return _("%(condition)s; it does not count without data") % {"condition": text}
    return text


def condition_gap(result: ConditionResult, currency: str) -> str:
    """What is missing, such as "12,400 more revenue", or a first figure; empty when nothing is."""
    if result.outcome not in MISSING:
        return ""
    condition = result.condition
    if result.value is None:
        return _("a figure for %(name)s") % {"name": _inner_name(condition.measure)}
    if is_check(condition.measure):
        return _("confirmation of “%(check)s”") % {"check": measure_name(condition.measure)}
    if condition.measure == SCORE:
        missing = abs(condition.threshold - result.value)
        points = _short(missing)
        if condition.comparison == Comparison.AT_MOST:
            return _("a score lower by %(points)s") % {"points": points}
        return ngettext(
            "%(points)s more point of score", "%(points)s more points of score", 1 if missing == 1 else 2
        ) % {"points": points}
    missing = abs(condition.threshold - result.value)
    values = {"name": _inner_name(condition.measure), "gap": _gap_text(condition.measure, missing, currency)}
    if condition.comparison == Comparison.AT_MOST:
        return _("%(name)s lower by %(gap)s") % values
    if measure_unit(condition.measure) in {"money", "count"}:
        return _("%(gap)s more %(name)s") % values
    return _("%(name)s higher by %(gap)s") % values


def _inner_name(measure: str) -> str:
    """The measure's name inside a sentence; an abbreviation keeps its capitals."""
    return in_sentence(measure_name(measure))


def _gap_text(measure: str, missing: Decimal, currency: str) -> str:
    """A difference in the measure's unit, rounded up, so that it is never shown as nothing."""
    unit = measure_unit(measure)
    if unit == "money":
        return format_value(unit, missing.to_integral_value(ROUND_CEILING), currency)
    if unit == "%":
        points = _short(missing * 100)
        return ngettext(
            "%(points)s percentage point", "%(points)s percentage points", 1 if points == "1" else 2
        ) % {"points": points}
    return format_value(unit, Decimal(_short(missing)), currency)


def gap(result: GroupResult, currency: str) -> str:
    """The whole gap in one phrase: "3 more certified people, or 12,400 more revenue"; empty when met."""
    if result.outcome not in MISSING:
        return ""
    missing = [item for item in result.items if item.outcome in MISSING]
    if result.join == Join.ALL:
        return _series([_item_gap(item, currency) for item in missing], pgettext("list", "and"))
    nearest = [_item_gap(item, currency) for item in sorted(missing, key=lambda item: -item.progress)]
    still = result.needed - result.met_count
    if still == 1:
        return _series(nearest, pgettext("list", "or"))
    return ngettext("%(count)d of: %(list)s", "%(count)d of: %(list)s", still) % {
        "count": still,
        "list": _series(nearest, pgettext("list", "or")),
    }


def _item_gap(item: ConditionResult | GroupResult, currency: str) -> str:
    if isinstance(item, ConditionResult):
        return condition_gap(item, currency)
    text = gap(item, currency)
    several = len([child for child in item.items if child.outcome in MISSING]) > 1
    return f"({text})" if several else text


def _series(parts: Iterable[str], word: str) -> str:
    """ "a", "a or b", "a, b or c"; the comma before "or" keeps two long alternatives apart."""
    phrases: Sequence[str] = [part for part in parts if part]
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])}, {word} {phrases[-1]}"


def _short(value: Decimal) -> str:
    """At most one decimal, rounded up, so that a gap is never shown as nothing."""
    tenth = (value * 10).to_integral_value(ROUND_CEILING) / 10
    return f"{tenth.normalize():f}"


def percent_floor(progress: Decimal) -> int:
    """0..100, rounded down: 100 only when all is there."""
    return int((progress * 100).to_integral_value(rounding=ROUND_FLOOR))


def group_title(result: GroupResult) -> str:
    """What of the items counts: "All of these", "Any of these", "At least 2 of these"."""
    if result.join == Join.ALL:
        return _("All of these")
    if result.join == Join.ANY:
        return _("Any of these")
    return ngettext("At least %(count)d of these", "At least %(count)d of these", result.needed) % {
        "count": result.needed
    }
