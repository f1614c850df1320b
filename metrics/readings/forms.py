from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from metrics.readings import actions
from metrics.readings.known import Combination, ReadingUnit
from metrics.readings.models import Better, MetricDefinition, Reading
from partners.directory.fields import DateField
from partners.directory.models import Partner
from partners.directory.queries import standing_partners
from portal.accounts.models import Membership


class DefinitionForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    code = forms.RegexField(
        r"^[a-z][a-z0-9_]*$",
        label=_("Name in formulas"),
        max_length=40,
        help_text=_("Such as store_visits; it stays."),
        error_messages={"invalid": _("Small letters, digits and _, beginning with a letter.")},
    )
    description = forms.CharField(
        label=_("What it says"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=ReadingUnit)
    better = forms.ChoiceField(label=_("Direction"), choices=Better)
    combination = forms.ChoiceField(
        label=_("Several readings in a period"),
        choices=Combination,
        help_text=_(
            "Of several partners the sums are added up, and an average is that of all their readings."
        ),
    )

    def __init__(self, *args: Any, by: Membership, definition: MetricDefinition | None = None, **kwargs: Any):
        self.by, self.definition = by, definition
        if definition is not None:
            kwargs["initial"] = {name: getattr(definition, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        if definition is not None:
            del self.fields["code"]

    def save(self) -> MetricDefinition:
        if self.definition is None:
            return actions.define_metric(by=self.by, **self.cleaned_data)
        return actions.change_metric(self.definition, by=self.by, **self.cleaned_data)


class ReadingForm(forms.Form):
    day = DateField(label=_("Day"))
    number = forms.DecimalField(label=_("Value"), max_digits=15, decimal_places=4, localize=True)
    partner = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Partner.objects.none(),
        required=False,
        empty_label=_("The whole programme"),
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(
        self,
        *args: Any,
        by: Membership,
        definition: MetricDefinition,
        reading: Reading | None = None,
        **kwargs: Any,
    ):
        self.by, self.definition, self.reading = by, definition, reading
        if reading is not None:
            kwargs["initial"] = {
                "day": reading.day,
                "number": _plain(reading.number),
                "partner": reading.partner_id,
                "note": reading.note,
            }
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = standing_partners(reading.partner_id if reading else None)
        self.fields["number"].help_text = self._unit_words()

    def _unit_words(self) -> str:
        if self.definition.unit == ReadingUnit.MONEY:
            return self.by.tenant.currency
        if self.definition.unit == ReadingUnit.PERCENT:
            return _g("In per cent: 12.5 for 12.5%.")
        return self.definition.get_unit_display()

    def save(self) -> Reading:
        if self.reading is None:
            return actions.report_reading(self.definition, by=self.by, **self.cleaned_data)
        return actions.change_reading(self.reading, by=self.by, **self.cleaned_data)


def _plain(number: Decimal) -> Decimal:
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()
