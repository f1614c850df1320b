"""The part of a plan's form that says its conditions, extras, limits and when it is paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from incentives.fields import PercentField, amount_text, parse_money, parse_number, plain
from incentives.plans import activities
from incentives.plans.enums import MONEY_BASES, AtCap, Baseline, PlanBase, PoolBy, Shown
from incentives.plans.models import Plan, PlanVersion
from incentives.plans.modifiers import Modifiers
from partners.directory.models import Product, ProductFamily


class AmountText(forms.CharField):
    """An amount as typed; what it is worth depends on the form's currency."""

    def __init__(self, label: Any, help_text: Any = ""):
        super().__init__(label=label, required=False, max_length=30, help_text=help_text)
        self.widget.attrs |= {"inputmode": "decimal", "class": "num"}


def _many(label: Any, help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, widget=forms.CheckboxSelectMultiple, help_text=help_text
    )


def _days(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=3650, help_text=help_text)


# Amounts of what the plan counts, and amounts that are always money.
_COUNTED = ("min_deal", "min_period", "quota")
_MONEY = (
    "deal_cap",
    "period_cap",
    "partner_cap",
    "budget",
    "registered_amount",
    "baseline_amount",
    "pool_amount",
)
_NONE = frozenset({"deal_cap", "period_cap", "partner_cap", "budget", "quota"})


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together; one that says something is shown open."""

    title: str
    fields: Sequence[Any]
    is_open: bool


class ModifierForm(forms.Form):
    """What `Modifiers` holds. Subclasses clean `base` and `currency` before."""

    families = _many(_("Only these product families"))
    products = _many(_("Only these products"))
    activities = _many(_("These activities"), _("Where the plan counts activities; none means all."))
    min_deal = AmountText(_("Least that one deal counts"), _("Smaller deals do not count at all."))
    min_period = AmountText(_("Least total of the period"), _("Below it nothing is paid."))
    baseline = forms.ChoiceField(
        label=_("Baseline"),
        choices=Baseline.choices,
        required=False,
        help_text=_("With which growth is compared."),
    )
    baseline_amount = AmountText(_("Fixed baseline"))
    quota = AmountText(_("Quota"), _("Above this total of the period the accelerator works."))
    accelerator = forms.CharField(
        label=_("Accelerator"),
        required=False,
        max_length=10,
        help_text=_("Such as 1.5 for one and a half times."),
    )
    registered_rate = PercentField(label=_("More for a registered deal (%)"), required=False)
    registered_amount = AmountText(_("More for a registered deal (amount)"))
    shared = forms.BooleanField(
        label=_("Partners that sell a deal together each earn on their share"), required=False
    )
    deal_cap = AmountText(_("Most for one deal"))
    period_cap = AmountText(_("Most for one partner in a period"))
    partner_cap = AmountText(_("Most for one partner in a programme year"))
    budget = AmountText(_("Budget: most for all partners in a programme year"))
    at_cap = forms.ChoiceField(label=_("When a limit is reached"), choices=AtCap.choices, required=False)
    pool_amount = AmountText(
        _("Pool of a period"),
        _("Partners read it. Where only two share it, each can work out the other’s part."),
    )
    pool_rate = PercentField(label=_("Or a part of everybody’s won revenue (%)"), required=False)
    pool_by = forms.ChoiceField(label=_("Divided by"), choices=PoolBy.choices, required=False)
    holdback = PercentField(label=_("Held back (%)"), required=False)
    holdback_days = _days(_("Released so many days after the win"))
    clawback_full_days = _days(
        _("Reversed within so many days: all comes back"), _("Empty: all comes back however late.")
    )
    clawback_half_days = _days(_("Reversed within so many days: half comes back"))
    order = forms.IntegerField(
        label=_("Order among the plans"),
        required=False,
        min_value=0,
        max_value=9999,
        help_text=_("Lower comes first."),
    )
    excludes = _many(
        _("Does not go together with"),
        _("Of plans that exclude each other, the first in order that pays for a deal is the only one."),
    )
    campaign = forms.BooleanField(label=_("A short campaign with a ranking"), required=False)
    shown = forms.ChoiceField(label=_("What partners see of others"), choices=Shown.choices, required=False)

    GROUPS = (
        (_("What counts"), ("families", "products", "activities", "min_deal", "min_period")),
        (_("Baseline of growth"), ("baseline", "baseline_amount")),
        (
            _("Extras"),
            ("quota", "accelerator", "registered_rate", "registered_amount", "shared"),
        ),
        (_("Limits"), ("deal_cap", "period_cap", "partner_cap", "budget", "at_cap")),
        (_("Pool"), ("pool_amount", "pool_rate", "pool_by")),
        (
            _("Held back and taken back"),
            ("holdback", "holdback_days", "clawback_full_days", "clawback_half_days"),
        ),
        (_("Beside other plans"), ("order", "excludes")),
        (_("Campaign, and what partners see"), ("campaign", "shown")),
    )
    # These always have a value, which says nothing by itself.
    _SILENT = frozenset({"baseline", "at_cap", "pool_by", "shown", "order"})

    def offer(self, plan: Plan | None) -> None:
        """Fill the choices. Four queries."""
        self.choose("families", ProductFamily.objects.order_by("name").values_list("pk", "name"))
        self.choose("products", Product.objects.order_by("name").values_list("pk", "name"))
        self.choose("activities", activities.choices())
        others = Plan.objects.order_by("name")
        if plan is not None:
            others = others.exclude(pk=plan.pk)
        self.choose("excludes", others.values_list("pk", "name"))

    def choose(self, name: str, rows: Any) -> None:
        self.fields[name].choices = [(str(key), label) for key, label in rows]  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[Group]:
        found = []
        for title, names in self.GROUPS:
            bound = [self[name] for name in names if getattr(self.fields[name], "choices", True)]
            opened = any(
                field.errors or (field.name not in self._SILENT and field.value()) for field in bound
            )
            found.append(Group(str(title), bound, bool(opened)))
        return found

    def clean_accelerator(self) -> Decimal:
        text = self.cleaned_data["accelerator"].strip()
        return parse_number(text) if text else Decimal(1)

    def said(self, base: PlanBase, currency: str) -> Modifiers | None:
        """The modifiers; None where an amount is none, which its field then says."""
        data, values = self.cleaned_data, {}
        for name in (*_COUNTED, *_MONEY):
            text = (data.get(name) or "").strip()
            if not text:
                values[name] = None if name in _NONE else 0
                continue
            try:
                money = name in _MONEY or base in MONEY_BASES
                values[name] = parse_money(text, currency) if money else whole_number(text)
            except ValidationError as error:
                self.add_error(name, error)
        if self.errors:
            return None
        return Modifiers(
            families=tuple(UUID(key) for key in data["families"]),
            products=tuple(UUID(key) for key in data["products"]),
            activities=tuple(data["activities"]),
            accelerator=data["accelerator"],
            registered_rate=data["registered_rate"] or Decimal(0),
            shared=data["shared"],
            at_cap=AtCap(data["at_cap"] or AtCap.STOP),
            baseline=Baseline(data["baseline"] or Baseline.PREVIOUS_YEAR),
            pool_rate=data["pool_rate"] or Decimal(0),
            pool_by=PoolBy(data["pool_by"] or PoolBy.REVENUE),
            holdback=data["holdback"] or Decimal(0),
            holdback_days=data["holdback_days"] or 0,
            clawback_full_days=data["clawback_full_days"],
            clawback_half_days=data["clawback_half_days"],
            order=100 if data["order"] is None else data["order"],
            excludes=tuple(UUID(key) for key in data["excludes"]),
            campaign=data["campaign"],
            shown=Shown(data["shown"] or Shown.OWN),
            **values,  # type: ignore[arg-type]
        )


def whole_number(text: str) -> int:
    number = parse_number(text)
    if number != number.to_integral_value() or number < 0:
        raise ValidationError(_g("Give a whole number of 0 or more."))
    return int(number)


def modifiers_initial(version: PlanVersion) -> dict[str, Any]:
    """What the form starts with: the version before it."""
    said, currency = version.said, version.plan.currency
    money = version.base in MONEY_BASES
    found: dict[str, Any] = {}
    for name in (*_COUNTED, *_MONEY):
        value = getattr(said, name)
        if value is not None and (value or name in _NONE):
            found[name] = amount_text(value, currency) if money or name in _MONEY else str(value)
    return found | {
        "families": [str(key) for key in said.families],
        "products": [str(key) for key in said.products],
        "activities": list(said.activities),
        "accelerator": plain(said.accelerator) if said.accelerator != 1 else "",
        "registered_rate": said.registered_rate or None,
        "shared": said.shared,
        "at_cap": said.at_cap,
        "baseline": said.baseline,
        "pool_rate": said.pool_rate or None,
        "pool_by": said.pool_by,
        "holdback": said.holdback or None,
        "holdback_days": said.holdback_days or None,
        "clawback_full_days": said.clawback_full_days,
        "clawback_half_days": said.clawback_half_days,
        "order": said.order,
        "excludes": [str(key) for key in said.excludes],
        "campaign": said.campaign,
        "shown": said.shown,
    }
