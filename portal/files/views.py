"""Addresses of files. Content is sent to be saved, never to be shown or run."""

from typing import Any
from uuid import UUID

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.access import check
from portal.errors import ActionRefused
from portal.files import actions, storage
from portal.files.forms import AttachForm
from portal.files.models import Attachment
from portal.files.queries import find_file
from portal.shell.subjects import address_of, find_subject, may_add
from portal.tenancy.models import Tenant

log = structlog.get_logger(__name__)

SANDBOX = "default-src 'none'; sandbox"


@require_POST
def attach(request: HttpRequest, tenant: str, subject: str, pk: UUID) -> HttpResponse:
    """Add files to a thing, and go back to its page."""
    thing = find_subject(request.membership, subject, pk)
    if thing is None:
        raise Http404
    if not may_add(request.membership, thing):
        raise PermissionDenied
    form = AttachForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise ActionRefused(" ".join(error for errors in form.errors.values() for error in errors))
        uploads = form.cleaned_data["uploads"]
        with transaction.atomic():
            for upload in uploads:
                actions.attach(thing, upload, by=request.membership, internal=form.cleaned_data["internal"])
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        text = ngettext("%(count)s file added.", "%(count)s files added.", len(uploads))
        messages.success(request, text % {"count": len(uploads)})
    return redirect(f"{address_of(request, thing)}#files")


@require_safe
def download(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    attachment, _thing = _find(request, pk)
    if attachment.deleted_at is not None:
        raise Http404
    return send(request.tenant, attachment)


def send(tenant: Tenant, attachment: Attachment) -> HttpResponseBase:
    """The content of a file, for whoever has been found to be allowed to have it."""
    return send_stored(
        tenant,
        attachment.stored_as,
        as_attachment=True,
        filename=attachment.name,
        content_type=attachment.content_type,
    )


def send_stored(tenant: Tenant, stored_as: str, **how: Any) -> HttpResponseBase:
    """Content from the storage, in a sandbox, of a type that a browser must not guess."""
    try:
        content = storage.path_of(tenant.pk, stored_as).open("rb")
    except FileNotFoundError:
        log.error("file_lost", stored_as=stored_as)
        raise Http404 from None
    response = FileResponse(content, **how)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = SANDBOX
    return response


@require_POST
def delete(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    attachment, thing = _find(request, pk)
    check(request.membership, "files.delete_attachment", attachment)
    try:
        actions.delete(attachment, thing, by=request.membership)
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("“%s” has been deleted. It can be brought back below.") % attachment.name)
    return redirect(f"{address_of(request, thing)}#files")


@require_POST
def restore(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    attachment, thing = _find(request, pk)
    check(request.membership, "files.delete_attachment", attachment)
    try:
        actions.restore(attachment, thing, by=request.membership)
    except ActionRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("“%s” is back.") % attachment.name)
    return redirect(f"{address_of(request, thing)}#files")


def _find(request: HttpRequest, pk: UUID) -> tuple[Attachment, models.Model]:
    found = find_file(request.membership, pk)
    if found is None:
        raise Http404
    return found
