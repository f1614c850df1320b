"""Input for direct accounts and merges. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.fields import CountryField
from partners.directory.models import Customer
from partners.matching import actions
from partners.matching.models import CustomerMerge, DirectAccount
from portal.accounts.models import Membership


class AccountForm(forms.Form):
    """A company that the vendor sells to itself."""

    name = forms.CharField(label=_("Company name"), max_length=200)
    domain = forms.CharField(
        label=_("Web domain"),
        max_length=253,
        required=False,
        help_text=_("Such as example.com; it tells namesakes apart."),
    )
    country = CountryField(required=False)
    note = forms.CharField(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("For your own people; no partner reads it."),
    )

    def __init__(self, *args: Any, by: Membership, account: DirectAccount | None = None, **kwargs: Any):
        self.by, self.account = by, account
        if account is not None:
            kwargs["initial"] = {name: getattr(account, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> DirectAccount:
        return actions.save_account(self.account, by=self.by, **self.cleaned_data)


class RemoveForm(forms.Form):
    """Nothing to fill in: sending it is the answer."""

    def __init__(self, *args: Any, by: Membership, account: DirectAccount, **kwargs: Any):
        self.by, self.account = by, account
        super().__init__(*args, **kwargs)

    def save(self) -> None:
        actions.remove_account(self.account, by=self.by)


class MergeForm(forms.Form):
    """Which of two records stays."""

    kept = forms.ChoiceField(label=_("Which record stays?"), widget=forms.RadioSelect)
    grounds = forms.CharField(label=_("Why are they one?"), max_length=200, required=False)

    def __init__(self, *args: Any, by: Membership, pair: tuple[Customer, Customer], **kwargs: Any):
        self.by, self.pair = by, {str(customer.pk): customer for customer in pair}
        kwargs["initial"] = {"kept": str(pair[0].pk)}
        super().__init__(*args, **kwargs)
        self.fields["kept"].choices = [
            (str(customer.pk), f"{customer.name} ({customer.number})") for customer in pair
        ]

    def save(self) -> CustomerMerge:
        kept = self.pair[self.cleaned_data["kept"]]
        merged = next(customer for customer in self.pair.values() if customer != kept)
        return actions.merge_customers(kept, merged, by=self.by, grounds=self.cleaned_data["grounds"])
