"""The portal's Celery application with a pause in every chunk of a job: `--app tests.reliability.slowed`.

The pause comes after the chunk's writes and before its commit, and is announced in the broker, so that a test can
kill the worker exactly there. Only a worker may import this: it changes the handlers of its process.
"""

import time
from collections.abc import Callable

import django
import redis
from django.conf import settings

from portal.celery import app

django.setup()

from portal.jobs import runner  # noqa: E402
from portal.jobs.models import Job  # noqa: E402
from tests.reliability.processes import CHUNKS_WRITTEN  # noqa: E402

PAUSE = 20.0

__all__ = ["app"]


def _slowed(handler: Callable[[Job], bool], after: int) -> Callable[[Job], bool]:
    def run(job: Job) -> bool:
        more = handler(job)
        if redis.Redis.from_url(settings.REDIS_URL).incr(CHUNKS_WRITTEN) > after:
            time.sleep(PAUSE)
        return more

    return run


# The first chunk of work passes, the second one stops where it hurts the most. An import's very first one only
# sets numbers aside.
_BEFORE = {"imports.commit": 2}
runner._handlers.update(
    {kind: _slowed(handler, after=_BEFORE.get(kind, 1)) for kind, handler in runner._handlers.items()}
)
