"""Forms of tiers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.fields import PercentField
from incentives.tiers.models import Tier, TierPolicy


class TierForm(forms.ModelForm):
    discount = PercentField(label=_("Discount (%)"))
    rebate_rate = PercentField(
        label=_("Rebate rate (%)"), help_text=_("Shown as a benefit; the plan decides what is paid.")
    )

    class Meta:
        model = Tier
        fields = (
            "name",
            "description",
            "colour",
            "discount",
            "rebate_rate",
            "lead_priority",
            "support_level",
        )
        help_texts = {"lead_priority": _("Higher numbers are offered leads first.")}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if Tier.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a tier of this name already."))
        return name


class PolicyForm(forms.ModelForm):
    class Meta:
        model = TierPolicy
        fields = (
            "period",
            "promotion",
            "automatic_promotion",
            "automatic_demotion",
            "grace_days",
            "only_at_year_end",
        )


class DecisionForm(forms.Form):
    """Confirm or decline a proposal."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, reason_required: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = reason_required
