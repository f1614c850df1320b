"""Orders to the workshop, the program in which other people's files are opened."""

import json
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from portal.errors import ActionRefused

# What a person waits for; what takes longer is made by a worker.
AT_ONCE = 1.0
IN_A_JOB = 20.0


class TookTooLong(Exception):
    """The workshop was not done in time and was stopped."""


def order(verb: str, *, seconds: float, **what: Any) -> dict[str, Any]:
    """Have the workshop do something within so many seconds. Raises TookTooLong, and ActionRefused with a sentence for
    a file that it cannot work with."""
    asked = json.dumps({"verb": verb, "seconds": max(2, round(seconds)), **what})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "partners.content.workshop"],
            input=asked,
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=settings.BASE_DIR,
            env={"PATH": "/usr/bin:/bin"},
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooLong from error
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {"problem": "broken"}
    if "problem" in answer:
        raise ActionRefused(_why(answer["problem"]), field="file", code="file")
    return answer


def _why(problem: str) -> str:
    if problem == "encrypted":
        return _("The PDF is protected with a password, so no logo can be put into it.")
    if problem == "pages":
        return _("The PDF has no such page, or more than 500 pages.")
    return _("The file is broken or too complicated, so no logo can be put into it.")
