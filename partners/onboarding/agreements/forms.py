"""Input for agreements. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.onboarding.agreements import actions
from partners.onboarding.agreements.models import Agreement, AgreementVersion
from portal.accounts.models import Membership
from portal.files.forms import FilesField


class AgreementForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    summary = forms.CharField(label=_("What it is about"), max_length=500, required=False)
    partner_types = forms.MultipleChoiceField(
        label=_("For which partners?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    is_active = forms.BooleanField(
        label=_("In use"), required=False, help_text=_("Partners are asked only for what is in use.")
    )

    def __init__(self, *args: Any, by: Membership, agreement: Agreement, **kwargs: Any):
        self.by, self.agreement = by, agreement
        kwargs["initial"] = {name: getattr(agreement, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> Agreement:
        for name, value in self.cleaned_data.items():
            setattr(self.agreement, name, value)
        return actions.save_agreement(self.agreement, by=self.by)


class VersionForm(forms.Form):
    """A new wording: the text, or a PDF."""

    text = forms.CharField(
        label=_("Text"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("An empty line begins a new paragraph. Or leave it empty and send a PDF below."),
    )
    file = FilesField(label=_("PDF"), most=1, required=False)
    changes = forms.CharField(
        label=_("What changed"),
        max_length=500,
        required=False,
        help_text=_("Partners who accepted the version before read this."),
    )

    def __init__(self, *args: Any, by: Membership, agreement: Agreement, text: str = "", **kwargs: Any):
        self.by, self.agreement = by, agreement
        super().__init__(*args, initial={"text": text}, **kwargs)

    def clean_file(self) -> Any:
        files = self.cleaned_data["file"]
        if files and not files[0].name.lower().endswith(".pdf"):
            raise ValidationError(_t("Send a PDF."))
        return files[0] if files else None

    def save(self) -> AgreementVersion:
        return actions.publish(self.agreement, by=self.by, **self.cleaned_data)
