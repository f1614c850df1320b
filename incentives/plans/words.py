"""A plan in plain language, made from its rules: what partners read and what is shown before publishing."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from incentives.ledger.words import rate_text
from incentives.plans import activities
from incentives.plans.bands import Band
from incentives.plans.enums import (
    MONEY_BASES,
    AtCap,
    BandMode,
    Baseline,
    PlanBase,
    PlanForm,
    PoolBy,
    Shown,
    Source,
)
from incentives.plans.models import Plan
from incentives.plans.terms import Terms
from incentives.tiers.models import Tier
from metrics.periods import PeriodKind
from metrics.queries import ENOUGH_PEERS
from partners.directory.enums import PartnerType
from partners.directory.models import Product, ProductFamily
from portal.money import quick_money
from portal.shell.formats import short_date


@dataclass(frozen=True, slots=True)
class Names:
    """What the things that rules point to are called."""

    tiers: Mapping[UUID, str] = field(default_factory=dict)
    families: Mapping[UUID, str] = field(default_factory=dict)
    products: Mapping[UUID, str] = field(default_factory=dict)
    plans: Mapping[UUID, str] = field(default_factory=dict)
    activities: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Names":
        """Five queries."""
        return cls(
            dict(Tier.objects.order_by("rank").values_list("pk", "name")),
            dict(ProductFamily.objects.order_by("name").values_list("pk", "name")),
            dict(Product.objects.order_by("name").values_list("pk", "name")),
            dict(Plan.objects.order_by("name").values_list("pk", "name")),
            dict(activities.choices()),
        )


def listed(parts: Sequence[str]) -> str:
    """ "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {pgettext('list', 'and')} {parts[-1]}"


def plan_text(terms: Terms, names: Names) -> list[str]:
    """The plan in sentences: for whom, what it pays, its limits, when it is paid, what it goes together with."""
    return [
        sentence
        for part in (_audience, _what, _conditions, _extras, _limits, _paying, _stacking, _campaign)
        for sentence in part(terms, names)
    ]


def _audience(terms: Terms, names: Names) -> list[str]:
    kinds = dict(PartnerType.choices)
    who = []
    if terms.partner_types:
        who.append(
            _("are of type %(types)s")
            % {"types": _either(str(kinds.get(k, k)) for k in sorted(terms.partner_types))}
        )
    if terms.regions:
        who.append(_("work in %(regions)s") % {"regions": _either(sorted(terms.regions))})
    if terms.tiers:
        held = [name for pk, name in names.tiers.items() if pk in terms.tiers]
        who.append(_("hold the tier %(tiers)s on the day") % {"tiers": _either(held)})
    text = (
        _("This plan is for partners who %(who)s.") % {"who": listed(who)}
        if who
        else _("This plan is for every partner.")
    )
    if terms.end is None:
        when = _("It is in force from %(start)s.") % {"start": short_date(terms.start)}
    else:
        last = terms.end - dt.timedelta(days=1)
        when = _("It is in force from %(start)s to %(end)s.") % {
            "start": short_date(terms.start),
            "end": short_date(last),
        }
    return [text, when]


def _either(parts: object) -> str:
    rows = list(parts)  # type: ignore[call-overload]
    return f" {pgettext('list', 'or')} ".join(rows)


_PERIODS = {
    PeriodKind.MONTH: lambda: _("month"),
    PeriodKind.QUARTER: lambda: _("quarter"),
    PeriodKind.YEAR: lambda: _("year"),
}


def period_word(kind: PeriodKind) -> str:
    return _PERIODS[kind]()


def base_word(base: PlanBase) -> str:
    return {
        PlanBase.REVENUE: _("won revenue"),
        PlanBase.MARGIN: _("gross margin"),
        PlanBase.GROWTH: _("growth of won revenue"),
        PlanBase.UNITS: _("units sold"),
        PlanBase.DEALS: _("won deals"),
        PlanBase.ACTIVITY: _("completed activities"),
        PlanBase.ORDERED: _("units ordered and delivered"),
    }[base]


def quantity(terms: Terms, amount: int) -> str:
    """An amount of what the plan counts."""
    if terms.base in MONEY_BASES:
        return quick_money(amount, terms.currency)
    return str(amount)


def _what(terms: Terms, names: Names) -> list[str]:
    words = {"base": base_word(terms.base), "period": period_word(terms.period)}
    if terms.form == PlanForm.POOL:
        return _pool(terms, names, words)
    if terms.form == PlanForm.RATE:
        head = _("It pays a percentage of the %(base)s of each %(period)s.") % words
        mode = {
            BandMode.MARGINAL: _("Each part of the total is paid at the rate of its own band."),
            BandMode.WHOLE: _("The whole total is paid at the rate that it reaches."),
            BandMode.GROWTH: _("What exceeds the baseline is paid at the rate that the total reaches."),
        }[terms.mode]
    elif terms.base in MONEY_BASES:
        head = _("It pays a fixed amount when the %(base)s of a %(period)s reaches a total.") % words
        mode = ""
    else:
        head = _("It pays a fixed amount for each of the %(base)s of a %(period)s.") % words
        mode = {
            BandMode.MARGINAL: _("Each is paid at the amount of its own band."),
            BandMode.WHOLE: _("All are paid at the amount that their number reaches."),
        }.get(terms.mode, "")
    if terms.form == PlanForm.RATE and not any(band.rate for rows in terms.bands.values() for band in rows):
        return [_("On the %(base)s of each %(period)s it pays only what follows.") % words]
    several = any(len(rows) > 1 for rows in terms.bands.values())
    return [
        head,
        *_tiers(terms, names),
        *([mode] if mode and (several or terms.mode == BandMode.GROWTH) else []),
        *_base_line(terms),
    ]


def _tiers(terms: Terms, names: Names) -> list[str]:
    """One sentence for each tier; one for all where several are paid alike."""
    said = {
        pk: bands_text(terms, rows)
        for pk, rows in terms.bands.items()
        if not terms.tiers or pk in terms.tiers
    }
    if len(set(said.values())) == 1 and len(said) > 1:
        return [_("In every tier: %(pays)s.") % {"pays": next(iter(said.values()))}]
    return [f"{name}: {said[pk]}." for pk, name in names.tiers.items() if pk in said]


def bands_text(terms: Terms, rows: Sequence[Band]) -> str:
    """ "5% up to €25,000, 6% up to €75,000, then 8%"."""
    parts = []
    for number, band in enumerate(rows):
        pays = (
            rate_text(band.rate) if terms.form == PlanForm.RATE else quick_money(band.amount, terms.currency)
        )
        if terms.form == PlanForm.FLAT and terms.base in MONEY_BASES:
            if band.amount:
                parts.append(
                    _("%(pays)s from %(start)s") % {"pays": pays, "start": quantity(terms, band.start)}
                )
        elif band.end is not None:
            parts.append(_("%(pays)s up to %(end)s") % {"pays": pays, "end": quantity(terms, band.end)})
        else:
            parts.append(_("then %(pays)s") % {"pays": pays} if number else pays)
    return ", ".join(parts) or _("nothing")


def _base_line(terms: Terms) -> list[str]:
    if not terms.has_baseline:
        return []
    said = terms.said
    if said.baseline == Baseline.FIXED:
        return [
            _("The baseline is %(amount)s.") % {"amount": quick_money(said.baseline_amount, terms.currency)}
        ]
    if said.baseline == Baseline.PREVIOUS_YEAR:
        return [_("The baseline is what counted in the same period of the year before.")]
    return [_("The baseline is what counted in the period before.")]


def _pool(terms: Terms, names: Names, words: Mapping[str, str]) -> list[str]:
    said = terms.said
    if said.pool_amount:
        size = _("At the end of each %(period)s a pool of %(pool)s is divided.") % {
            **words,
            "pool": quick_money(said.pool_amount, terms.currency),
        }
    else:
        size = _(
            "At the end of each %(period)s a pool of %(rate)s of everybody’s won revenue is divided."
        ) % {**words, "rate": rate_text(said.pool_rate)}
    by = {
        PoolBy.POINTS: _("Each partner’s part is in proportion to its scorecard’s score."),
        PoolBy.REVENUE: _("Each partner’s part is in proportion to its won revenue."),
        PoolBy.DEALS: _("Each partner’s part is in proportion to its won deals."),
        PoolBy.WEIGHTS: _("Each partner’s part is in proportion to the weight of its tier."),
    }[said.pool_by]
    weights = []
    if said.pool_by == PoolBy.WEIGHTS:
        rows = [
            f"{name} {terms.bands[pk][0].amount}" for pk, name in names.tiers.items() if terms.bands.get(pk)
        ]
        weights = [_("The weights: %(weights)s.") % {"weights": listed(rows)}]
    cents = _("Cents that do not divide go to the largest remainders, so the parts add up to the pool.")
    few = _("While fewer than %(count)d partners share it, each sees its own part alone.") % {
        "count": ENOUGH_PEERS
    }
    # The amount is what the plan offers, so it is told; what follows from it is said rather than left to be found.
    rest = _("As the pool is known, so is what the others get together.")
    return [
        size,
        by,
        *weights,
        cents,
        *_shown(
            terms,
            _("partners see their own part and how many share the pool"),
            _("all parts are shown, without names"),
            _("all parts are shown, with names"),
        ),
        few,
        *([rest] if said.pool_amount else []),
    ]


def _shown(terms: Terms, own: str, anonymous: str, names: str) -> list[str]:
    text = {Shown.OWN: own, Shown.ANONYMOUS: anonymous, Shown.NAMES: names}[terms.said.shown]
    return [_("What others see: %(what)s.") % {"what": text}]


def _conditions(terms: Terms, names: Names) -> list[str]:
    said, found = terms.said, []
    things = [names.families[pk] for pk in said.families if pk in names.families]
    things += [names.products[pk] for pk in said.products if pk in names.products]
    if things:
        found.append(_("Only deals for %(products)s count.") % {"products": _either(things)})
    if said.activities:
        rows = [names.activities.get(code, code) for code in said.activities]
        found.append(_("What counts: %(activities)s.") % {"activities": _either(rows)})
    if said.min_deal:
        found.append(_("A deal counts from %(amount)s on.") % {"amount": quantity(terms, said.min_deal)})
    if said.min_period:
        found.append(
            _("Nothing is paid in a %(period)s whose total is below %(amount)s.")
            % {"period": period_word(terms.period), "amount": quantity(terms, said.min_period)}
        )
    return found


def _extras(terms: Terms, names: Names) -> list[str]:
    said, found = terms.said, []
    if said.quota is not None:
        found.append(
            _("What lies above %(quota)s is paid at %(times)s times the rate.")
            % {"quota": quantity(terms, said.quota), "times": f"{said.accelerator.normalize():f}"}
        )
    if said.registered_rate:
        found.append(_("A registered deal earns %(rate)s more.") % {"rate": rate_text(said.registered_rate)})
    if said.registered_amount:
        found.append(
            _("A registered deal earns %(amount)s more.")
            % {"amount": quick_money(said.registered_amount, terms.currency)}
        )
    if said.shared:
        found.append(_("Partners that sell a deal together each earn on their share of it."))
    return found


def _limits(terms: Terms, names: Names) -> list[str]:
    said = terms.said
    money = lambda amount: quick_money(amount, terms.currency)  # noqa: E731
    found = []
    if said.deal_cap is not None:
        found.append(_("At most %(cap)s for one deal.") % {"cap": money(said.deal_cap)})
    if said.period_cap is not None:
        found.append(
            _("At most %(cap)s for one partner in a %(period)s.")
            % {"cap": money(said.period_cap), "period": period_word(terms.period)}
        )
    if said.partner_cap is not None:
        found.append(
            _("At most %(cap)s for one partner in a programme year.") % {"cap": money(said.partner_cap)}
        )
    if said.budget is not None:
        found.append(_("At most %(cap)s for all partners in a programme year.") % {"cap": money(said.budget)})
    if len(found) > (said.deal_cap is not None):
        found.append(
            _("When a limit is reached, what was earned first is paid in full and the rest is not.")
            if said.at_cap == AtCap.STOP
            else _(
                "When a limit is passed, everything is paid in proportion, so that it adds up to the limit."
            )
        )
    return found


def _paying(terms: Terms, names: Names) -> list[str]:
    said = terms.said
    since = (
        _("the end of the period")
        if terms.form == PlanForm.POOL
        else {
            Source.DEAL: _("the win"),
            Source.ACTIVITY: _("the day"),
            Source.ORDER: _("the delivery"),
        }[terms.source]
    )
    found = [
        ngettext(
            "It is payable %(days)d day after %(since)s, in %(currency)s.",
            "It is payable %(days)d days after %(since)s, in %(currency)s.",
            terms.hold_days,
        )
        % {"days": terms.hold_days, "since": since, "currency": terms.currency}
    ]
    if said.holdback:
        found.append(
            _("%(part)s of it is held back and payable %(days)d days after %(since)s.")
            % {"part": rate_text(said.holdback), "days": said.holdback_days, "since": since}
        )
    if terms.source == Source.ORDER:
        found.append(_("What comes back is taken off, whenever it does."))
    if terms.form == PlanForm.POOL or terms.source != Source.DEAL:
        return found
    if said.clawback_full_days is None:
        found.append(_("When a deal is reversed, all that it has earned is taken back."))
    elif said.clawback_half_days is None:
        found.append(
            _(
                "When a deal is reversed within %(full)d days, all that it has earned is taken back; after that nothing."
            )
            % {"full": said.clawback_full_days}
        )
    else:
        found.append(
            _(
                "When a deal is reversed within %(full)d days, all that it has earned is taken back; within %(half)d days half of it; after that nothing."
            )
            % {"full": said.clawback_full_days, "half": said.clawback_half_days}
        )
    return found


def _stacking(terms: Terms, names: Names) -> list[str]:
    excluded = [names.plans[pk] for pk in terms.said.excludes if pk in names.plans]
    if excluded:
        return [
            _(
                "It does not go together with %(plans)s: of these, the first in order that pays for a deal is the only one."
            )
            % {"plans": listed([f"“{name}”" for name in excluded])}
        ]
    return [_("It is paid beside other plans, unless one of them says otherwise.")]


def _campaign(terms: Terms, names: Names) -> list[str]:
    if not terms.said.campaign:
        return []
    return [
        _("It is a short campaign with a ranking."),
        *_shown(
            terms,
            _("partners see their own place and how many take part"),
            _("all places are shown, without names"),
            _("all places are shown, with names"),
        ),
    ]
