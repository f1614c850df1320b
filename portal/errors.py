"""What is said when something is not done: by an action to a person, and by any address to a program."""

from collections.abc import Mapping

from django.http import HttpRequest, JsonResponse
from django.utils.functional import Promise

PROBLEM = "application/problem+json"


class ActionRefused(Exception):
    """A rule of the programme forbids the action now. `message` is for the person who asked."""

    def __init__(self, message: str | Promise, *, field: str | None = None, code: str = "refused"):
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.code = code


def asks_api(request: HttpRequest) -> bool:
    """Whether a program reads the answer."""
    return "/api/" in request.path_info


def problem(
    status: int, code: str, title: str, detail: str = "", headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """The API's error (RFC 9457) where none of its views has answered."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    if detail:
        body["detail"] = detail
    return JsonResponse(body, status=status, headers=headers, content_type=PROBLEM)
