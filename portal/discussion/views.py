"""Addresses of comments. Each goes back to the page of what was talked about."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import check
from portal.discussion import actions
from portal.discussion.forms import CommentForm
from portal.discussion.models import Comment
from portal.discussion.queries import find_comment, people
from portal.errors import ActionRefused
from portal.shell.subjects import address_of, find_subject, may_add, subject_of


@require_POST
def post(request: HttpRequest, tenant: str, subject: str, pk: UUID) -> HttpResponse:
    thing = find_subject(request.membership, subject, pk)
    if thing is None:
        raise Http404
    if not may_add(request.membership, thing):
        raise PermissionDenied
    form = CommentForm(request.POST)
    if form.is_valid():
        text, internal = form.cleaned_data["text"], form.cleaned_data["internal"]
        try:
            with transaction.atomic():
                comment = actions.post(thing, text, by=request.membership, internal=internal)
        except ActionRefused as refusal:
            form.add_error("text", str(refusal.message))
        else:
            return redirect(f"{address_of(request, thing)}#comment-{comment.pk}")
    return _form(request, form, thing, subject_of(thing).partner_of(thing), _("Write a comment"))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    comment, thing = _find(request, pk)
    if request.method != "POST" and not actions.is_changeable(comment, request.membership, timezone.now()):
        messages.info(request, _("A comment can be changed for an hour, by who wrote it."))
        return redirect(f"{address_of(request, thing)}#comments")
    check(request.membership, "discussion.change_comment", comment)
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"text": comment.text})
    del form.fields["internal"]
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                actions.edit(comment, thing, form.cleaned_data["text"], by=request.membership)
        except ActionRefused as refusal:
            form.add_error("text", str(refusal.message))
        else:
            return redirect(f"{address_of(request, thing)}#comment-{comment.pk}")
    return _form(request, form, thing, comment.partner_id, _("Change a comment"))


@require_POST
def delete(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    comment, thing = _find(request, pk)
    check(request.membership, "discussion.change_comment", comment)
    try:
        actions.delete(comment, thing, by=request.membership)
    except ActionRefused as refusal:
        messages.warning(request, str(refusal.message))
    return redirect(f"{address_of(request, thing)}#comments")


def _find(request: HttpRequest, pk: UUID) -> tuple[Comment, models.Model]:
    found = find_comment(request.membership, pk)
    if found is None:
        raise Http404
    return found


def _form(
    request: HttpRequest, form: CommentForm, thing: models.Model, partner_id: UUID | None, title: str
) -> HttpResponse:
    """The form on a page of its own, with all that was typed."""
    if request.membership.is_partner and "internal" in form.fields:
        del form.fields["internal"]
    context: dict[str, Any] = {
        "title": title,
        "subtitle": str(thing),
        "form": form,
        "back_url": f"{address_of(request, thing)}#comments",
        "back_label": str(thing),
        "names": [reader.name for reader in people(request.membership, partner_id)],
    }
    return render(request, "discussion/form.html", context, status=422 if form.is_bound else 200)
