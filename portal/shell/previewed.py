"""Nothing is saved that was not previewed: the form carries the digest of what the preview was made from."""

import hashlib
import json

from django.http import HttpRequest

_OWN = frozenset({"csrfmiddlewaretoken", "previewed", "action", "builder"})


def digest(request: HttpRequest) -> str:
    """The digest of all that was typed."""
    typed = sorted((key, request.POST.getlist(key)) for key in request.POST if key not in _OWN)
    return hashlib.sha256(json.dumps(typed).encode()).hexdigest()


def was_previewed(request: HttpRequest) -> bool:
    """Whether what is sent now is what was shown in the preview."""
    return request.POST.get("action") == "save" and request.POST.get("previewed") == digest(request)
