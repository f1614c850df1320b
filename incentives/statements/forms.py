"""What is typed about payouts."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _
from stdnum import bic as bic_numbers
from stdnum import iban as iban_numbers
from stdnum.eu import vat as vat_numbers
from stdnum.exceptions import ValidationError as NumberError

from incentives.fields import PercentField
from incentives.statements.enums import Method, PeriodLength
from partners.directory.fields import AmountField, country_choices

# Where accounts have an IBAN; elsewhere any account number is taken.
_IBAN_START = 2


def clean_iban(text: str) -> str:
    """The IBAN without spaces. ValidationError, in words, when it has a typing error."""
    try:
        return str(iban_numbers.validate(text))
    except NumberError as error:
        raise ValidationError(
            _g("“%(text)s” is not an IBAN: check the digits, such as NL91 ABNA 0417 1643 00.")
            % {"text": text[:40]}
        ) from error


def clean_bic(text: str) -> str:
    try:
        return str(bic_numbers.validate(text))
    except NumberError as error:
        raise ValidationError(
            _g("“%(text)s” is not a BIC, such as ABNANL2A.") % {"text": text[:20]}
        ) from error


class DetailsForm(forms.Form):
    """Where a partner is paid."""

    holder = forms.CharField(
        label=_("Account holder"), max_length=70, help_text=_("As the bank knows the company.")
    )
    iban = forms.CharField(
        label=_("IBAN or account number"), max_length=42, widget=forms.TextInput({"autocomplete": "off"})
    )
    bic = forms.CharField(
        label=_("BIC or bank code"),
        max_length=20,
        required=False,
        help_text=_("Not needed with an IBAN."),
    )
    country = forms.ChoiceField(label=_("Country of tax residence"))
    tax_number = forms.CharField(label=_("Tax number"), max_length=40, required=False)
    vat_number = forms.CharField(
        label=_("VAT number"), max_length=20, required=False, help_text=_("With its country, such as NL….")
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()

    def clean_iban(self) -> str:
        text = self.cleaned_data["iban"].strip()
        if text[:_IBAN_START].isalpha():
            return clean_iban(text)
        if len(text) > 34:
            raise ValidationError(_g("An account number has at most 34 characters."))
        return text

    def clean_bic(self) -> str:
        return self.cleaned_data["bic"].strip().upper()

    def clean_vat_number(self) -> str:
        text = self.cleaned_data["vat_number"].replace(" ", "").upper()
        if text and text[:2].lower() in vat_numbers.MEMBER_STATES | {"el"} and not vat_numbers.is_valid(text):
            raise ValidationError(_g("“%(text)s” is not a VAT number of that country.") % {"text": text})
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        account, bank = cleaned.get("iban", ""), cleaned.get("bic", "")
        if account and not account[:_IBAN_START].isalpha() and not bank:
            self.add_error("bic", _g("An account without an IBAN needs the code of its bank."))
        if bank and account[:_IBAN_START].isalpha() and "bic" not in self.errors:
            try:
                cleaned["bic"] = clean_bic(bank)
            except ValidationError as error:
                self.add_error("bic", error)
        return cleaned


class TermsForm(forms.Form):
    """How the vendor pays."""

    period = forms.ChoiceField(label=_("Statements are made by"), choices=PeriodLength.choices)
    minimum = AmountField(
        label=_("Least amount that is paid"),
        required=False,
        help_text=_("Less is carried forward to the next statement. For statements in this currency."),
    )
    payer_name = forms.CharField(label=_("Name of the account’s holder"), max_length=70, required=False)
    payer_iban = forms.CharField(
        label=_("IBAN that payments come from"),
        max_length=42,
        required=False,
        help_text=_("Needed for files of SEPA credit transfers."),
    )
    payer_bic = forms.CharField(label=_("BIC"), max_length=11, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["minimum"]
        assert isinstance(field, AmountField)
        field.for_currency(currency)

    def clean_minimum(self) -> int:
        return self.cleaned_data["minimum"] or 0

    def clean_payer_iban(self) -> str:
        text = self.cleaned_data["payer_iban"].strip()
        return clean_iban(text) if text else ""

    def clean_payer_bic(self) -> str:
        text = self.cleaned_data["payer_bic"].strip()
        return clean_bic(text) if text else ""


class TaxRuleForm(forms.Form):
    country = forms.ChoiceField(label=_("Country"))
    name = forms.CharField(label=_("What it is called"), max_length=60)
    rate = PercentField(label=_("Rate (%)"))
    starts_on = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices()


class BatchForm(forms.Form):
    currency = forms.ChoiceField(label=_("Currency"))
    execution_on = forms.DateField(
        label=_("To be paid on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    method = forms.ChoiceField(label=_("File for the bank"), choices=Method.choices)

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class SettleForm(forms.Form):
    """When the bank paid; the page adds a tick and a reason for each payment that failed."""

    paid_on = forms.DateField(
        label=_("Paid on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def failures(posted: Any) -> dict[str, str]:
    """The payments that the page says have failed, by key, each with its reason."""
    return {key: reason_of(posted, key) for key in posted.getlist("failed")}


def reason_of(posted: Any, key: object) -> str:
    return posted.get(f"reason-{key}", "")


def day_in(days: int, today: dt.date) -> dt.date:
    """The first weekday that is `days` away or more."""
    day = today + dt.timedelta(days=days)
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return day
