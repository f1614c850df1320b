"""Input for documents. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.fields import DateField
from partners.directory.models import Partner
from partners.onboarding.documents import actions
from partners.onboarding.documents.models import DocumentKind, PartnerDocument
from portal.accounts.models import Membership
from portal.files.forms import FilesField


class KindForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    help = forms.CharField(label=_("What it has to show"), max_length=500, required=False)
    partner_types = forms.MultipleChoiceField(
        label=_("For which partners?"),
        choices=PartnerType,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen means all."),
    )
    expires = forms.BooleanField(label=_("Runs out, and has to be handed in again"), required=False)
    warn_days = forms.IntegerField(
        label=_("Days of warning"),
        min_value=0,
        max_value=365,
        help_text=_("So many days before the end the partner is told."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(self, *args: Any, by: Membership, kind: DocumentKind, **kwargs: Any):
        self.by, self.kind = by, kind
        kwargs["initial"] = {name: getattr(kind, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> DocumentKind:
        for name, value in self.cleaned_data.items():
            setattr(self.kind, name, value)
        return actions.save_kind(self.kind, by=self.by)


class SendForm(forms.Form):
    file = FilesField(label=_("File"), most=1)
    expires_on = DateField(label=_("Valid until"))

    def __init__(self, *args: Any, by: Membership, kind: DocumentKind, partner: Partner, **kwargs: Any):
        self.by, self.kind, self.partner = by, kind, partner
        super().__init__(*args, **kwargs)
        if not kind.expires:
            del self.fields["expires_on"]

    def save(self) -> PartnerDocument:
        return actions.send(
            self.kind,
            self.partner,
            self.cleaned_data["file"][0],
            by=self.by,
            expires_on=self.cleaned_data.get("expires_on"),
        )


class CheckForm(forms.Form):
    """Accept or refuse; a refusal says why."""

    verdict = forms.ChoiceField(
        label=_("Is it what it should be?"),
        choices=[("accept", _("Yes, accept it")), ("refuse", _("No, refuse it"))],
        widget=forms.RadioSelect,
    )
    expires_on = DateField(label=_("Valid until"), required=False)
    reason = forms.CharField(
        label=_("Reason, if you refuse it"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The partner will read it."),
    )

    def __init__(self, *args: Any, by: Membership, document: PartnerDocument, **kwargs: Any):
        self.by, self.document = by, document
        super().__init__(*args, initial={"expires_on": document.expires_on}, **kwargs)
        if not document.kind.expires:
            del self.fields["expires_on"]

    def save(self) -> PartnerDocument:
        if self.cleaned_data["verdict"] == "refuse":
            return actions.refuse_document(self.document, by=self.by, reason=self.cleaned_data["reason"])
        return actions.accept_document(
            self.document, by=self.by, expires_on=self.cleaned_data.get("expires_on")
        )
