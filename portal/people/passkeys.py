"""Passkeys and security keys, in the portal's words."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddPasskeyForm(AddWebAuthnForm):
    """What most people want comes first: a passkey that signs in by itself."""

    passwordless = forms.BooleanField(
        label=_("Sign in with this alone, without a password"),
        required=False,
        initial=True,
        help_text=_(
            "Your device asks for your finger, face or PIN. Leave it out for a key that only follows the password."
        ),
    )
