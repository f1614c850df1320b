"""The middleware that notes who of the partners uses the portal."""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from partners.engagement.actions import note_presence

A_DAY = 24 * 3600


class PresenceMiddleware:
    """Notes a partner's person once a day, on the first page they open; programs that come with a key are none.

    It runs inside the tenant's scope. The cache only saves the look: the row is unique.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        member = request.membership
        if member is None or member.partner_id is None or request.api_key or not settings.NOTES_PRESENCE:
            return response
        if response.status_code < 400:
            day = timezone.localdate(timezone=request.tenant.zone)
            if cache.add(f"present:{member.pk}:{day}", True, A_DAY):
                note_presence(member, day)
        return response
