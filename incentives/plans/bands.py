"""Bands of a plan: half-open stretches `[start, end)` of what it counts, each with a rate or an amount.

Everything here is pure. Amounts are minor units of the plan's currency, rates are fractions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from django.utils.translation import gettext as _

from incentives.plans.enums import MONEY_BASES, BandMode, PlanBase, PlanForm


class BandError(ValueError):
    """The bands leave a gap, overlap, or do not begin at nothing. The message is for who typed them."""


@dataclass(frozen=True, slots=True)
class Band:
    """`rate` of what lies from `start` up to but not including `end` (None: without end), or a fixed `amount`."""

    start: int
    end: int | None
    rate: Decimal
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a deal's base that fell into one band. `each` is the amount for one where the plan counts,
    `why` is `registered` for a bonus and `quota` for what lies above the quota."""

    base: int
    rate: Decimal
    each: int = 0
    why: str = ""

    @property
    def earned(self) -> Decimal:
        return self.base * self.rate + self.base * self.each


def check_bands(
    bands: Sequence[Band],
    mode: BandMode,
    form: PlanForm = PlanForm.RATE,
    base: PlanBase = PlanBase.REVENUE,
) -> None:
    """Raise BandError unless the bands follow each other from 0 without gap or overlap.

    Only the last may be without end. With `whole` it must be, since a total beyond the last band would
    otherwise take back everything earned below it; with `marginal` a last end is a limit to what earns.
    """
    if not bands:
        raise BandError(_("Give at least one band."))
    if bands[0].start != 0:
        raise BandError(_("The first band must begin at 0."))
    for number, band in enumerate(bands, start=1):
        if not 0 <= band.rate <= 1:
            raise BandError(_("Band %(number)d: a rate lies between 0%% and 100%%.") % {"number": number})
        if band.end is None and number < len(bands):
            raise BandError(_("Band %(number)d: only the last band may be without end.") % {"number": number})
        if band.end is not None and band.end <= band.start:
            raise BandError(_("Band %(number)d must end above where it begins.") % {"number": number})
    for number, (band, following) in enumerate(pairwise(bands), start=1):
        end = band.start if band.end is None else band.end
        if form == PlanForm.FLAT and base in MONEY_BASES and following.amount < band.amount:
            raise BandError(
                _("Band %(number)d must pay at least what the band before it pays.") % {"number": number + 1}
            )
        if following.start > end:
            raise BandError(
                _("There is a gap between band %(number)d and band %(next)d.")
                % {"number": number, "next": number + 1}
            )
        if following.start < end:
            raise BandError(
                _("Bands %(number)d and %(next)d overlap.") % {"number": number, "next": number + 1}
            )
    if mode != BandMode.MARGINAL and bands[-1].end is not None:
        raise BandError(_("When all revenue is paid at the rate reached, the last band must be without end."))


def rate_reached(bands: Sequence[Band], total: int) -> Decimal:
    """The rate of the band in which the total lies; 0 where none does."""
    band = band_reached(bands, total)
    return band.rate if band else Decimal(0)


def amount_reached(bands: Sequence[Band], total: int) -> int:
    """The fixed amount of the band in which the total lies; 0 where none does."""
    band = band_reached(bands, total)
    return band.amount if band else 0


def slices(bands: Sequence[Band], before: int, after: int) -> list[Slice]:
    """How the stretch `[before, after)` of the running total falls into the bands."""
    parts = []
    for band in bands:
        low = max(before, band.start)
        high = after if band.end is None else min(after, band.end)
        if high > low:
            parts.append(Slice(high - low, band.rate, band.amount))
    return parts


def band_reached(bands: Sequence[Band], total: int) -> Band | None:
    """The band in which the total lies."""
    return next(
        (band for band in bands if band.start <= total and (band.end is None or total < band.end)), None
    )


def exact_amount(parts: Iterable[Slice]) -> Decimal:
    """What the slices earn, in minor units, before rounding."""
    return sum((part.earned for part in parts), Decimal(0))
