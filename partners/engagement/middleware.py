"""The middleware that notes who of the partners uses the portal."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from partners.engagement.actions import note_presence

MOST_REMEMBERED = 100_000


class PresenceMiddleware:
    """Notes a partner's person once a day, on the first page they open; programs that come with a key are none.

    It runs inside the tenant's scope. What a process remembers only saves the look: the row is unique.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response
        self.noted: set[tuple[UUID, date]] = set()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        member = request.membership
        if member is None or member.partner_id is None or request.api_key or not settings.NOTES_PRESENCE:
            return response
        seen = (member.pk, timezone.localdate(timezone=request.tenant.zone))
        if response.status_code < 400 and seen not in self.noted:
            note_presence(member, seen[1])
            if len(self.noted) >= MOST_REMEMBERED:
                self.noted.clear()
            self.noted.add(seen)
        return response
