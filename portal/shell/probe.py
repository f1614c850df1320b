"""A container asks itself whether it is well: `python -m portal.shell.probe web|worker|beat`."""

import socket
import sys
import urllib.request
from collections.abc import Callable

from django.conf import settings

from portal.shell.heartbeat import KEY, broker


def web() -> bool:
    """The web server in this container answers."""
    address = "http://127.0.0.1:8000/healthz/live"
    request = urllib.request.Request(
        address, headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"}
    )
    with urllib.request.urlopen(request, timeout=4) as response:
        return response.status == 200


def worker() -> bool:
    """The worker in this container gave a sign of life within the last seconds."""
    with broker() as client:
        pattern = KEY.format(queue="*", worker=f"*@{socket.gethostname()}")
        return next(client.scan_iter(pattern, count=1000), None) is not None


def beat() -> bool:
    """A beat, this one or the one that it waits for, holds the lock."""
    with broker() as client:
        return bool(client.exists(f"{settings.CELERY_REDBEAT_KEY_PREFIX}:lock"))


PROBES: dict[str, Callable[[], bool]] = {"web": web, "worker": worker, "beat": beat}

if __name__ == "__main__":
    sys.exit(0 if PROBES[sys.argv[1]]() else 1)
