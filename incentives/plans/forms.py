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
from incentives.plans.enums import MONEY_BASES, BandMode, PlanBase
from incentives.plans.enums import PlanForm as Form
from incentives.plans.models import Plan, PlanRate, PlanVersion
from incentives.plans.modifier_forms import ModifierForm, modifiers_initial, whole_number
from incentives.plans.modifiers import Modifiers
from incentives.tiers.models import Tier
from metrics.periods import PeriodKind
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from portal.money import CURRENT_CURRENCIES

MAX_BANDS = 10


class PlanForm(ModifierForm):
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
    form = forms.ChoiceField(label=_("What it pays"), choices=Form.choices, initial=Form.RATE)
    base = forms.ChoiceField(label=_("What it counts"), choices=PlanBase.choices, initial=PlanBase.REVENUE)
    mode = forms.ChoiceField(label=_("How bands pay"), choices=BandMode.choices)
    period = forms.ChoiceField(label=_("It is counted by"), choices=PeriodKind.choices)
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
        self.offer(plan)

    @property
    def terms_fields(self) -> list[Any]:
        """What every plan says."""
        return [self[name] for name in PlanForm.declared_fields if name not in ModifierForm.base_fields]

    @property
    def counted(self) -> "Counted":
        """What the bands are made of, as chosen so far."""
        form = self["form"].value() or Form.RATE
        base = self["base"].value() or PlanBase.REVENUE
        return Counted(
            Form(form) if form in Form.values else Form.RATE,
            PlanBase(base) if base in PlanBase.values else PlanBase.REVENUE,
        )

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

    def draft(self, bands: Mapping[UUID, Sequence[Band]], said: Modifiers) -> VersionDraft:
        data = self.cleaned_data
        return VersionDraft(
            form=Form(data["form"]),
            base=PlanBase(data["base"]),
            said=said,
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
            "form": Form.RATE,
            "base": PlanBase.REVENUE,
            "mode": BandMode.MARGINAL,
            "period": PeriodKind.QUARTER,
            "hold_days": 30,
            "order": 100,
        }
    return modifiers_initial(version) | {
        "form": version.form,
        "base": version.base,
        "exchange_rate": plain(version.exchange_rate),
        "starts_on": starts_on,
        "mode": version.mode,
        "period": version.period,
        "hold_days": version.hold_days,
        "partner_types": version.partner_types,
        "regions": version.regions,
        "tiers": [str(tier_id) for tier_id in version.tier_ids],
    }


@dataclass(frozen=True, slots=True)
class Counted:
    """What a plan's bands are made of: percentages or amounts, of money or of numbers."""

    form: Form = Form.RATE
    base: PlanBase = PlanBase.REVENUE

    @property
    def is_money(self) -> bool:
        return self.base in MONEY_BASES

    @property
    def is_rate(self) -> bool:
        return self.form == Form.RATE


def _typed(rate: PlanRate, counted: Counted, currency: str) -> str:
    if counted.is_rate:
        return plain(rate.rate * 100)
    return str(rate.amount) if counted.form == Form.POOL else amount_text(rate.amount, currency)


@dataclass
class MatrixRow:
    """One band as typed: where it ends (empty: without end) and what each tier is paid in it."""

    end: str = ""
    rates: dict[str, str] = field(default_factory=dict)


@dataclass
class Matrix:
    """Rates by band and tier as typed. Each band begins where the one above it ends."""

    tiers: Sequence[Tier]
    rows: list[MatrixRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    counted: Counted = Counted()
    currency: str = ""

    @classmethod
    def from_version(cls, version: PlanVersion | None, tiers: Sequence[Tier]) -> "Matrix":
        if version is None:
            return cls(tiers, [MatrixRow()])
        counted, currency = Counted(Form(version.form), PlanBase(version.base)), version.plan.currency
        ends: dict[int | None, dict[str, str]] = {}
        for rate in PlanRate.objects.filter(version=version).order_by("band"):
            ends.setdefault(rate.band.upper, {})[str(rate.tier_id)] = _typed(rate, counted, currency)

        def end_text(end: int) -> str:
            return amount_text(end, currency) if counted.is_money else str(end)

        rows = [
            MatrixRow("" if end is None else end_text(end), rates)
            for end, rates in sorted(ends.items(), key=lambda item: (item[0] is None, item[0] or 0))
        ]
        return cls(tiers, rows or [MatrixRow()], counted=counted, currency=currency)

    @classmethod
    def from_post(
        cls, data: Mapping[str, Any], tiers: Sequence[Tier], counted: Counted = Counted()
    ) -> "Matrix":
        rows = []
        while f"band-{len(rows)}-end" in data and len(rows) < MAX_BANDS:
            number = len(rows)
            rates = {str(tier.pk): data.get(f"rate-{number}-{tier.pk}", "") for tier in tiers}
            rows.append(MatrixRow(data[f"band-{number}-end"], rates))
        return cls(tiers, rows or [MatrixRow()], counted=counted)

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
            tier.pk: [
                self._paid(number, row, tier, currency) for number, row in enumerate(self.rows, start=1)
            ]
            for tier in self.tiers
        }
        if self.errors:
            return None
        starts = [0, *(end or 0 for end in limits[:-1])]
        found = {
            tier_id: tuple(
                Band(start, end, rate, amount)
                for start, end, (rate, amount) in zip(starts, limits, column, strict=True)
            )
            for tier_id, column in rates.items()
        }
        try:
            for bands in found.values():
                check_bands(bands, mode, self.counted.form, self.counted.base)
        except BandError as error:
            self.errors.append(str(error))
            return None
        return found

    def _end(self, number: int, row: MatrixRow, currency: str) -> int | None:
        if not row.end.strip():
            return None
        try:
            return parse_money(row.end, currency) if self.counted.is_money else whole_number(row.end)
        except ValidationError as error:
            self.errors.append(
                _g("Band %(number)d: %(error)s") % {"number": number, "error": error.messages[0]}
            )
            return None

    def _paid(self, number: int, row: MatrixRow, tier: Tier, currency: str) -> tuple[Decimal, int]:
        """The rate and the fixed amount of a band; a tier left empty gets nothing of a fixed amount."""
        text = row.rates.get(str(tier.pk), "")
        try:
            if self.counted.is_rate:
                return PercentField(required=True).clean(text), 0
            if not text.strip():
                return Decimal(0), 0
            weight = self.counted.form == Form.POOL
            return Decimal(0), whole_number(text) if weight else parse_money(text, currency)
        except ValidationError as error:
            self.errors.append(
                _g("Band %(number)d, %(tier)s: %(error)s")
                % {"number": number, "tier": tier.name, "error": error.messages[0]}
            )
            return Decimal(0), 0

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
