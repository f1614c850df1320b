"""Forms of tiers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.fields import PercentField
from incentives.tiers.models import ManualCheck, Tier, TierBenefit, TierPolicy
from partners.directory.fields import DateField


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


class CheckForm(forms.ModelForm):
    class Meta:
        model = ManualCheck
        fields = ("name", "description", "is_active")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if ManualCheck.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a check of this name already."))
        return name


class MarkForm(forms.Form):
    """Confirm a check for a partner."""

    item = forms.ModelChoiceField(label=_("Check"), queryset=None)
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        help_text=_("What was looked at. The partner can read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    expires_on = DateField(
        label=_("Valid until"), required=False, help_text=_("The last day. Leave it empty for no end.")
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = ManualCheck.objects.filter(is_active=True)  # type: ignore[attr-defined]


class OverrideForm(forms.Form):
    """Propose a tier by hand."""

    tier = forms.ModelChoiceField(label=_("Tier"), queryset=None)
    ends_on = DateField(
        label=_("Ends on"), help_text=_("From this day on the partner holds again what it holds now.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.order_by("rank")  # type: ignore[attr-defined]


class BenefitForm(forms.ModelForm):
    class Meta:
        model = TierBenefit
        fields = ("name", "repeats", "is_active")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        others = TierBenefit.objects.filter(tier=self.instance.tier, name__iexact=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("The tier has a benefit of this name already."))
        return name
