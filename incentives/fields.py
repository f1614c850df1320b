"""Form fields for rates and amounts."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.money import digits, parse_amount, to_decimal


def parse_number(text: str) -> Decimal:
    """A number as people type it, with a decimal point or comma. ValidationError when it is none."""
    cleaned = text.strip().removesuffix("%").strip()
    if "," in cleaned and "." not in cleaned:
        cleaned = cleaned.replace(",", ".")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValidationError(_("“%(text)s” is not a number, such as 12.5.") % {"text": text[:40]})
    return value


def plain(value: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    return f"{value.normalize():f}"


def parse_money(text: str, currency: str) -> int:
    """Minor units of an amount that is not negative. ValidationError when it is none."""
    try:
        minor = parse_amount(text, currency)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if minor < 0:
        raise ValidationError(_("Give an amount of 0 or more."))
    return minor


def amount_text(minor: int, currency: str) -> str:
    """An amount as the form shows it: whole where it is whole."""
    amount = to_decimal(minor, currency)
    return f"{amount:.0f}" if amount == amount.to_integral_value() else f"{amount:.{digits(currency)}f}"


class PercentField(forms.CharField):
    """A fraction that people read and type as a percentage: 0.125 is shown as 12.5."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "class": "num"}

    def prepare_value(self, value: Any) -> Any:
        return plain(value * 100) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        fraction = parse_number(str(text)) / 100
        if not 0 <= fraction <= 1:
            raise ValidationError(_("A percentage lies between 0 and 100."))
        if fraction != round(fraction, 6):
            raise ValidationError(_("Give at most four decimals."))
        return fraction
