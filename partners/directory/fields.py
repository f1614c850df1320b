"""Form fields that partners' forms share."""

from functools import lru_cache
from typing import Any

from babel.core import Locale
from django import forms
from django.core.exceptions import ValidationError
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.money import digits, parse_amount, to_decimal


class AmountField(forms.CharField):
    """Money as people type it; cleans to minor units of `currency`, or None."""

    def __init__(self, *, currency: str = "EUR", **kwargs: Any):
        kwargs.setdefault("max_length", 30)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.currency = currency

    def for_currency(self, currency: str) -> None:
        """Say in the label which currency is meant, and read amounts in it."""
        self.currency = currency
        self.label = f"{self.label} ({currency})"

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = parse_amount(text, self.currency)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error
        if minor < 0:
            raise ValidationError(_("The amount cannot be negative."), code="negative")
        return minor

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return number_format(to_decimal(value, self.currency), digits(self.currency), use_l10n=True)
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return initial != self.clean(data)
        except ValidationError:
            return True


@lru_cache(maxsize=16)
def countries(language: str) -> list[tuple[str, str]]:
    """ISO codes and names, by name in the language."""
    territories = Locale.parse(language, sep="-").territories
    named = [
        (code, name)
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "QO", "ZZ")
    ]
    return sorted(named, key=lambda pair: pair[1])


def country_choices() -> list[tuple[str, str]]:
    return [BLANK_CHOICE_DASH[0], *countries(get_language() or "en")]


def country_name(code: str) -> str:
    """The country's name in the reader's language; the code where it is unknown."""
    return dict(countries(get_language() or "en")).get(code, code)


class CountryField(forms.ChoiceField):
    def __init__(self, **kwargs: Any):
        kwargs.setdefault("label", _("Country"))
        super().__init__(choices=country_choices, **kwargs)


class DateField(forms.DateField):
    """A day, chosen in the browser's calendar."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**kwargs)
