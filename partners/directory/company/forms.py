"""Input for what a partner company says of itself, and for what the programme asks of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.company import actions
from partners.directory.company.enums import AddressKind
from partners.directory.company.queries import Company, locator_policy, regions_in_use
from partners.directory.fields import CountryField
from partners.directory.models import (
    CompanyProfile,
    Competence,
    LocatorPolicy,
    Partner,
    PartnerAddress,
    PartnerContact,
)
from portal.accounts.models import Membership

MOST_REGIONS = 20


class RegionsField(forms.CharField):
    """Names of regions, one a line; cleans to a list without repetitions."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(max_length=2000, **kwargs)

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        names = dict.fromkeys(" ".join(line.split())[:100] for line in text.replace(",", "\n").splitlines())
        found = [name for name in names if name]
        if len(found) > MOST_REGIONS:
            raise forms.ValidationError(_("Name at most %s regions.") % MOST_REGIONS)
        return found

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class ProfileForm(forms.Form):
    """What the company says of itself."""

    description = forms.CharField(
        label=_("About the company"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What you do, for whom, and what you are known for. Customers may read it."),
    )
    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")
    country = CountryField(required=False)
    region = forms.CharField(
        label=_("Home region"),
        max_length=100,
        required=False,
        help_text=_("As the programme divides the world, such as EMEA."),
    )
    regions = RegionsField(
        label=_("Regions you serve"),
        required=False,
        help_text=_("One on each line, such as Benelux or Bavaria."),
    )
    competences = forms.ModelMultipleChoiceField(
        label=_("Competences"),
        queryset=Competence.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    public_email = forms.EmailField(
        label=_("Public e-mail address"), required=False, help_text=_("Shown in the partner locator.")
    )
    public_phone = forms.CharField(label=_("Public telephone number"), max_length=40, required=False)

    def __init__(self, *args: Any, by: Membership, company: Company, **kwargs: Any):
        self.by, self.partner = by, company.partner
        profile = company.profile
        kwargs["initial"] = {
            "website": company.partner.website,
            "country": company.partner.country,
            "region": company.partner.region,
            **{name: getattr(profile, name) for name in actions.PROFILE},
        }
        super().__init__(*args, **kwargs)
        if by.is_partner and company.partner.region:
            self.fields["region"].disabled = True
            self.fields["region"].help_text = _("Your channel manager changes it.")
        offered = Competence.objects.filter(is_active=True) | Competence.objects.filter(
            pk__in=profile.competences
        )
        self.fields["competences"].queryset = offered.order_by("name")
        if not offered.exists():
            del self.fields["competences"]
        known = regions_in_use() if by.is_vendor else []
        if known:
            self.fields["regions"].help_text = _("One on each line. Partners here name: %s.") % ", ".join(
                known[:8]
            )

    def save(self) -> CompanyProfile:
        return actions.save_profile(self.partner, by=self.by, **self.cleaned_data)


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=_("Logo"),
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, at most 2 MB. It is kept at up to 512 pixels."),
    )

    def __init__(self, *args: Any, by: Membership, partner: Partner, **kwargs: Any):
        self.by, self.partner = by, partner
        super().__init__(*args, **kwargs)

    def save(self) -> CompanyProfile:
        return actions.set_logo(self.partner, self.cleaned_data["logo"], by=self.by)


class AddressForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=AddressKind)
    street = forms.CharField(label=_("Street and number"), max_length=200)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100)
    country = CountryField()
    is_public = forms.BooleanField(
        label=_("Show it in the partner locator"),
        required=False,
        help_text=_("Customers find you by the addresses that are shown."),
    )

    def __init__(
        self, *args: Any, by: Membership, partner: Partner, row: PartnerAddress | None = None, **kwargs: Any
    ):
        self.by, self.partner, self.row = by, partner, row
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> PartnerAddress:
        return actions.save_address(self.partner, self.row, by=self.by, **self.cleaned_data)


class ContactForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    job_title = forms.CharField(label=_("Job title"), max_length=100, required=False)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(label=_("Telephone number"), max_length=40, required=False)
    about = forms.CharField(
        label=_("Speak to them about"),
        max_length=200,
        required=False,
        help_text=_("Such as invoices or tenders."),
    )

    def __init__(
        self, *args: Any, by: Membership, partner: Partner, row: PartnerContact | None = None, **kwargs: Any
    ):
        self.by, self.partner, self.row = by, partner, row
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> PartnerContact:
        return actions.save_contact(self.partner, self.row, by=self.by, **self.cleaned_data)


class CompetenceForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    is_active = forms.BooleanField(
        label=_("Partners can choose it"),
        required=False,
        initial=True,
        help_text=_("What is no longer offered stays with the partners that have it."),
    )

    def __init__(self, *args: Any, by: Membership, competence: Competence | None = None, **kwargs: Any):
        self.by, self.competence = by, competence
        if competence is not None:
            kwargs["initial"] = {"name": competence.name, "is_active": competence.is_active}
        super().__init__(*args, **kwargs)

    def save(self) -> Competence:
        return actions.save_competence(self.competence, by=self.by, **self.cleaned_data)


class LocatorForm(forms.Form):
    is_open = forms.BooleanField(
        label=_("Anybody may search for partners"),
        required=False,
        help_text=_("Only active partners that agreed are found, with what they made public."),
    )
    heading = forms.CharField(
        label=_("Heading"), max_length=120, required=False, help_text=_("“Find a partner” when empty.")
    )
    text = forms.CharField(
        label=_("Introduction"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    show_tier = forms.BooleanField(label=_("Show each partner’s tier"), required=False)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        self.by = by
        policy = locator_policy()
        kwargs["initial"] = {name: getattr(policy, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> LocatorPolicy:
        return actions.save_locator(by=self.by, **self.cleaned_data)
