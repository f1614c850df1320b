"""Input for shares."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.coselling import actions
from partners.coselling.models import Share
from partners.deals.models import Deal
from portal.accounts.models import Membership


class _Colleagues(forms.ModelChoiceField):
    def label_from_instance(self, member: Membership) -> str:
        return member.name


class InviteForm(forms.Form):
    """Whom, and with how much."""

    colleague = _Colleagues(
        label=_("Somebody of the vendor"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Nobody"),
    )
    email = forms.EmailField(
        label=_("Or somebody of another partner, by e-mail"),
        required=False,
        help_text=_("If the address belongs to a partner of the programme, they are asked to join."),
    )
    percent = forms.IntegerField(
        label=_("Share in per cent"),
        min_value=1,
        max_value=99,
        help_text=_("What they sell of the deal. You keep the rest."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    note = forms.CharField(
        label=_("Note to them"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, by: Membership, deal: Deal, **kwargs: Any):
        self.by, self.deal = by, deal
        super().__init__(*args, **kwargs)
        vendor = Membership.objects.filter(
            tenant_id=by.tenant_id, partner_id=None, is_active=True
        ).select_related("user")
        self.fields["colleague"].queryset = vendor.order_by("user__name")

    def save(self) -> Share:
        data = self.cleaned_data
        return actions.invite(
            self.deal,
            data["percent"],
            by=self.by,
            email=data["email"],
            colleague=data["colleague"],
            note=data["note"],
        )
