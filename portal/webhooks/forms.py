"""An endpoint: its address, and a box for each kind of event."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from portal.webhooks.models import Endpoint
from portal.webhooks.network import LONGEST
from portal.webhooks.subscriptions import ALL, Group, fits, groups


class EndpointForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST,
        help_text=_("Where your system takes webhooks, such as https://example.com/hooks/partners."),
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        required=False,
        help_text=_("What receives them, such as “CRM”."),
    )
    scope = forms.ChoiceField(
        label=_("Which events"),
        choices=[
            ("all", _("All, also those that are added later")),
            ("some", _("Only those that are ticked below")),
        ],
        widget=forms.RadioSelect({"class": "form-check-input"}),
        initial="all",
    )
    events = forms.MultipleChoiceField(label=_("Events"), required=False)

    def __init__(self, *args: Any, endpoint: Endpoint | None = None, **kwargs: Any):
        if endpoint is not None:
            kwargs["initial"] = {
                "url": endpoint.url,
                "description": endpoint.description,
                "scope": "all" if ALL in endpoint.events else "some",
                "events": endpoint.events,
            }
        super().__init__(*args, **kwargs)
        self._groups = groups()
        self.fields["events"].choices = [
            (value, value)
            for group in self._groups
            for value in [*group.patterns, *(name for name, _label in group.types)]
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("scope") == "some" and not cleaned.get("events"):
            self.add_error("events", ValidationError(_g("Tick at least one kind of event, or choose all.")))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What an action takes."""
        cleaned = self.cleaned_data
        return {
            "url": cleaned["url"],
            "description": cleaned["description"],
            "events": [ALL] if cleaned["scope"] == "all" else cleaned["events"],
        }

    def event_groups(self) -> list[dict[str, Any]]:
        """The boxes by group, with what is ticked in them."""
        chosen = set(self["events"].value() or ())
        return [self._boxes(group, chosen) for group in self._groups]

    @staticmethod
    def _boxes(group: Group, chosen: set[str]) -> dict[str, Any]:
        patterns = [{"value": pattern, "checked": pattern in chosen} for pattern in group.patterns]
        types = [{"value": name, "label": label, "checked": name in chosen} for name, label in group.types]
        ticked = sum(1 for name, _label in group.types if fits(name, chosen))
        return {
            "label": group.label,
            "patterns": patterns,
            "types": types,
            "ticked": ticked,
            "is_open": ticked > 0,
        }
