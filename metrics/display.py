"""Figures in words, in the reader's language."""

import math
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.kpis.shape import Kpi
from metrics.units import DOWN, Unit
from portal.money import digits, quick_money
from portal.shell.formats import DASH, number, percent

Number = int | float | Decimal


def format_value(unit: str, value: Number | None, currency: str) -> str:
    """A KPI's or fact's value: money from minor units, % from a fraction. No data is a dash."""
    if value is None:
        return DASH
    if unit == Unit.MONEY:
        return quick_money(_rounded(value, currency), currency)
    if unit == Unit.PERCENT:
        return percent(_plain(value))
    if unit == Unit.DAYS:
        return ngettext("%(count)s day", "%(count)s days", counted(value)) % {
            "count": number(_plain(value), _places(value))
        }
    if unit == Unit.HOURS and 0 < abs(_plain(value)) < 1:
        minutes = round(_plain(value) * 60)
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": number(minutes, 0)}
    if unit == Unit.HOURS:
        return ngettext("%(count)s hour", "%(count)s hours", counted(value)) % {
            "count": number(_plain(value), _places(value))
        }
    return number(_plain(value), _places(value))


def exported_value(unit: str, value: Number | None, currency: str) -> Number | None:
    """A KPI's value as a file has it, beside its unit and, for money, its currency: money in major units, % in
    hundredths, as lists export them."""
    if value is None:
        return None
    if unit == Unit.MONEY:
        places = digits(currency)
        return round(_plain(value).scaleb(-places), places)
    if unit == Unit.PERCENT:
        return round(_plain(value) * 100, 3)
    return value


def exported_currency(unit: str, currency: str) -> str:
    return currency if unit == Unit.MONEY else ""


def format_score(score: Number | None) -> str:
    """A score with one decimal; a dash where there is none."""
    return number(_plain(score), 1) if score is not None else DASH


def format_points(points: Number | None) -> str:
    return number(_plain(points), 1) if points is not None else DASH


def format_change(change: Number | None) -> str:
    """With its sign, for people who do not see an arrow."""
    if change is None:
        return DASH
    sign = {"up": "+", "down": "−", "flat": "±"}[direction(change)]
    return f"{sign}{number(abs(_plain(change)), 1)}"


def direction(change: Number | None) -> str:
    """up, down or flat, as the figure component asks; a change below a twentieth shows as none."""
    if change is None or abs(_plain(change)) < Decimal("0.05"):
        return "flat"
    return "up" if change > 0 else "down"


def gap_text(kpi: Kpi, value: Number | None, target: Number | None, currency: str) -> str:
    """What is missing to the target, such as "12,400 more revenue"; empty where nothing is."""
    if target is None:
        return ""
    if value is None:
        return _("%(name)s: no data yet; the target is %(target)s") % {
            "name": kpi.name,
            "target": format_value(kpi.unit, target, currency),
        }
    gap = float(value) - float(target) if kpi.better == DOWN else float(target) - float(value)
    if gap <= 0:
        return ""
    if kpi.unit == Unit.PERCENT:
        words = _("%(name)s higher by %(points)s percentage points") if kpi.better != DOWN else None
        words = words or _("%(name)s lower by %(points)s percentage points")
        return words % {"points": number(Decimal(str(round(gap * 100, 1))), 1), "name": kpi.name}
    if kpi.unit == Unit.COUNT:
        gap = math.ceil(gap - 1e-9)
    amount = format_value(kpi.unit, gap, currency)
    words = _("%(name)s lower by %(amount)s") if kpi.better == DOWN else _("%(amount)s more %(name)s")
    return _sentence(words % {"amount": amount, "name": in_sentence(kpi.name)})


def in_sentence(name: object) -> str:
    """A name as it stands inside a sentence: without its capital, unless it is an abbreviation such as "KPI"."""
    text = str(name)
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def counted(value: Number) -> int:
    """What the plural of a unit goes by: 1 for what is shown as one, else more than one."""
    return 1 if round(float(value), 1) == 1 else 2


def _places(value: Number) -> int:
    return 0 if float(value).is_integer() else 1


def _plain(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _rounded(value: Number, currency: str) -> int:
    """Minor units; of a calculated amount, such as an average, the whole major units from a hundred on."""
    unit = 10 ** digits(currency)
    if isinstance(value, float) and not value.is_integer() and abs(value) >= 100 * unit:
        return _half_up(value / unit) * unit
    return _half_up(value)


def _half_up(value: Number) -> int:
    return math.floor(float(value) + 0.5) if isinstance(value, float) else int(value)
