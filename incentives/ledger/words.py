"""Ledger entries and what deals earn, in sentences."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from incentives.ledger.calculation import Line
from incentives.ledger.enums import EntryKind, Nothing, Part
from incentives.ledger.models import LedgerEntry
from incentives.plans.enums import MONEY_BASES, BandMode, PlanBase, PlanForm, PoolBy
from metrics.periods import Period
from metrics.queries import ENOUGH_PEERS
from portal.money import quick_money
from portal.shell.formats import short_date


def rate_text(rate: Decimal) -> str:
    """0.12 -> 12%, 0.025 -> 2.5%."""
    value = (rate * 100).normalize()
    places = max(0, -int(value.as_tuple().exponent))
    return f"{number_format(value, places)}%"


def parts_text(explanation: Mapping[str, Any], currency: str) -> str:
    """The slices: "12% of €4,514.00", or several joined by "and"; those that pay nothing only where none pays."""
    slices = explanation.get("slices", ())
    paying = [part for part in slices if Decimal(part["rate"]) or part.get("each", 0)]
    parts = [_part_text(part, explanation, currency) for part in paying or slices]
    if explanation.get("form") == PlanForm.FLAT and not parts:
        parts = [
            _("%(amount)s for the total reached") % {"amount": quick_money(explanation["amount"], currency)}
        ]
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {pgettext('list', 'and')} {parts[-1]}"


def _part_text(part: Mapping[str, Any], explanation: Mapping[str, Any], currency: str) -> str:
    rate, each = Decimal(part["rate"]), part.get("each", 0)
    if each:
        return _("%(amount)s for each of %(count)d %(what)s") % {
            "amount": quick_money(each, currency),
            "count": part["base"],
            "what": counted_text(explanation.get("counts", ""), part["base"]),
        }
    words = {"rate": rate_text(rate), "base": quick_money(part["base"], currency)}
    if part.get("why") == "registered":
        return _("%(rate)s of %(base)s for a registered deal") % words
    if part.get("why") == "quota":
        return _("%(rate)s more of %(base)s that lies above the quota") % words
    if explanation.get("counts") == PlanBase.MARGIN:
        return _("%(rate)s of a margin of %(base)s") % words
    if explanation.get("counts") == PlanBase.GROWTH or explanation.get("mode") == BandMode.GROWTH:
        return _("%(rate)s of %(base)s above the baseline") % words
    return _("%(rate)s of %(base)s") % words


def counted_text(base: str, count: int) -> str:
    """What a plan counts, for so many of it."""
    if base in {PlanBase.UNITS, PlanBase.ORDERED}:
        return ngettext("unit", "units", count)
    if base == PlanBase.ACTIVITY:
        return ngettext("activity", "activities", count)
    return ngettext("deal", "deals", count)


def because(explanation: Mapping[str, Any], currency: str, *, mine: bool) -> str:
    """ "12% of €4,514.00 because you were Gold on 11 Mar 2026"; `mine` speaks to the partner."""
    if pool := explanation.get("pool"):
        return pool_text(pool, currency, mine=mine)
    template = (
        _("%(parts)s because you were %(tier)s on %(day)s")
        if mine
        else _("%(parts)s because the partner was %(tier)s on %(day)s")
    )
    text = template % {
        "parts": parts_text(explanation, currency),
        "tier": explanation["tier"],
        "day": short_date(date.fromisoformat(explanation["day"])),
    }
    if "free" in explanation:
        text = _("%(reason)s; a cap of the plan leaves %(amount)s") % {
            "reason": text,
            "amount": quick_money(explanation["amount"], currency),
        }
    if "percent" in explanation:
        text = _("%(reason)s, for your %(percent)d%% of the deal") % {
            "reason": text,
            "percent": explanation["percent"],
        }
    if explanation.get("held_back"):
        # What is paid at once and what later are entries of their own, and neither is the rate's whole amount.
        text = _("%(reason)s; %(held)s of these %(amount)s is held back") % {
            "reason": text,
            "held": quick_money(explanation["held_back"], currency),
            "amount": quick_money(explanation["amount"], currency),
        }
    return text


def few_share(pool: Mapping[str, Any]) -> bool:
    """Whether what a pool says of itself would tell one of its partners what another has won."""
    return int(pool["partners"]) < ENOUGH_PEERS


def pool_text(pool: Mapping[str, Any], currency: str, *, mine: bool) -> str:
    """ "12.5% of a pool of €50,000 that 14 partners share by won revenue".

    To a partner who shares it with fewer than four others no part and no pool: they would say what those have won.
    """
    if mine and few_share(pool):
        return _("Your share of a pool that few partners share")
    total = int(pool["weights"])
    part = Decimal(int(pool["weight"])) / total if total else Decimal(0)
    return ngettext(
        "%(part)s of a pool of %(pool)s that %(count)d partner shares by %(by)s",
        "%(part)s of a pool of %(pool)s that %(count)d partners share by %(by)s",
        pool["partners"],
    ) % {
        "part": rate_text(part.quantize(Decimal("0.000001"))),  # the cents can be worked out from it
        "pool": quick_money(pool["pool"], currency),
        "count": pool["partners"],
        "by": PoolBy(pool["by"]).label.lower(),
    }


def entry_text(entry: LedgerEntry, *, mine: bool) -> str:
    """Why an entry was posted, in one sentence."""
    text = _reason(entry, mine=mine)
    if entry.part == Part.HOLDBACK:
        return _("Held back until %(day)s: %(reason)s") % {
            "day": short_date(entry.payable_on),
            "reason": text,
        }
    return text


def _reason(entry: LedgerEntry, *, mine: bool) -> str:
    explanation, currency = entry.explanation, entry.currency
    if "fund" in explanation:
        return _("Settled from “%(fund)s” for costs of %(cost)s.") % {
            "fund": explanation["fund"],
            "cost": quick_money(entry.base, currency),
        }
    if entry.kind == EntryKind.MANUAL:
        return explanation.get("reason", "")
    if explanation.get("taken_back") and entry.keeps:
        return _("The deal no longer counts as won; after the time that it did, %(kept)s of it stays.") % {
            "kept": quick_money(entry.keeps, currency)
        }
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
    template = (
        _(
            "Divided anew, because what the partners share it by has changed since: %(reason)s. "
            "Posted before: %(before)s."
        )
        if explanation.get("pool")
        else _("Calculated anew: %(reason)s. Posted before: %(before)s.")
    )
    return template % {
        "reason": reason,
        "before": quick_money(explanation["before_posting"], currency),
    }


def band_text(explanation: Mapping[str, Any], currency: str) -> str:
    """How the deal lay in its period; empty where the plan has no part in it."""
    if "period" not in explanation or "pool" in explanation:
        return ""
    counts = explanation.get("counts", "")

    def counted(amount: int) -> str:
        if counts and counts not in MONEY_BASES:
            return f"{amount} {counted_text(counts, amount)}"
        return quick_money(amount, currency)

    values = {
        "period": Period.parse(explanation["period"]).label(),
        "before": counted(explanation["before"]),
        "total": counted(explanation["total"]),
    }
    if counts and counts not in MONEY_BASES:
        return _("Before it, %(before)s had counted in %(period)s; %(total)s count in all.") % values
    if explanation.get("inputs", {}).get("baseline"):
        values["baseline"] = quick_money(explanation["inputs"]["baseline"], currency)
        return _("%(total)s counts in %(period)s; the baseline is %(baseline)s.") % values
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
