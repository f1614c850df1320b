"""Whether a partner's people may write: the floor above says for which companies they only read.

Reading-only is held twice. `access.can` refuses every permission that is not one to look at something, so no action
goes through and no button is offered; and the middleware refuses every request that is not a reading one, by page and
API alike, unless its view is marked with `own_matters`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase

if TYPE_CHECKING:
    # Asked before there are models.
    from portal.accounts.models import Membership

View = Callable[..., HttpResponseBase]

_asked: list[Callable[[UUID], str]] = []
_READING = ("view", "list")


class ReadingOnly(PermissionDenied):
    """What a member wants is a write, and the company may only read now. The text is for the person."""


def partner_standing(why_reading_only: Callable[[UUID], str]) -> None:
    """Tell the portal how to find out why a partner's people may only read; "" when they may write. One query."""
    _asked.append(why_reading_only)


def why_reading_only(membership: "Membership") -> str:
    """The sentence for a member whose company may only read; "" for everybody else. One query a membership."""
    if membership.partner_id is None:
        return ""
    known: str | None = getattr(membership, "_why_reading_only", None)
    if known is None:
        known = next((why for ask in _asked if (why := ask(membership.partner_id))), "")
        membership._why_reading_only = known  # type: ignore[attr-defined]
    return known


def is_reading(permission: str) -> bool:
    """Whether a permission is one to look at something (`deals.view_deal`)."""
    return permission.partition(".")[2].startswith(_READING)


def own_matters(view: View) -> View:
    """Mark a view whose POST concerns the person alone (news that was read), for those as well who may only read."""
    view.own_matters = True  # type: ignore[attr-defined]
    return view
