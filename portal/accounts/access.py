"""How a view or an action asks whether a member may do something."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import rules
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from portal.accounts.models import Membership, User
from portal.accounts.standing import ReadingOnly, is_reading, why_reading_only

View = Callable[..., HttpResponseBase]


def can(membership: Membership, permission: str, obj: Any = None) -> bool:
    """Whether the member may; an unknown permission raises KeyError rather than saying no.

    Whose company may only read (it is suspended) may look at what the role may see, and do nothing.
    """
    if not rules.perm_exists(permission):
        raise KeyError(f"There is no permission {permission!r}.")
    return (
        membership.is_active
        and rules.has_perm(permission, membership, obj)
        and (is_reading(permission) or not why_reading_only(membership))
    )


def check(membership: Membership, permission: str, obj: Any = None) -> None:
    """Raise PermissionDenied unless the member may."""
    if not can(membership, permission, obj):
        if not is_reading(permission) and (why := why_reading_only(membership)):
            raise ReadingOnly(why)
        raise PermissionDenied(permission)


def requires(permission: str) -> Callable[[View], View]:
    """Decorate a view that only some roles may use at all; 403 for the others."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check(request.membership, permission)
            return view(request, *args, **kwargs)

        guarded.required_permission = permission
        return guarded

    return decorate


def signed_in(request: HttpRequest) -> User:
    """The person behind a request that only those who have signed in can make."""
    assert request.user.is_authenticated
    return request.user


def public_view(view: View) -> View:
    """Mark a view under a tenant's address as open to people who have not signed in."""
    view.is_public = True
    return view
