"""The one form of a plan: its dates, whom it is for, and a table of rates by band and tier."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from incentives.fields import PercentField, amount_text, parse_money, plain
from incentives.plans.actions import VersionDraft
from incentives.plans.bands import Band, BandError, check_bands
from incentives.plans.enums import BandMode
from incentives.plans.models import Plan, PlanRate, PlanVersion
from incentives.tiers.models import Tier
from metrics.periods import PeriodKind
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from portal.money import CURRENT_CURRENCIES

MAX_BANDS = 10


class PlanForm(forms.Form):
    """What a version says beside its rates."""

    name = forms.CharField(label=_("Name"), max_length=80)
    currency = forms.CharField(
        label=_("Currency"), max_length=3, help_text=_("The plan’s earnings are in this currency for good.")
    )
    exchange_rate = forms.DecimalField(
        label=_("Exchange rate"),
        max_digits=20,
        decimal_places=10,
        min_value=Decimal("0.0000000001"),
        initial=Decimal(1),
        help_text=_("The plan’s currency for one unit of the programme’s; 1 where they are the same."),
    )
    starts_on = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Empty: until another version begins."),
    )
    mode = forms.ChoiceField(label=_("How bands pay"), choices=BandMode.choices)
    period = forms.ChoiceField(label=_("Revenue is counted by"), choices=PeriodKind.choices)
    hold_days = forms.IntegerField(
        label=_("Days on hold"),
        min_value=0,
        max_value=730,
        help_text=_("How long after the win an amount becomes payable."),
    )
    partner_types = forms.MultipleChoiceField(
        label=_("Only for these types of partner"),
        choices=PartnerType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    regions = forms.MultipleChoiceField(
        label=_("Only for these regions"), required=False, widget=forms.CheckboxSelectMultiple
    )
    tiers = forms.MultipleChoiceField(
        label=_("Only for these tiers"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label=_("What changes"), max_length=300, required=False)

    def __init__(self, *args: Any, plan: Plan | None, tiers: Sequence[Tier], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.plan = plan
        if plan is not None:
            for name in ("name", "currency"):
                self.fields[name].disabled = True
                self.fields[name].initial = getattr(plan, name)
        regions = (
            Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
        )
        self.fields["regions"].choices = [(region, region) for region in regions]
        self.fields["tiers"].choices = [(str(tier.pk), tier.name) for tier in tiers]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if self.plan is None and Plan.objects.filter(name__iexact=name).exists():
            raise ValidationError(_g("There is a plan of this name already."))
        return name

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].upper()
        if currency not in CURRENT_CURRENCIES:
            raise ValidationError(_g("“%(code)s” is not a currency, such as EUR.") % {"code": currency})
        return currency

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _g("The last day lies before the first."))
        return cleaned

    def draft(self, bands: Mapping[UUID, Sequence[Band]]) -> VersionDraft:
        data = self.cleaned_data
        return VersionDraft(
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            mode=BandMode(data["mode"]),
            period=PeriodKind(data["period"]),
            hold_days=data["hold_days"],
            bands=bands,
            exchange_rate=data["exchange_rate"],
            partner_types=tuple(data["partner_types"]),
            regions=tuple(data["regions"]),
            tier_ids=tuple(UUID(tier) for tier in data["tiers"]),
            note=data["note"],
        )


def initial_of(version: PlanVersion | None, currency: str, starts_on: dt.date) -> dict[str, Any]:
    """What the form of a new version starts with: the version before it."""
    if version is None:
        return {
            "currency": currency,
            "starts_on": starts_on,
            "mode": BandMode.MARGINAL,
            "period": PeriodKind.QUARTER,
            "hold_days": 30,
        }
    return {
        "exchange_rate": plain(version.exchange_rate),
        "starts_on": starts_on,
        "mode": version.mode,
        "period": version.period,
        "hold_days": version.hold_days,
        "partner_types": version.partner_types,
        "regions": version.regions,
        "tiers": [str(tier_id) for tier_id in version.tier_ids],
    }


@dataclass
class MatrixRow:
    """One band as typed: where it ends (empty: without end) and the rate of each tier."""

    end: str = ""
    rates: dict[str, str] = field(default_factory=dict)


@dataclass
class Matrix:
    """Rates by band and tier as typed. Each band begins where the one above it ends."""

    tiers: Sequence[Tier]
    rows: list[MatrixRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @classmethod
    def from_version(cls, version: PlanVersion | None, tiers: Sequence[Tier]) -> "Matrix":
        if version is None:
            return cls(tiers, [MatrixRow()])
        ends: dict[int | None, dict[str, str]] = {}
        for rate in PlanRate.objects.filter(version=version).order_by("band"):
            ends.setdefault(rate.band.upper, {})[str(rate.tier_id)] = plain(rate.rate * 100)
        currency = version.plan.currency
        rows = [
            MatrixRow("" if end is None else amount_text(end, currency), rates)
            for end, rates in sorted(ends.items(), key=lambda item: (item[0] is None, item[0] or 0))
        ]
        return cls(tiers, rows or [MatrixRow()])

    @classmethod
    def from_post(cls, data: Mapping[str, Any], tiers: Sequence[Tier]) -> "Matrix":
        rows = []
        while f"band-{len(rows)}-end" in data and len(rows) < MAX_BANDS:
            number = len(rows)
            rates = {str(tier.pk): data.get(f"rate-{number}-{tier.pk}", "") for tier in tiers}
            rows.append(MatrixRow(data[f"band-{number}-end"], rates))
        return cls(tiers, rows or [MatrixRow()])

    def change(self, command: str) -> None:
        """`add` a band above the last, or `remove:2`."""
        verb, _colon, number = command.partition(":")
        if verb == "add" and len(self.rows) < MAX_BANDS:
            self.rows.append(MatrixRow("", dict(self.rows[-1].rates)))
        elif verb == "remove" and number.isdigit() and int(number) < len(self.rows) > 1:
            self.rows.pop(int(number))

    def bands(self, currency: str, mode: BandMode) -> dict[UUID, tuple[Band, ...]] | None:
        """The bands of each tier; None when something is wrong, with the sentences in `errors`."""
        limits = [self._end(number, row, currency) for number, row in enumerate(self.rows, start=1)]
        rates = {
            tier.pk: [self._rate(number, row, tier) for number, row in enumerate(self.rows, start=1)]
            for tier in self.tiers
        }
        if self.errors:
            return None
        starts = [0, *(end or 0 for end in limits[:-1])]
        found = {
            tier_id: tuple(
                Band(start, end, rate) for start, end, rate in zip(starts, limits, column, strict=True)
            )
            for tier_id, column in rates.items()
        }
        try:
            for bands in found.values():
                check_bands(bands, mode)
        except BandError as error:
            self.errors.append(str(error))
            return None
        return found

    def _end(self, number: int, row: MatrixRow, currency: str) -> int | None:
        if not row.end.strip():
            return None
        try:
            return parse_money(row.end, currency)
        except ValidationError as error:
            self.errors.append(
                _g("Band %(number)d: %(error)s") % {"number": number, "error": error.messages[0]}
            )
            return None

    def _rate(self, number: int, row: MatrixRow, tier: Tier) -> Decimal:
        text = row.rates.get(str(tier.pk), "")
        try:
            rate = PercentField(required=True).clean(text)
        except ValidationError as error:
            self.errors.append(
                _g("Band %(number)d, %(tier)s: %(error)s")
                % {"number": number, "tier": tier.name, "error": error.messages[0]}
            )
            return Decimal(0)
        return rate

    @property
    def table(self) -> list[dict[str, Any]]:
        """For the template."""
        return [
            {
                "number": number,
                "label": number + 1,
                "start": self.rows[number - 1].end if number else "0",
                "end": row.end,
                "rates": [(tier, row.rates.get(str(tier.pk), "")) for tier in self.tiers],
            }
            for number, row in enumerate(self.rows)
        ]
