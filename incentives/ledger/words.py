"""Ledger entries and what deals earn, in sentences."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from incentives.ledger.calculation import Line
from incentives.ledger.enums import EntryKind, Nothing
from incentives.ledger.models import LedgerEntry
from incentives.plans.enums import BandMode
from metrics.periods import Period
from portal.shell.formats import quick_money, short_date


def rate_text(rate: Decimal) -> str:
    """0.12 -> 12%, 0.025 -> 2.5%."""
    value = (rate * 100).normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return f"{number_format(value, places)}%"


def parts_text(explanation: Mapping[str, Any], currency: str) -> str:
    """The slices: "12% of €4,514.00", or several joined by "and"."""
    parts = [
        _("%(rate)s of %(base)s")
        % {"rate": rate_text(Decimal(part["rate"])), "base": quick_money(part["base"], currency)}
        for part in explanation.get("slices", ())
    ]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {pgettext('list', 'and')} {parts[-1]}"


def because(explanation: Mapping[str, Any], currency: str, *, mine: bool) -> str:
    """ "12% of €4,514.00 because you were Gold on 11 Mar 2026"; `mine` speaks to the partner."""
    template = (
        _("%(parts)s because you were %(tier)s on %(day)s")
        if mine
        else _("%(parts)s because the partner was %(tier)s on %(day)s")
    )
    return template % {
        "parts": parts_text(explanation, currency),
        "tier": explanation["tier"],
        "day": short_date(date.fromisoformat(explanation["day"])),
    }


def entry_text(entry: LedgerEntry, *, mine: bool) -> str:
    """Why an entry was posted, in one sentence."""
    explanation, currency = entry.explanation, entry.currency
    if explanation.get("taken_back"):
        return _("The deal no longer counts as won on %(day)s, so what it had earned is taken back.") % {
            "day": short_date(entry.occurred_on)
        }
    if explanation.get("nothing"):
        return _("%(reason)s What was posted before is taken back.") % {
            "reason": Nothing(explanation["nothing"]).label
        }
    reason = because(explanation, currency, mine=mine)
    if entry.kind == EntryKind.EARNING:
        return reason
    return _("Calculated anew: %(reason)s. Posted before: %(before)s.") % {
        "reason": reason,
        "before": quick_money(explanation["before_posting"], currency),
    }


def band_text(explanation: Mapping[str, Any], currency: str) -> str:
    """How the deal lay in its period; empty where the plan has no part in it."""
    if "period" not in explanation:
        return ""
    values = {
        "period": Period.parse(explanation["period"]).label(),
        "before": quick_money(explanation["before"], currency),
        "total": quick_money(explanation["total"], currency),
    }
    if explanation["mode"] == BandMode.WHOLE:
        return (
            _("All revenue of %(period)s, %(total)s, is paid at the rate that this total reaches.") % values
        )
    return (
        _("Before it, %(before)s of revenue had counted in %(period)s; the rate of each band applies.")
        % values
    )


def line_text(line: Line, explanation: Mapping[str, Any], *, mine: bool) -> str:
    """What a deal earns under a plan, or why nothing."""
    if line.nothing or line.terms is None:
        return str(Nothing(line.nothing).label) if line.nothing else ""
    return because(explanation, line.terms.currency, mine=mine)
