"""What every API call passes: who calls, what they may, how pages and errors look.

The settings name these, so nothing here may import DRF's views.
"""

from typing import Any

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from rest_framework import exceptions, pagination, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.access import can
from portal.accounts.models import User
from portal.accounts.standing import ReadingOnly
from portal.errors import ActionRefused


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


class MembershipAuthentication(BaseAuthentication):
    """The middleware has found the membership, by API key or session; a session's writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        membership = getattr(request._request, "membership", None)
        if membership is None:
            return None
        if request._request.api_key is None:
            check = _CsrfCheck(lambda _request: None)  # type: ignore[arg-type]
            check.process_request(request._request)
            reason = check.process_view(request._request, None, (), {})  # type: ignore[arg-type]
            if reason:
                raise exceptions.PermissionDenied(_("The CSRF token is missing or wrong."))
        return membership.user, request._request.api_key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class HasMembership(BasePermission):
    """Asks the permission that the viewset names for the action; an action without one is a mistake."""

    def has_permission(self, request: Request, view: Any) -> bool:
        membership = getattr(request._request, "membership", None)
        if membership is None:
            raise exceptions.NotAuthenticated
        permission = permission_of(view)
        return permission is None or can(membership, permission)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        permission = permission_of(view)
        return permission is None or can(request._request.membership, permission, obj)


def permission_of(view: Any) -> str | None:
    """The permission a view's action needs. None for what is no viewset, and for what no action answers."""
    action = getattr(view, "action", None)
    permissions = getattr(view, "permissions", None)
    if permissions is None or action in (None, "metadata"):
        return None
    if action not in permissions:
        raise ImproperlyConfigured(f"{type(view).__name__}.permissions does not name the action {action!r}.")
    return permissions[action]


class CursorPagination(pagination.CursorPagination):
    """Newest first, 50 a page, at most 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "-id"


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Errors as `application/problem+json` (RFC 9457), with `errors` by field where input is at fault."""
    if isinstance(exc, ActionRefused):
        blamed = {exc.field: [force_str(exc.message)]} if exc.field else None
        return _problem(status.HTTP_409_CONFLICT, _("Refused"), force_str(exc.message), exc.code, blamed)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, ReadingOnly):
        exc = exceptions.PermissionDenied(str(exc))
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, DjangoValidationError):
        exc = exceptions.ValidationError(
            exc.message_dict if hasattr(exc, "error_dict") else {"non_field_errors": exc.messages}
        )
    if not isinstance(exc, exceptions.APIException):
        return None
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))
    if isinstance(exc, exceptions.ValidationError):
        errors = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        return _problem(exc.status_code, _("The input is not valid"), "", "invalid", errors, headers)
    # These two name what was asked for in place of a field in braces.
    named = isinstance(exc, exceptions.MethodNotAllowed | exceptions.UnsupportedMediaType)
    title = force_str(exc.detail if named else exc.default_detail)
    return _problem(exc.status_code, title, force_str(exc.detail), exc.default_code, None, headers)


def _problem(
    code: int, title: str, detail: str, kind: str, errors: Any = None, headers: dict[str, str] | None = None
) -> Response:
    # A refused request must leave nothing behind.
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    body: dict[str, Any] = {"type": "about:blank", "title": force_str(title), "status": code, "code": kind}
    if detail and detail != title:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    return Response(body, status=code, headers=headers, content_type="application/problem+json")
