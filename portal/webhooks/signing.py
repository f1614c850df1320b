"""How a post proves where it comes from: the scheme of Standard Webhooks (standardwebhooks.com).

Three headers: `webhook-id` names the message, the same at each attempt; `webhook-timestamp` is when it was posted;
`webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, once for each secret that is valid.

A secret is never stored. It is derived from SECRET_KEY, the endpoint's key and its version, so whoever reads the
database learns none. It follows that a new SECRET_KEY changes every secret at once: receivers refuse what comes until
an administrator has rotated the secret of each endpoint, which shows the one that counts from then on.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.crypto import salted_hmac

from portal.webhooks.models import Endpoint

PREFIX = "whsec_"
_SALT = "portal.webhooks"


def secrets_of(endpoint: Endpoint, now: datetime) -> list[bytes]:
    """The secrets that sign at a moment: the endpoint's own, and for a day after a rotation the one before."""
    versions = [endpoint.secret_version]
    if endpoint.secret_version > 1 and endpoint.previous_until and now < endpoint.previous_until:
        versions.append(endpoint.secret_version - 1)
    return [_secret(endpoint.pk, version) for version in versions]


def shown_secret(endpoint: Endpoint) -> str:
    """The secret as its owner keeps it."""
    return PREFIX + base64.b64encode(_secret(endpoint.pk, endpoint.secret_version)).decode()


def headers(message_id: str, body: bytes, secrets: Iterable[bytes], at: datetime) -> dict[str, str]:
    """The three headers of a post at a moment."""
    stamp = str(int(at.timestamp()))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    digests = [hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def _secret(endpoint_id: UUID, version: int) -> bytes:
    return salted_hmac(_SALT, f"{endpoint_id}:{version}", algorithm="sha256").digest()
