"""Posts messages, several at once, none longer than its time. Nothing here knows the database."""

import http.client
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from threading import Lock, Thread

import structlog

from portal.webhooks.enums import Problem
from portal.webhooks.network import AddressRefused, checked_addresses, connect, parse, trust

log = structlog.get_logger(__name__)

SECONDS = 10.0
KEPT = 1024  # bytes of an answer


@dataclass(frozen=True)
class Post:
    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What came back. Without a status there was no answer, and `problem` says why."""

    status: int | None = None
    problem: Problem | None = None
    text: str = ""
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send_all(posts: Sequence[Post], seconds: float = SECONDS) -> list[Answer]:
    """Post all of them at the same time; after so many seconds what has no answer is broken off.

    A socket's own timeout begins anew with each byte, so that a server which drips would hold a worker for ever;
    therefore each has a thread, and the connections of the late ones are shut.
    """
    until = time.monotonic() + seconds
    threads = [_Posting(post, seconds) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread.result() for thread in threads]


class _Posting(Thread):
    def __init__(self, post: Post, seconds: float):
        super().__init__(daemon=True)
        self.post, self.seconds = post, seconds
        self.started = time.monotonic()
        self.lock = Lock()
        self.broken_off = False
        self.connection: socket | None = None
        self.answer: Answer | None = None

    def result(self) -> Answer:
        """The answer, or that there was none in time. What is still under way is broken off."""
        with self.lock:
            self.broken_off = True
            if self.connection is not None and self.is_alive():
                _shut(self.connection)
            return self.answer or Answer(problem=Problem.TIMEOUT, milliseconds=self._passed())

    def run(self) -> None:
        try:
            self._send()
        except AddressRefused as refused:
            self._say(problem=refused.problem)
        except TimeoutError:
            self._say(problem=Problem.TIMEOUT)
        except ssl.SSLError as error:
            self._say(problem=Problem.CERTIFICATE, text=str(error))
        except OSError:
            self._say(problem=Problem.UNREACHABLE)
        except (http.client.HTTPException, ValueError):
            self._say(problem=Problem.GARBLED)
        except Exception:
            log.exception("webhook_not_posted")
            self._say(problem=Problem.GARBLED)

    def _send(self) -> None:
        target = parse(self.post.url)
        connection = connect(target, checked_addresses(target), self._left())
        try:
            self._hold(connection)
            if target.scheme == "https":
                connection.settimeout(self._left())
                connection = trust().wrap_socket(
                    connection, server_hostname=target.host, do_handshake_on_connect=False
                )
                self._hold(connection)
                connection.do_handshake()
            connection.settimeout(self._left())
            client = http.client.HTTPConnection(target.host, target.port)
            client.sock = connection
            client.request(
                "POST",
                target.path,
                body=self.post.body,
                headers={
                    "Host": target.authority,
                    "Content-Type": "application/json",
                    "User-Agent": "Partner-portal-webhooks/1",
                    "Connection": "close",
                    **self.post.headers,
                },
            )
            response = client.getresponse()
            # What the answer says counts even if the rest of it never comes.
            self._say(status=response.status)
            self._say(status=response.status, text=_beginning(response))
        finally:
            connection.close()

    def _hold(self, connection: socket) -> None:
        """What is shut when the time is over."""
        with self.lock:
            self.connection = connection
            if self.broken_off:
                raise TimeoutError

    def _say(self, status: int | None = None, problem: Problem | None = None, text: str = "") -> None:
        if status is not None and not 200 <= status < 300:
            problem = Problem.STATUS
        answer = Answer(status, problem, text.replace("\x00", "")[:KEPT], self._passed())
        with self.lock:
            if not self.broken_off and not (self.answer and status is None):
                self.answer = answer

    def _passed(self) -> int:
        return int((time.monotonic() - self.started) * 1000)

    def _left(self) -> float:
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _beginning(response: http.client.HTTPResponse) -> str:
    try:
        return response.read(KEPT).decode("utf-8", errors="replace")
    except (OSError, http.client.HTTPException, ValueError):
        return ""


def _shut(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        log.debug("webhook_connection_closed_already")
