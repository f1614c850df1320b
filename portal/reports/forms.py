from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.reports import actions
from portal.reports.enums import FileKind, Frequency, Weekday
from portal.reports.models import SavedView, Schedule
from portal.reports.queries import colleagues
from portal.shell.reporting import LATEST, ReportPage

MOVING, FIXED = "moving", "fixed"


class ViewForm(forms.Form):
    """A view's name, who may open it, and what of the page it shows."""

    name = forms.CharField(label=_("Name"), max_length=100)
    shared = forms.BooleanField(
        label=_("My colleagues may open it"),
        help_text=_("Everybody sees the page with their own rights."),
        required=False,
    )
    time = forms.ChoiceField(label=_("Period"))
    columns = forms.MultipleChoiceField(
        label=_("Columns"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,
        by: Membership,
        page: ReportPage,
        query: str,
        view: SavedView | None = None,
        **kwargs: Any,
    ):
        self.by, self.page, self.query, self.view = by, page, query, view
        found = QueryDict(query)
        hidden = set(found.getlist("hide"))
        start = found.get("start", "")
        initial = {
            "name": view.name if view else "",
            "shared": view.shared if view else False,
            "time": LATEST if start == LATEST else FIXED if start else MOVING,
            "columns": [name for name, _label in page.columns if name not in hidden],
        }
        super().__init__(*args, initial=initial, **kwargs)
        times: list[tuple[str, Any]] = [
            (MOVING, _("Always the period that is running")),
            (LATEST, _("Always the latest period that is over")),
        ]
        if start and start != LATEST:
            times.append((FIXED, _("This very period")))
        self.fields["time"].choices = times
        if not page.has_period:
            del self.fields["time"]
        if page.columns:
            self.fields["columns"].choices = page.columns
        else:
            del self.fields["columns"]

    def wanted(self) -> str:
        """The query with the columns and the period as chosen."""
        data = self.cleaned_data
        found = QueryDict(self.query, mutable=True)
        if "columns" in self.fields:
            shown = set(data["columns"])
            found.setlist("hide", [name for name, _label in self.page.columns if name not in shown])
        if "time" in self.fields and data["time"] != FIXED:
            found.pop("start", None)
            if data["time"] == LATEST:
                found["start"] = LATEST
        return urlencode([(key, value) for key, values in found.lists() for value in values])

    def save(self) -> SavedView:
        data = self.cleaned_data
        given = {"by": self.by, "name": data["name"], "shared": data["shared"], "query": self.wanted()}
        if self.view is not None:
            return actions.change_view(self.view, **given)
        return actions.keep_view(page=self.page.url_name, **given)


class ScheduleForm(forms.Form):
    frequency = forms.ChoiceField(label=_("How often"), choices=Frequency)
    weekday = forms.TypedChoiceField(
        label=_("Weekday"),
        choices=[("", "–"), *Weekday.choices],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("For a report every week."),
    )
    day = forms.IntegerField(
        label=_("Day of the month"),
        min_value=1,
        max_value=31,
        required=False,
        help_text=_("For a report every month. In a shorter month it is the last day."),
    )
    hour = forms.TypedChoiceField(
        label=_("At"), choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int
    )
    recipients = forms.ModelMultipleChoiceField(
        label=_("To"),
        queryset=Membership.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets what their own rights show, and nothing once they have no access any more."),
    )
    file_kind = forms.ChoiceField(label=_("With it"), choices=FileKind, required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(
        self, *args: Any, by: Membership, view: SavedView, schedule: Schedule | None = None, **kwargs: Any
    ):
        self.by, self.view, self.schedule = by, view, schedule
        initial: dict[str, Any] = {
            "frequency": Frequency.WEEKLY,
            "weekday": Weekday.MONDAY,
            "hour": 7,
            "recipients": [by.pk],
            "file_kind": FileKind.XLSX,
            "is_active": True,
        }
        if schedule is not None:
            initial = {name: getattr(schedule, name) for name in initial if name != "recipients"} | {
                "day": schedule.day,
                "recipients": list(schedule.recipients.values_list("member_id", flat=True)),
            }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["hour"].help_text = by.tenant.time_zone
        self.fields["recipients"].queryset = colleagues()

    def save(self) -> Schedule:
        recipients: Sequence[Membership] = list(self.cleaned_data.pop("recipients"))
        return actions.schedule_report(
            self.view, by=self.by, schedule=self.schedule, recipients=recipients, **self.cleaned_data
        )
