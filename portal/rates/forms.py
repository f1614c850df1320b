from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _


class RateForm(forms.Form):
    currency = forms.CharField(
        label=_("Currency"),
        max_length=3,
        help_text=_("Its three letters, such as USD."),
        widget=forms.TextInput({"autocapitalize": "characters", "autocomplete": "off"}),
    )
    rate = forms.DecimalField(label=_("Rate"), max_digits=20, decimal_places=10)
    starts_on = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, own: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["rate"].help_text = _g("What one unit of it is worth in %(own)s.") % {"own": own}

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()

    def clean_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise forms.ValidationError(_g("A rate is more than nothing."))
        return rate
