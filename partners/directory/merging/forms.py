"""Input for a merge of two partner companies."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import TRADING_STATUSES
from partners.directory.merging import actions
from partners.directory.models import Partner, PartnerMerge
from portal.accounts.models import Membership


class ChooseForm(forms.Form):
    """Which company takes this one over."""

    kept = forms.ModelChoiceField(
        label=_("Becomes part of"), queryset=Partner.objects.none(), empty_label=_("Choose a company")
    )

    def __init__(self, *args: Any, partner: Partner, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = Partner.objects.filter(status__in=sorted(TRADING_STATUSES), merged_into=None)
        self.fields["kept"].queryset = others.exclude(pk=partner.pk).order_by("name")


class MergeForm(ChooseForm):
    """The same, with the reason, once the person has seen what moves."""

    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    confirm = forms.BooleanField(
        label=_("I have seen what moves. This cannot be undone."),
    )

    def __init__(self, *args: Any, by: Membership, partner: Partner, **kwargs: Any):
        self.by, self.partner = by, partner
        super().__init__(*args, partner=partner, **kwargs)
        self.fields["kept"].widget = forms.HiddenInput()

    def save(self) -> PartnerMerge:
        data = self.cleaned_data
        return actions.merge_partners(self.partner, data["kept"], by=self.by, reason=data["reason"])
