"""Input for leads. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from partners.deals.enums import MarketingChannel
from partners.directory.fields import AmountField, CountryField, DateField
from partners.directory.importers import INDUSTRIES
from partners.directory.models import Partner, Product, ProductFamily
from partners.directory.queries import products_on_sale, trading_partners
from partners.leads import actions
from partners.leads.models import Lead
from partners.leads.queries import assignable_partners
from portal.accounts.models import Membership

SOURCES = (
    _("Website"),
    _("Trade fair"),
    _("Recommendation"),
    _("Telephone"),
    _("Webinar"),
    _("Advertisement"),
)
CHANNELS = [("", _("Not known")), *MarketingChannel.choices]


class LeadForm(forms.Form):
    """A lead, entered or changed. The vendor's people say whose it is when they enter it."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    partner = forms.ModelChoiceField(
        label=_("Whose lead is it?"),
        queryset=Partner.objects.none(),
        required=False,
        empty_label=_("Ours: give it to a partner by the rules"),
        help_text=_("Choose a partner to submit a lead on its behalf."),
    )
    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    domain = forms.CharField(
        label=_("Website"),
        max_length=253,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "example.com", "inputmode": "url"}),
    )
    country = CountryField(required=False)
    region = forms.CharField(
        label=_("Region"),
        max_length=100,
        required=False,
        help_text=_("Left empty, it follows from the country."),
        widget=forms.TextInput(attrs={"list": "lead-regions", "autocomplete": "off"}),
    )
    industry = forms.CharField(
        label=_("Industry"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"list": "lead-industries", "autocomplete": "off"}),
    )
    employees = forms.IntegerField(
        label=_("Employees"),
        required=False,
        min_value=0,
        max_value=10_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    person = forms.CharField(label=_("Name"), max_length=150, required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=100, required=False)
    email = forms.EmailField(label=_("E-mail address"), required=False)
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=50,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    consent = forms.CharField(
        label=_("Consent"),
        max_length=500,
        required=False,
        help_text=_("When and how the person agreed to be contacted."),
    )
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False, empty_label=_("Not known yet")
    )
    family = forms.ModelChoiceField(
        label=_("Product family"),
        queryset=ProductFamily.objects.none(),
        required=False,
        empty_label=_("Not known yet"),
        help_text=_("Where the product is not known yet."),
    )
    budget = AmountField(label=_("Budget"), required=False)
    need = forms.CharField(
        label=_("What do they need?"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=100,
        required=False,
        help_text=_("Such as a trade fair, the website or a recommendation."),
        widget=forms.TextInput(attrs={"list": "lead-sources", "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=CHANNELS,
        required=False,
        help_text=_(
            "Paid: advertising. Earned: recommendations, press. Owned: your own website, mail or events."
        ),
    )
    notes = forms.CharField(
        label=_("Your notes"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    suggestions = {"lead-industries": [name.capitalize() for name in INDUSTRIES], "lead-sources": SOURCES}

    def __init__(self, *args: Any, by: Membership, lead: Lead | None = None, **kwargs: Any):
        self.by, self.lead = by, lead
        kwargs["initial"] = _initial(lead, by) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if by.is_partner or lead is not None:
            del self.fields["partner"]
        else:
            self.fields["partner"].queryset = trading_partners(by).order_by("name")
        if by.is_partner:
            del self.fields["region"]
        elif lead is None or not lead.is_own:
            # Notes are those of the partner that works on it.
            del self.fields["notes"]
        products = products_on_sale()
        if lead is not None and lead.product_id:
            products = products | Product.objects.filter(pk=lead.product_id).select_related("family")
        self.fields["product"].queryset = products
        self.fields["family"].queryset = ProductFamily.objects.order_by("name")
        self.fields["budget"].for_currency(by.tenant.currency)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("company") and not data.get("person"):
            self.add_error("company", _("Name the company or the person."))
        if not self.errors and not any(data.get(name) for name in ("email", "phone", "domain")):
            self.add_error("email", _("Give an e-mail address, a telephone number or a website."))
        return data

    def save(self) -> Lead:
        data = dict(self.cleaned_data)
        token, version, partner = data.pop("token"), data.pop("version"), data.pop("partner", None)
        if self.lead is not None:
            return actions.update_lead(self.lead, by=self.by, version=version, **data)
        if self.by.is_partner:
            partner = Partner.objects.get(pk=self.by.partner_id)
        if partner is not None:
            return actions.submit_lead(partner, by=self.by, lead_id=token, **data)
        return actions.enter_lead(by=self.by, lead_id=token, **data)


def _initial(lead: Lead | None, by: Membership) -> dict[str, Any]:
    if lead is None:
        return {"token": uuid7(), "country": by.tenant.country}
    names = [name for name in LeadForm.base_fields if name not in ("token", "version", "partner")]
    return {"version": lead.version, **{name: getattr(lead, name) for name in names}}


class StepForm(forms.Form):
    """Base of the forms of one verb: they know the lead, who acts, and which version was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Membership, lead: Lead, **kwargs: Any):
        self.by, self.lead = by, lead
        kwargs["initial"] = {"version": lead.version} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    @property
    def seen(self) -> dict[str, Any]:
        return {"by": self.by, "version": self.cleaned_data["version"]}

    def save(self) -> Lead | None:
        raise NotImplementedError


class NotesForm(StepForm):
    """What a partner writes on a lead that the vendor gave it."""

    notes = forms.CharField(
        label=_("Your notes"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )

    def __init__(self, *args: Any, by: Membership, lead: Lead, **kwargs: Any):
        super().__init__(*args, by=by, lead=lead, initial={"notes": lead.notes}, **kwargs)

    def save(self) -> Lead:
        return actions.update_lead(self.lead, notes=self.cleaned_data["notes"], **self.seen)


class AcceptForm(StepForm):
    def save(self) -> Lead:
        return actions.accept(self.lead, **self.seen)


class ReasonForm(StepForm):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class DeclineForm(ReasonForm):
    def save(self) -> None:
        actions.decline(self.lead, reason=self.cleaned_data["reason"], **self.seen)


class DisqualifyForm(ReasonForm):
    def save(self) -> Lead:
        return actions.disqualify(self.lead, reason=self.cleaned_data["reason"], **self.seen)


class ReopenForm(StepForm):
    def save(self) -> Lead:
        return actions.reopen(self.lead, **self.seen)


class PoolForm(StepForm):
    def save(self) -> Lead:
        return actions.put_in_pool(self.lead, **self.seen)


class TakeBackForm(StepForm):
    def save(self) -> Lead:
        return actions.take_back(self.lead, **self.seen)


class DistributeForm(StepForm):
    def save(self) -> Lead:
        return actions.distribute(self.lead, **self.seen)


class OfferForm(StepForm):
    partner = forms.ModelChoiceField(
        label=_("To which partner?"), queryset=Partner.objects.none(), empty_label=_("Choose…")
    )

    def __init__(self, *args: Any, by: Membership, lead: Lead, **kwargs: Any):
        super().__init__(*args, by=by, lead=lead, **kwargs)
        self.fields["partner"].queryset = assignable_partners(by)

    def save(self) -> Lead:
        return actions.offer(self.lead, self.cleaned_data["partner"], **self.seen)


class ConvertForm(StepForm):
    """The deal, as the lead describes it: one button makes customer and deal of it."""

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    customer_name = forms.CharField(label=_("Customer"), max_length=200)
    customer_domain = forms.CharField(label=_("Customer’s website"), max_length=253, required=False)
    customer_country = CountryField(label=_("Customer’s country"), required=False)
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False, empty_label=_("Choose…")
    )
    amount = AmountField(label=_("Expected amount"), required=False)
    expected_close = DateField(
        label=_("Expected close"), required=False, help_text=_("When you expect the order.")
    )
    notes = forms.CharField(
        label=_("Notes"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, by: Membership, lead: Lead, submitting: bool = False, **kwargs: Any):
        self.submitting = submitting and lead.is_own
        initial = {
            "token": uuid7(),
            "customer_name": lead.headline,
            "customer_domain": lead.domain,
            "customer_country": lead.country,
            "product": lead.product_id,
            "amount": lead.budget,
            "notes": actions.deal_notes(lead),
        }
        super().__init__(*args, by=by, lead=lead, initial=initial, **kwargs)
        self.fields["product"].queryset = products_on_sale()
        self.fields["amount"].for_currency(lead.currency)
        if self.submitting:
            for name in ("product", "amount", "expected_close"):
                self.fields[name].required = True

    def save(self) -> Lead:
        data = dict(self.cleaned_data)
        token = data.pop("token")
        return actions.convert(self.lead, by=self.by, deal_id=token, submit=self.submitting, **data)
