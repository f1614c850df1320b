"""The way out: an address that somebody typed must not lead into the network that the portal runs in.

The name is resolved once, every address that it has is checked, and the connection is made to the very address that
was checked, while certificate and `Host` are those of the name. So a name that changes its mind between the check and
the connection (DNS rebinding) gains nothing. Redirects are not followed and no proxy is asked.
"""

import ipaddress
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from portal.webhooks.enums import Problem

PORTS = frozenset({443, 8443})
LONGEST = 500
# One address that does not answer leaves time for the next.
CONNECT_SECONDS = 4.0
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?\Z")
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Global by the registry, and still no place to post to: relays that hide another address, and Azure's own services.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)


class AddressRefused(Exception):
    """Nothing may be posted there. `problem` says why, `message` in a sentence for who typed it."""

    def __init__(self, problem: Problem, message: str):
        super().__init__(message)
        self.problem = problem
        self.message = message


@dataclass(frozen=True)
class Target:
    """An address, taken apart. `path` holds the query as well."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_local(self) -> bool:
        return self.host in LOCAL

    @property
    def authority(self) -> str:
        """What stands in the `Host` header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Target:
    """Take an address apart; AddressRefused for one that webhooks do not go to, before anything is looked up."""
    text = url.strip()
    if len(text) > LONGEST or any(character <= " " or character in '\\\x7f<>"' for character in text):
        raise _malformed()
    try:
        parts = urlsplit(text)
        host = (
            (parts.hostname or "").encode("idna").decode()
            if ":" not in (parts.hostname or "")
            else parts.hostname
        )
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except (ValueError, UnicodeError) as error:
        raise _malformed() from error
    if parts.username is not None or parts.password is not None:
        raise _refused(
            _("Leave name and password out of the address: the signature proves where a post is from.")
        )
    if not host or parts.fragment or not (_HOST.match(host) or _is_address(host)):
        raise _malformed()
    path = iri_to_uri(parts.path or "/") + (f"?{iri_to_uri(parts.query)}" if parts.query else "")
    target = Target(parts.scheme.lower(), host, port, path)
    local = settings.WEBHOOKS_TO_LOCALHOST and target.is_local
    if target.scheme != "https" and not (local and target.scheme == "http"):
        raise _refused(_("The address must start with https://."))
    if port not in PORTS and not settings.WEBHOOKS_TO_LOCALHOST:
        raise _refused(_("Only the ports 443 and 8443 are allowed."))
    return target


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_addresses(target: Target) -> list[str]:
    """The addresses of the target, all of which may be posted to; AddressRefused where one may not."""
    try:
        found = resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(Problem.NAME, _("No server of this name was found.")) from error
    local = settings.WEBHOOKS_TO_LOCALHOST and target.is_local
    if not found or not all(is_loopback(one) if local else is_public(one) for one in found):
        raise AddressRefused(
            Problem.FORBIDDEN,
            _("This address leads into a private network. Only public servers get webhooks."),
        )
    return found


def check_reachable(target: Target, seconds: float = 3.0) -> None:
    """Whether the target may be posted to, for who is typing it; a name that takes too long is not found."""
    answers: SimpleQueue[AddressRefused | None] = SimpleQueue()

    def look() -> None:
        try:
            checked_addresses(target)
        except AddressRefused as refused:
            answers.put(refused)
        else:
            answers.put(None)

    Thread(target=look, daemon=True).start()
    try:
        refused = answers.get(timeout=seconds)
    except Empty:
        refused = AddressRefused(Problem.NAME, _("No server of this name was found."))
    if refused is not None:
        raise refused


def is_public(text: str) -> bool:
    """Whether an address is one of the internet's, for a single server."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or (
            ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
        )
        if inner is not None:
            return is_public(str(inner))
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


@cache
def trust() -> ssl.SSLContext:
    """Whose certificates are believed: those that the machine believes (SSL_CERT_FILE names others)."""
    return ssl.create_default_context()


def connect(target: Target, addresses: Sequence[str], timeout: float) -> socket.socket:
    """A connection to the first of the addresses that answers; each gets `timeout` or CONNECT_SECONDS.

    Raises ConnectionError where none does.
    """
    failed: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, target.port), timeout=min(timeout, CONNECT_SECONDS))
        except OSError as error:
            failed = error
    raise ConnectionError("None of the addresses answers.") from failed


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _malformed() -> AddressRefused:
    return _refused(
        _("This is not an address. Copy it from the other system, such as https://example.com/hooks.")
    )


def _refused(message: str) -> AddressRefused:
    return AddressRefused(Problem.FORBIDDEN, message)
