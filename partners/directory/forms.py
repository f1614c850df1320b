"""Input for partners, customers and products. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory import actions
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.fields import AmountField, CountryField, DateField
from partners.directory.models import Customer, Partner, Product, ProductFamily
from partners.directory.queries import families, managers
from portal.accounts.models import Membership


class PartnerForm(forms.Form):
    """Create or change a partner; only an admin names the manager."""

    name = forms.CharField(label=_("Company name"), max_length=200)
    type = forms.ChoiceField(label=_("Type"), choices=PartnerType)
    manager = forms.ModelChoiceField(
        label=_("Channel manager"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Nobody yet"),
        help_text=_("Decides on this partner's registrations. Without one, every channel manager may."),
    )
    country = CountryField(required=False)
    region = forms.CharField(
        label=_("Region"),
        max_length=100,
        required=False,
        help_text=_(
            "As your programme divides the world, such as EMEA. Partners of one type and region are peers."
        ),
    )
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    joined_on = DateField(label=_("Partner since"), required=False)

    def __init__(self, *args: Any, by: Membership, partner: Partner | None = None, **kwargs: Any):
        self.by, self.partner = by, partner
        if partner is not None:
            names = ("name", "type", "manager", "country", "region", "website", "joined_on")
            kwargs["initial"] = {name: getattr(partner, name) for name in names}
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = managers()
        if not by.is_admin:
            del self.fields["manager"]

    def save(self) -> Partner:
        if self.partner is None:
            return actions.create_partner(by=self.by, **self.cleaned_data)
        return actions.update_partner(self.partner, by=self.by, **self.cleaned_data)


class StatusForm(forms.Form):
    """Why a partner's status changes."""

    reason = forms.CharField(
        label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), required=False
    )

    def __init__(self, *args: Any, by: Membership, partner: Partner, status: PartnerStatus, **kwargs: Any):
        self.by, self.partner, self.status = by, partner, status
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = (
            status in (PartnerStatus.SUSPENDED, PartnerStatus.TERMINATED)
            or partner.status == PartnerStatus.TERMINATED
        )

    def save(self) -> Partner:
        reason = self.cleaned_data["reason"]
        return actions.change_partner_status(self.partner, self.status, by=self.by, reason=reason)


class CustomerForm(forms.Form):
    """A customer's details, kept by the vendor for all who serve it."""

    name = forms.CharField(label=_("Company name"), max_length=200)
    domain = forms.CharField(
        label=_("Web domain"),
        max_length=253,
        required=False,
        help_text=_("Such as example.com; it tells namesakes apart."),
    )
    country = CountryField(required=False)
    industry = forms.CharField(label=_("Industry"), max_length=100, required=False)
    employees = forms.IntegerField(label=_("Employees"), min_value=0, max_value=2**31 - 1, required=False)
    parent_name = forms.CharField(label=_("Subsidiary of"), max_length=200, required=False)
    started_on = DateField(label=_("Customer since"), required=False)
    ended_on = DateField(label=_("Customer until"), required=False)

    def __init__(self, *args: Any, by: Membership, customer: Customer | None = None, **kwargs: Any):
        self.by, self.customer = by, customer
        if customer is not None:
            kwargs["initial"] = {name: getattr(customer, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> Customer:
        if self.customer is None:
            return actions.create_customer(by=self.by, **self.cleaned_data)
        return actions.update_customer(self.customer, by=self.by, **self.cleaned_data)


class ProductForm(forms.Form):
    """A product, its family and its price."""

    name = forms.CharField(label=_("Name"), max_length=200)
    sku = forms.CharField(label=_("Article number"), max_length=60, required=False)
    family = forms.ModelChoiceField(
        label=_("Family"),
        queryset=ProductFamily.objects.none(),
        help_text=_("A registration protects a customer for all products of one family."),
    )
    price = AmountField(label=_("List price"), required=False)
    is_active = forms.BooleanField(
        label=_("Sold now"),
        required=False,
        initial=True,
        help_text=_("Partners can only register what is sold now."),
    )

    def __init__(self, *args: Any, by: Membership, product: Product | None = None, **kwargs: Any):
        self.by, self.product = by, product
        if product is not None:
            kwargs["initial"] = {name: getattr(product, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["family"].queryset = families()
        self.fields["price"].for_currency(product.currency if product else by.tenant.currency)

    def save(self) -> Product:
        return actions.save_product(self.product, by=self.by, **self.cleaned_data)


class FamilyForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)

    def __init__(self, *args: Any, by: Membership, family: ProductFamily | None = None, **kwargs: Any):
        self.by, self.family = by, family
        kwargs["initial"] = {"name": family.name} if family else {}
        super().__init__(*args, **kwargs)

    def save(self) -> ProductFamily:
        return actions.save_family(self.family, by=self.by, name=self.cleaned_data["name"])


class EndForm(forms.Form):
    """Why a customer buys no longer, and since when."""

    ended_on = DateField(label=_("Last day"), initial=timezone.localdate)
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, by: Membership, customer: Customer, **kwargs: Any):
        self.by, self.customer = by, customer
        super().__init__(*args, **kwargs)

    def save(self) -> Customer:
        return actions.end_business(self.customer, by=self.by, **self.cleaned_data)


class ResumeForm(forms.Form):
    """Why a customer buys again."""

    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, by: Membership, customer: Customer, **kwargs: Any):
        self.by, self.customer = by, customer
        super().__init__(*args, **kwargs)

    def save(self) -> Customer:
        return actions.resume_business(self.customer, by=self.by, **self.cleaned_data)
