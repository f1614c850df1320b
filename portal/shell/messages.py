"""Telling a person what an action answered."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest

from portal.errors import ActionRefused


def say_refused(request: HttpRequest, refusal: ActionRefused) -> None:
    """Show a refusal at the top of the next page."""
    messages.error(request, str(refusal.message))


def add_refusal(form: BaseForm, refusal: ActionRefused) -> None:
    """Show a refusal in the form that was sent, beside its field when it names one."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
