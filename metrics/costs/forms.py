from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from metrics.costs import actions
from metrics.costs.models import Category, Cost
from partners.directory.fields import AmountField, DateField
from partners.directory.models import Partner
from partners.directory.queries import standing_partners
from portal.accounts.models import Membership


class CostForm(forms.Form):
    spent_on = DateField(label=_("Spent on"), help_text=_("For a whole month take its first day."))
    category = forms.ChoiceField(label=_("Category"), choices=Category)
    amount = AmountField(label=_("Amount"))
    partner = forms.ModelChoiceField(
        label=_("For which partner?"),
        queryset=Partner.objects.none(),
        required=False,
        empty_label=_("The whole programme"),
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, by: Membership, cost: Cost | None = None, **kwargs: Any):
        self.by, self.cost = by, cost
        if cost is not None:
            kwargs["initial"] = {name: getattr(cost, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = standing_partners(cost.partner_id if cost else None)
        self.fields["amount"].for_currency(cost.currency if cost else by.tenant.currency)

    def save(self) -> Cost:
        if self.cost is None:
            return actions.record_cost(by=self.by, **self.cleaned_data)
        return actions.change_cost(self.cost, by=self.by, **self.cleaned_data)
