"""The one way in which a form is shown, sent, refused and answered."""

from collections.abc import Callable
from typing import Any, Protocol

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal.errors import ActionRefused


class SavingForm(Protocol):
    """A form whose `save` runs the action."""

    is_bound: bool
    fields: dict[str, forms.Field]

    def is_valid(self) -> bool: ...

    def add_error(self, field: str | None, error: str) -> None: ...

    def save(self) -> Any: ...


def form_page(
    request: HttpRequest,
    form: SavingForm,
    *,
    done: Callable[[Any], tuple[str, Any]],
    context: dict[str, Any],
    template: str = "directory/form.html",
    refused: Callable[[ActionRefused], HttpResponse | None] = lambda refusal: None,
) -> HttpResponse:
    """Show the form, or save it and go on to where `done(saved)` says: (address, message or "").

    What an action refuses stands beside the field it concerns, with all that was typed still there, unless
    `refused` answers otherwise. An invalid form has status 422.
    """
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                saved = form.save()
        except ActionRefused as refusal:
            answer = refused(refusal)
            if answer is not None:
                return answer
            # Actions speak of a customer; forms ask for a customer's name.
            field = next(
                (name for name in (refusal.field, f"{refusal.field}_name") if name in form.fields), None
            )
            form.add_error(field, str(refusal.message))
        else:
            address, message = done(saved)
            if message:
                messages.success(request, message)
            return redirect(address)
    return render(request, template, {**context, "form": form}, status=422 if form.is_bound else 200)
