"""Which two stretches of time are held against each other."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.periods import Period, PeriodKind, Window

# Before this nothing in a programme happened that anybody would compare.
EARLIEST = dt.date(1990, 1, 1)


class PeriodsForm(forms.Form):
    """Two of the periods that there are scorecards of, by their keys."""

    of = forms.ChoiceField(label=gettext_lazy("Period"))
    against = forms.ChoiceField(label=gettext_lazy("Compared with"))

    def __init__(self, data: Any, *, periods: Sequence[Period]):
        super().__init__(data)
        self.periods = {period.key: period for period in periods}
        choices = [
            (kind.label, [(period.key, period.label()) for period in periods if period.kind == kind])
            for kind in PeriodKind
        ]
        for field in self.fields.values():
            field.choices = [(label, found) for label, found in choices if found]  # type: ignore[attr-defined]
            field.error_messages["invalid_choice"] = _("There is no scorecard of that period.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("of") and cleaned.get("of") == cleaned.get("against"):
            self.add_error("against", _("Choose another period than the first."))
        return cleaned


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class DaysForm(forms.Form):
    """Two stretches of days, the last ones included."""

    from_day = _day(gettext_lazy("From"))
    to_day = _day(gettext_lazy("To"))
    against_from = _day(gettext_lazy("Compared with, from"))
    against_to = _day(gettext_lazy("Compared with, to"))

    def __init__(self, data: Any, *, today: dt.date, initial: dict[str, dt.date] | None = None):
        super().__init__(data, initial=initial)
        self.today = today

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for first, last in (("from_day", "to_day"), ("against_from", "against_to")):
            start, end = cleaned.get(first), cleaned.get(last)
            if start and start > self.today:
                self.add_error(first, _("Choose a day that has begun."))
            elif start and start < EARLIEST:
                self.add_error(first, _("Choose a later day."))
            elif end and end > self.today + dt.timedelta(days=366):
                self.add_error(last, _("Choose an earlier day."))
            elif start and end and end < start:
                self.add_error(last, _("It cannot end before it begins."))
        if not self.errors and self._window("from_day", "to_day") == self._window(
            "against_from", "against_to"
        ):
            self.add_error("against_from", _("Choose other days than the first."))
        return cleaned

    def _window(self, first: str, last: str) -> Window:
        cleaned = self.cleaned_data
        return Window.of(cleaned[first], cleaned[last] + dt.timedelta(days=1))

    @property
    def windows(self) -> tuple[Window, Window]:
        """What is looked at, and what it is held against."""
        return self._window("from_day", "to_day"), self._window("against_from", "against_to")
