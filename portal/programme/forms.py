from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.money import offered_currencies
from portal.programme.pictures import checked_logo
from portal.programme.territories import countries
from portal.shell.colours import LIGHT_GROUND, contrast
from portal.tenancy.models import Tenant


class SettingsForm(forms.ModelForm):
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG or WebP, at most 512 kB. A square picture looks best."),
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    currency = forms.ChoiceField(label=_("Currency"))
    time_zone = forms.ChoiceField(label=_("Time zone"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    country = forms.ChoiceField(label=_("Country"), required=False)
    fiscal_year_start = forms.TypedChoiceField(
        label=_("First month of the fiscal year"), coerce=int, choices=list(MONTHS.items())
    )

    class Meta:
        model = Tenant
        fields = [
            "name",
            "sender_name",
            "colour",
            "currency",
            "time_zone",
            "language",
            "country",
            "fiscal_year_start",
        ]
        widgets = {"colour": forms.TextInput({"type": "color", "class": "swatch"})}
        help_texts = {
            "sender_name": _("The name that e-mails come from; the programme's name when empty."),
            "colour": _(
                "Buttons and links take this colour. Lighter and darker shades are made where text needs them."
            ),
        }

    def __init__(self, *args: Any, currency_is_fixed: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = offered_currencies(self.instance.currency)
        self.fields["time_zone"].choices = [
            (zone, zone.replace("_", " ")) for zone in sorted(available_timezones())
        ]
        self.fields["country"].choices = [("", "–"), *countries(get_language() or "en")]
        if currency_is_fixed:
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _(
                "There are amounts in this currency, so it can no longer change."
            )
        if not self.instance.logo:
            del self.fields["remove_logo"]
        self.order_fields(["name", "sender_name", "colour", "logo_file", "remove_logo"])

    def clean_colour(self) -> str:
        colour = self.cleaned_data["colour"].lower()
        if contrast(colour, LIGHT_GROUND) < 1.15:
            raise ValidationError(_("This colour cannot be told from the page. Choose a stronger one."))
        return colour

    def clean_logo_file(self) -> tuple[str, bytes] | None:
        upload = self.cleaned_data["logo_file"]
        return checked_logo(upload) if upload else None


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What uses the key, such as “Salesforce sync”.")
    )
