"""Where content lies: a folder a tenant, random names, readable by the portal alone. Never under an address."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

_CHUNK = 256 * 1024


def save(tenant_id: UUID, stream: BinaryIO) -> tuple[str, str, int]:
    """Keep the content; its stored name, SHA-256 and size."""
    name = secrets.token_hex(24)
    path = path_of(tenant_id, name)
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    with os.fdopen(descriptor, "wb") as target:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    partial.rename(path)
    return name, digest.hexdigest(), size


def path_of(tenant_id: UUID, name: str) -> Path:
    return Path(settings.FILES_DIR) / str(tenant_id) / name[:2] / name


def remove(tenant_id: UUID, names: Iterable[str]) -> None:
    for name in names:
        with suppress(FileNotFoundError):
            path_of(tenant_id, name).unlink()


def stored_before(tenant_id: UUID, moment: float) -> Iterator[str]:
    """The names of what has lain on disk since before the moment (seconds since the epoch), whole or not."""
    folder = Path(settings.FILES_DIR) / str(tenant_id)
    for path in folder.glob("*/*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < min(moment, time.time()):
                yield path.name
