"""What the browser may load, and what is written down about each request."""

import re
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase
from django_structlog.middlewares import RequestMiddleware

POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class ContentSecurityPolicyMiddleware:
    """No inline script or style, nothing from elsewhere. A view may set a narrower policy of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


# No part of the portal's own addresses is longer; the secrets in links (to join, to answer, to reset a password) are.
LONGEST_NAME = 40
_SECRET = re.compile(rf"[^/?&=]{{{LONGEST_NAME + 1},}}")


class RequestLogMiddleware(RequestMiddleware):
    """Writes down when a request begins and ends. Who reads logs must not be able to open the links that were sent."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Nothing that an earlier request of this thread left behind.
        structlog.contextvars.clear_contextvars()
        return super().__call__(request)  # type: ignore[return-value]

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {_SECRET.sub('***', request.get_full_path())}"
