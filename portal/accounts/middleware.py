"""From a URL to a tenant, a membership and a scope."""

import base64
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import DataError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from portal.accounts.models import ApiKey, Membership, digest
from portal.accounts.prepared import prepared
from portal.accounts.standing import ReadingOnly, why_reading_only
from portal.errors import asks_api, problem
from portal.tenancy.db import the_one
from portal.tenancy.models import Tenant
from portal.tenancy.pace import paced
from portal.tenancy.scope import Patience, tenant_scope

log = structlog.get_logger(__name__)

_SLUG = re.compile(r"[-\w]{1,50}", re.ASCII)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_BUSY = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_NOT_STORABLE = (
    psycopg.errors.StringDataRightTruncation,
    psycopg.errors.NumericValueOutOfRange,
    psycopg.errors.UntranslatableCharacter,  # a NUL in JSON
)


def api_secret(request: HttpRequest) -> str | None:
    """The API key that a call brings: as a bearer, or as the password where a system only knows user and password."""
    if not asks_api(request):
        return None
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
        except ValueError:
            return ""
    return None


class TenantMiddleware:
    """Runs every `/<tenant>/...` request in that tenant's scope, for a member of it or an open page.

    The scope's transaction lies outside and ATOMIC_REQUESTS inside: a TemplateResponse renders after the
    view, and a 4xx or 5xx must not commit. Membership is read anew each time, so that access that was
    taken away ends with the next request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.tenant = request.membership = request.api_key = None
        try:
            match = resolve(request.path_info)
        except Resolver404:
            with translation.override(_language_at(request)):
                return self.get_response(request)
        if "tenant" not in match.kwargs:
            return self.get_response(request)

        tenant = next(iter(_tenant(match.kwargs["tenant"])), None)
        if tenant is None:
            raise Http404
        membership = self._membership(request, tenant)
        if membership is None and not getattr(match.func, "is_public", False):
            return self._refuse(request)
        request.tenant, request.membership = tenant, membership
        if membership is not None:
            membership.tenant = tenant
        # Until the request's last line is written, which is after the scope has closed.
        structlog.contextvars.bind_contextvars(
            tenant=str(tenant.id), member=str(membership.id) if membership else None
        )
        language = (membership and membership.user.language) or tenant.language
        with (
            paced(),
            tenant_scope(
                tenant.id,
                membership.partner_id if membership else None,
                known=tenant,
                patience=Patience(**settings.WEB_PATIENCE),
            ),
            timezone.override(tenant.zone),
            translation.override(language),
        ):
            response = self.get_response(request)
        if membership:
            patch_cache_control(response, private=True, no_store=True)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Nothing but reading for the people of a company that may only read."""
        membership = request.membership
        if request.method in _SAFE or membership is None:
            return None
        if getattr(view, "own_matters", False) or getattr(view, "is_public", False):
            return None
        why = why_reading_only(membership)
        if not why:
            return None
        if not asks_api(request):
            raise ReadingOnly(why)
        return problem(403, "reading_only", _("Reading only"), why)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What the database refused, said to the person; nothing of the request is kept."""
        if isinstance(exception, OperationalError) and isinstance(exception.__cause__, _BUSY):
            # A statement or lock that took too long, or a deadlock.
            log.warning("busy", error=str(exception).strip())
            return self._undone(request, 503, "busy", _("The portal is busy"), {"Retry-After": "10"})
        if isinstance(exception, DataError) and _is_of_the_input(exception):
            log.warning("not_storable", error=str(exception).strip())
            return self._undone(request, 400, "invalid", _("The input is not valid"), {})
        return None

    @staticmethod
    def _undone(
        request: HttpRequest, status: int, code: str, title: str, headers: dict[str, str]
    ) -> HttpResponse:
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        if asks_api(request):
            return problem(status, code, title, headers=headers)
        return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)

    def _membership(self, request: HttpRequest, tenant: Tenant) -> Membership | None:
        secret = api_secret(request)
        if secret is not None:
            return self._membership_of_key(request, tenant, secret)
        if not request.user.is_authenticated:
            return None
        return next(iter(_membership(tenant.pk, request.user.pk)), None)

    def _membership_of_key(self, request: HttpRequest, tenant: Tenant, secret: str) -> Membership | None:
        with tenant_scope(tenant.id):
            key = ApiKey.objects.filter(digest=digest(secret), revoked_at=None).first()
            if key is None:
                return None
            now = timezone.now()
            if key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60:
                ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        request.api_key = key
        return the_one(_active_memberships(tenant.pk).filter(pk=key.membership_id))

    @staticmethod
    def _refuse(request: HttpRequest) -> HttpResponse:
        """Another tenant's pages do not exist for a stranger; who is not signed in may sign in first."""
        if asks_api(request):
            if request.user.is_authenticated:
                return problem(404, "not_found", _("Not found"))
            title = _("Sign in or send an API key")
            return problem(401, "not_authenticated", title, headers={"WWW-Authenticate": "Bearer"})
        if request.user.is_authenticated:
            raise Http404
        return redirect_to_login(request.get_full_path())


def _language_at(request: HttpRequest) -> str:
    """The language of an address that there is not: of who asks, or of the programme that it begins with."""
    if request.user.is_authenticated and request.user.language:
        return request.user.language
    first = request.path_info.strip("/").partition("/")[0]
    tenant = next(iter(_tenant(first)), None) if _SLUG.fullmatch(first) else None
    return tenant.language if tenant else translation.get_language()


def _is_of_the_input(error: DataError) -> bool:
    """Whether a NUL, or a text or number longer than its column, was sent where no form has looked at it."""
    # The driver itself finds a NUL in a text, and has no class for it.
    return isinstance(error.__cause__, _NOT_STORABLE) or "NUL (0x00)" in str(error)


@prepared
def _tenant(slug: str) -> QuerySet[Tenant]:
    return Tenant.objects.filter(slug=slug).order_by()


@prepared
def _membership(tenant_id: UUID, user_id: UUID) -> QuerySet[Membership]:
    return _active_memberships(tenant_id).filter(user_id=user_id)


def _active_memberships(tenant_id: UUID) -> QuerySet[Membership]:
    found = Membership.objects.filter(tenant_id=tenant_id, is_active=True, user__is_active=True)
    return found.select_related("user")
