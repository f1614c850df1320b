"""A small system that receives webhooks, on a socket of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and what is answered: `status` with `text`, or what `answer` does with the connection."""

    port: int = 0
    status: int = 200
    text: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    taken: list[Received] = field(default_factory=list)
    stopped: Event = field(default_factory=Event)
    sent: int = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hooks"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver, lock = Receiver(), Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.taken.append(Received(self.path, headers, body))
            if receiver.answer is not None:
                receiver.answer(self)
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.text)))
            self.end_headers()
            self.wfile.write(receiver.text)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def drips(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer that never ends: a byte of its first line now and then."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        while not receiver.stopped.wait(0.05):
            try:
                handler.wfile.write(b"H")
                handler.wfile.flush()
            except OSError:
                return

    return answer


def pours(receiver: Receiver, size: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """A success with a body of so many bytes; `receiver.sent` says how many of them were taken."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        block = b"x" * 65536
        for _block in range(size // len(block)):
            try:
                handler.wfile.write(block)
            except OSError:
                return
            receiver.sent += len(block)

    return answer


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
