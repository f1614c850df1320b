"""allauth's hooks: nobody signs up by themselves, and who has just signed in is believed."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

SIGNED_IN_AT = "signed_in_at"


class InvitationOnlyAdapter(DefaultAccountAdapter):
    """Accounts are made by accepting an invitation, never by the sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        request.session[SIGNED_IN_AT] = time.time()

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who signed in a moment ago need not prove again who they are; after a while they do."""
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        return (
            time.time() - self.request.session.get(SIGNED_IN_AT, 0) >= app_settings.REAUTHENTICATION_TIMEOUT
        )

    def format_email_subject(self, subject: str) -> str:
        return subject
