"""What somebody wants to be told, kind by kind."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.notifications.choices import Choice
from portal.notifications.enums import MailChoice
from portal.shell.notices import ByMail, Kind


class ChoicesForm(forms.Form):
    """Two fields for each kind: in the portal, and when by e-mail."""

    def __init__(self, *args: Any, kinds: Iterable[Kind], chosen: Callable[[Kind], Choice], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kinds = list(kinds)
        for number, kind in enumerate(self.kinds):
            choice = chosen(kind)
            self.fields[f"portal_{number}"] = forms.BooleanField(
                label=_("In the portal"), required=False, initial=choice.portal
            )
            self.fields[f"mail_{number}"] = forms.ChoiceField(
                label=_("By e-mail"),
                choices=MailChoice.choices,
                initial=choice.mail,
                widget=forms.Select({"class": "form-select"}),
            )

    def groups(self) -> list[dict[str, Any]]:
        """The kinds with their fields, by group."""
        found: dict[str, dict[str, Any]] = {}
        for number, kind in enumerate(self.kinds):
            group = found.setdefault(str(kind.group), {"label": kind.group, "rows": []})
            group["rows"].append(
                {"kind": kind, "portal": self[f"portal_{number}"], "mail": self[f"mail_{number}"]}
            )
        return list(found.values())

    def chosen(self) -> Iterator[tuple[Kind, Choice]]:
        for number, kind in enumerate(self.kinds):
            yield (
                kind,
                Choice(self.cleaned_data[f"portal_{number}"], ByMail(self.cleaned_data[f"mail_{number}"])),
            )
