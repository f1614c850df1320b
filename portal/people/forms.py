from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.accounts.models import Membership, User
from portal.shell.registry import partner_choices


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("The programme's language")), *settings.LANGUAGES],
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, initial={"name": user.name, "language": user.language}, **kwargs)


def roles_to_give(by: Membership) -> list[tuple[str, Any]]:
    """The roles a member may give to others, the least powerful first."""
    return [(role.value, role.label) for role in Role if by.is_admin or role in PARTNER_ROLES]


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    role = forms.ChoiceField(label=_("Role"))
    partner = forms.TypedChoiceField(
        label=_("Partner company"),
        required=False,
        help_text=_("For the partner roles: the company this person works for."),
        empty_value=None,
    )

    def __init__(self, *args: Any, by: Membership, suggested: dict[str, str] | None = None, **kwargs: Any):
        """`suggested` is what a link to the form proposes; only what is among the choices counts."""
        super().__init__(*args, initial=suggested, **kwargs)
        self.by = by
        self.fields["role"].choices = roles_to_give(by)
        if by.is_partner:
            del self.fields["partner"]
            return
        choices = partner_choices()
        self.by_value = {str(pk): pk for pk, _name in choices}
        self.fields["partner"].choices = [("", "–"), *((str(pk), name) for pk, name in choices)]
        self.fields["partner"].coerce = self.by_value.__getitem__

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        role, partner = cleaned.get("role"), cleaned.get("partner")
        if self.by.is_admin and role in PARTNER_ROLES and partner is None and "partner" not in self.errors:
            self.add_error("partner", _("Choose the company this person works for."))
        if role in VENDOR_ROLES:
            cleaned["partner"] = None
        return cleaned


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, by: Membership, member: Membership, **kwargs: Any):
        super().__init__(*args, initial={"role": member.role}, **kwargs)
        allowed = PARTNER_ROLES if member.is_partner else VENDOR_ROLES
        self.fields["role"].choices = [choice for choice in roles_to_give(by) if choice[0] in allowed]


class AddressForm(forms.Form):
    """The real address of a member who cannot sign in yet."""

    prefix = "address"

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("They get a link there with which they choose a password."),
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any):
        known = "" if member.user.email.endswith(".invalid") else member.user.email
        super().__init__(*args, initial={"email": known}, **kwargs)

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if email.lower().endswith(".invalid"):
            raise forms.ValidationError(_g("No mail reaches an address under .invalid."))
        return email


class JoinForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Choose a password"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not a common word."),
    )
