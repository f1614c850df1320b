"""What holds abuse off the public form, with nothing but the portal itself.

A field that people do not see, a signed stamp of when the form was fetched that counts once, and limits per address,
per e-mail address and per programme. Whoever is taken for a machine gets the same answer as everybody else.
"""

import ipaddress
import secrets
from dataclasses import dataclass
from uuid import UUID

import redis
import structlog
from allauth.account.adapter import get_adapter
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest

from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

HONEYPOT = "fax_number"
QUICKEST = 2  # seconds; nobody reads and fills in the form faster
STAMP_LASTS = 24 * 3600
_SALT = "onboarding.form"


@dataclass(frozen=True)
class Limit:
    """At most so many in so many seconds."""

    name: str
    most: int
    seconds: int


PER_ADDRESS = Limit("address", 10, 3600)
PER_EMAIL = Limit("email", 3, 24 * 3600)
PER_TENANT = Limit("tenant", 300, 3600)
PER_PARTNER = Limit("partner", 20, 24 * 3600)
READS_PER_ADDRESS = Limit("reads", 120, 600)


def address_of(request: HttpRequest) -> str:
    """The address that the request comes from, told as the sign-in tells it (behind a proxy or not)."""
    return str(get_adapter().get_client_ip(request))


def sender_of(request: HttpRequest) -> str:
    """Who is counted as one sender: an IPv4 address, or the network of an IPv6 one, of which anybody has billions."""
    address = ipaddress.ip_address(address_of(request))
    if isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)


def stamp() -> str:
    """A signed mark of this moment, for the form."""
    return signing.dumps([str(current_tenant_id()), secrets.token_hex(8)], salt=_SALT)


def opened(value: str) -> str | None:
    """The stamp's own name when it is genuine, of this programme and not too old."""
    try:
        tenant_id, name = signing.loads(value, salt=_SALT, max_age=STAMP_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return name if tenant_id == str(current_tenant_id()) else None


def is_too_quick(value: str) -> bool:
    """Whether the form comes back sooner than a person could have filled it in."""
    try:
        signing.loads(value, salt=_SALT, max_age=QUICKEST)
    except signing.BadSignature:
        return False
    return True


def spend(name: str) -> bool:
    """Use a stamp up; False when it has been used, as with a second click."""
    try:
        return cache.add(f"onboarding.stamp:{name}", 1, STAMP_LASTS)
    except redis.RedisError:
        log.warning("stamp_without_cache")
        return True


def within(limit: Limit, key: str, tenant_id: UUID | None = None) -> bool:
    """Count one more and say whether the limit still holds. No cache, no limit: mail has to be confirmed anyway."""
    name = f"onboarding.limit:{limit.name}:{tenant_id or current_tenant_id()}:{key.lower()}"
    try:
        cache.add(name, 0, limit.seconds)
        return cache.incr(name) <= limit.most
    except ValueError:
        # It ran out between the two.
        cache.set(name, 1, limit.seconds)
        return True
    except redis.RedisError:
        log.warning("limit_without_cache", limit=limit.name)
        return True
