"""The form by which a deal is registered: who buys, what, for how much and when."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from partners.deals import actions
from partners.deals.actions.drafts import derived_title
from partners.deals.enums import OPEN_STAGES, SalesStage
from partners.deals.limits import has_passed, passed_close_text
from partners.deals.models import Deal
from partners.deals.product_lines import ProductLines, line_initial
from partners.deals.registering.customers import customer_meant, domain_typed, own_customer
from partners.deals.registering.from_file import LIMITS, OrderUnclear, Taken, take_file
from partners.directory.actions import rename_own_customer
from partners.directory.domains import company_domain, registrable_domain
from partners.directory.fields import AmountField, CountryField, DateField
from partners.directory.models import Customer, Partner
from partners.directory.queries import trading_partners
from partners.matching.actions import forget_own_customer, is_used_elsewhere, lock_customers
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.files.actions import attach
from portal.files.forms import FilesField
from portal.imports.parsing import DateOrder
from portal.imports.problems import FileRefused
from portal.imports.reading import check_size

STAGE_CHOICES = [(stage.value, stage.label) for stage in OPEN_STAGES]


class DealForm(ProductLines):
    """Register a deal, or complete one. `submitting` asks for all that the vendor needs to decide.

    The first product stands in the form itself and further ones in `lines`. `keep` saves what can be read and
    leaves the rest as it is: what is typed is kept while it is typed.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    partner = forms.ModelChoiceField(
        label=_("For which partner?"),
        queryset=Partner.objects.none(),
        help_text=_("You register this deal on the partner's behalf."),
    )
    customer_name = forms.CharField(
        label=_("Customer"),
        max_length=200,
        help_text=_(
            "The company that will buy: its name, or its website. Choose one of yours, or type a new one."
        ),
        widget=forms.TextInput(attrs={"list": "customer-names", "autocomplete": "off"}),
    )
    customer_domain = forms.CharField(
        label=_("Customer's website"),
        max_length=253,
        required=False,
        help_text=_("Optional. It tells companies of the same name apart, so that your claim is surer."),
        widget=forms.TextInput(attrs={"placeholder": "example.com", "inputmode": "url"}),
    )
    customer_country = CountryField(label=_("Customer's country"), required=False)
    amount = AmountField(
        label=_("Expected amount"),
        required=False,
        help_text=_("In all. Empty: what the products come to."),
    )
    expected_close = DateField(label=_("Expected close"), help_text=_("When you expect the order."))
    stage = forms.ChoiceField(
        label=_("How far are you?"), choices=STAGE_CHOICES, initial=SalesStage.PROSPECTING, required=False
    )
    notes = forms.CharField(
        label=_("Notes for the vendor"),
        max_length=5000,
        required=False,
        help_text=_("Who did you speak to, and what do they need? It makes the decision quicker."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    attachments = FilesField(
        label=_("Files"),
        required=False,
        help_text=_("Optional. A quote, an order or a plan: it makes the decision quicker."),
    )

    def __init__(
        self,
        *args: Any,
        by: Membership,
        deal: Deal | None = None,
        like: Deal | None = None,
        submitting: bool = False,
        **kwargs: Any,
    ):
        self.by, self.deal, self.submitting = by, deal, submitting
        kwargs["initial"] = _initial(deal, like) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if by.is_partner or deal is not None:
            del self.fields["partner"]
        else:
            self.fields["partner"].queryset = trading_partners(by).order_by("name")
        self.currency = deal.currency if deal else by.tenant.currency
        self.offer_lines(deal, self.currency, deal or like)
        self.fields["amount"].for_currency(self.currency)
        self.fields["product"].required = submitting
        if self.is_bound and not submitting:
            for name in ("customer_name", "expected_close"):
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.read_lines(strict=self.submitting)
        data = self.cleaned_data
        if data.get("amount") is None and "amount" not in self.errors:
            data["amount"] = actions.sum_of(self.asked)
            if self.submitting and data["amount"] is None:
                self.add_error("amount", _("Say what the deal is worth, or give each product a price."))
        if self.submitting:
            self._refuse_slips(data)
        return data

    def _refuse_slips(self, data: Mapping[str, Any]) -> None:
        """What can be read and still cannot be meant."""
        close, website = data.get("expected_close"), data.get("customer_domain", "")
        if close is not None and has_passed(close, self.by.tenant):
            self.add_error("expected_close", passed_close_text(close))
        if website and not registrable_domain(website):
            self.add_error(
                "customer_domain",
                _("“%(text)s” is not a website, such as example.com.") % {"text": website},
            )

    @property
    def says_something(self) -> bool:
        """There is more in it than what it came with."""
        names = ("customer_name", "customer_domain", "product", "amount", "expected_close", "notes")
        return any(str(self.data.get(name, "")).strip() for name in names)

    def save(self) -> list[Deal]:
        """The deal, created or changed and, when `submitting`, submitted: several where its products are of
        several families. In one transaction, the caller's."""
        if self.submitting:
            lock_customers()  # before the deal is locked, as whoever decides does
        deal = self.keep()
        for upload in self.cleaned_data["attachments"]:
            attach(deal, upload, by=self.by)
        if self.submitting and deal.is_editable:
            return actions.submit_each(deal, by=self.by)
        return [deal]

    def keep(self) -> Deal:
        """The deal as a draft, with all that can be read."""
        data = self.cleaned_data
        partner = self.deal.partner if self.deal else data.get("partner") or self._own_partner()
        names = ("product", "amount", "expected_close", "notes")
        fields = {name: data[name] for name in names if name in data}
        fields["stage"] = SalesStage(data.get("stage") or SalesStage.PROSPECTING)
        before = self.deal.customer if self.deal else None
        if self.deal is not None and self.deal.title == derived_title(self.deal):
            fields["title"] = ""  # it follows what is typed
        fields["customer"] = self._customer(partner)
        if self.deal is None:
            deal = actions.create_draft(partner, by=self.by, deal_id=data["token"], **fields)
        else:
            deal = actions.update_deal(self.deal, by=self.by, version=data.get("version"), **fields)
        if deal.is_editable:
            actions.set_lines(deal, self.asked, by=self.by)
        if before is not None and before != deal.customer:
            forget_own_customer(before, by=self.by)
        return deal

    def _customer(self, partner: Partner) -> Customer | None:
        """Who is meant: the deal's customer, corrected where that is the partner's to do, or another."""
        name, domain, country = self._named()
        if not name:
            return None
        now = self.deal.customer if self.deal else None
        if self.deal is None or now is None:
            return customer_meant(partner, name, domain, country, by=self.by)
        same_name = name == now.name
        if same_name and company_domain(domain) == company_domain(now.domain) and country == now.country:
            return now
        if now.named_by_id == partner.pk and not is_used_elsewhere(now, than=self.deal):
            known = None if same_name else own_customer(partner, name, domain, country)
            return known or rename_own_customer(now, by=self.by, name=name, domain=domain, country=country)
        if same_name and not (company_domain(domain) and company_domain(now.domain)):
            raise ActionRefused(
                _(
                    "You use this customer in other deals as well. Leave website and country as they are, or ask"
                    " your channel manager to change them."
                ),
                field="customer_domain"
                if company_domain(domain) != company_domain(now.domain)
                else "customer_country",
            )
        return customer_meant(partner, name, domain, country, by=self.by)

    def _named(self) -> tuple[str, str, str]:
        """Name, website and country as typed; a website in the place of the name is taken for both."""
        data = self.cleaned_data
        name, domain = " ".join(data.get("customer_name", "").split()), data.get("customer_domain", "")
        return name, domain_typed(name, domain), data.get("customer_country", "")

    def _own_partner(self) -> Partner:
        return Partner.objects.get(pk=self.by.partner_id)


class FileForm(forms.Form):
    """A file of registrations. Its rows become drafts; nobody is asked to decide before they are submitted."""

    partner = forms.ModelChoiceField(
        label=_("For which partner?"),
        queryset=Partner.objects.none(),
        help_text=_("You register these deals on the partner's behalf."),
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or Excel (.xlsx). The first row names the columns, as in the template."),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )
    order = forms.ChoiceField(
        label=_("Dates in the file"),
        choices=[
            ("", _("As they can be understood")),
            (DateOrder.DAY_FIRST.value, _("day first (31-12-2026)")),
            (DateOrder.MONTH_FIRST.value, _("month first (12/31/2026)")),
        ],
        required=False,
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        self.by = by
        super().__init__(*args, **kwargs)
        if by.is_partner:
            del self.fields["partner"]
        else:
            self.fields["partner"].queryset = trading_partners(by).order_by("name")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        try:
            check_size(file.size, LIMITS)  # what is too large is never read
        except FileRefused as refusal:
            raise forms.ValidationError(str(refusal.message)) from refusal
        return file

    def save(self) -> Taken:
        """The rows, kept as drafts. ActionRefused where the file cannot be taken."""
        data = self.cleaned_data
        partner = data.get("partner") or Partner.objects.get(pk=self.by.partner_id)
        order = DateOrder(data["order"]) if data["order"] else None
        try:
            return take_file(data["file"].read(), partner, by=self.by, order=order)
        except FileRefused as refusal:
            raise ActionRefused(str(refusal.message), field="file") from refusal
        except OrderUnclear as unclear:
            raise ActionRefused(
                _(
                    "Dates such as %(examples)s can be read in two ways. Say what comes first, and choose the file again."
                )
                % {"examples": str(unclear)},
                field="order",
            ) from unclear


def _initial(deal: Deal | None, like: Deal | None) -> dict[str, Any]:
    source = deal or like
    if source is None:
        return {"token": uuid7()}
    first = source.lines.order_by("position").first()
    initial = {
        "customer_name": source.customer.name if source.customer else "",
        "customer_domain": source.customer.domain if source.customer else "",
        "customer_country": source.customer.country if source.customer else "",
        "product": source.product_id,
        "amount": source.amount,
        "notes": source.notes,
        **(line_initial(first) if first else {}),
    }
    if actions.sum_of(list(source.lines.all())) == source.amount:
        initial["amount"] = None
    if deal is None:
        return initial | {"token": uuid7()}
    return initial | {
        "token": deal.pk,
        "version": deal.version,
        "expected_close": deal.expected_close,
        "stage": deal.stage,
    }


def token_of(data: Mapping[str, Any]) -> UUID | None:
    """The id that the form gives its deal, if it can be read."""
    try:
        return UUID(str(data.get("token", "")))
    except ValueError:
        return None
