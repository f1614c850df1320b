"""`make run`: the embedded engines, the migrations, the demo, and then web, workers and beat until Ctrl-C.

The environment may say HOST, PORT, WEB_WORKERS and everything that the settings read. Each process writes
to its own file under `var/log`; one that dies is started again.
"""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import psycopg

from portal.embedded import BASE_DIR, VAR, EngineError, Engines
from portal.tenancy.roles import DatabaseNotPrepared

LOGS = VAR / "log"
READY_SECONDS = 60
STOP_SECONDS = 10
LONGEST_PAUSE = 30
QUEUES = {"default": 2, "bulk": 1}
PR_SET_PDEATHSIG = 1


class CannotRun(Exception):
    """The portal cannot be brought up; the message is one sentence for the person at the terminal."""


class Stop(BaseException):
    """A signal asked us to stop."""


@dataclass
class Child:
    """One process of the portal, and when it may be started again."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    started: float = 0.0
    pause: float = field(default=1.0)
    due: float = 0.0

    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self, environment: dict[str, str]) -> None:
        with open(self.log(), "ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us to pass on, in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (there are no threads)
            )
        self.started = time.monotonic()

    def watch(self, environment: dict[str, str], say: Callable[[str], None]) -> None:
        """Start the process again when it has died, after a pause that grows while it keeps dying."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            if now - self.started > LONGEST_PAUSE:
                self.pause = 1.0
            code = self.process.returncode
            say(f"{self.name} ended with {code}; starting it again (its log is {self.log()}).")
            self.process, self.due = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if self.process is None and now >= self.due:
            self.start(environment)


def run() -> None:
    """Bring the portal up and keep it up until a signal. Raises CannotRun or EngineError in one sentence."""
    host = os.environ.get("HOST", "127.0.0.1")
    port = _port(os.environ.get("PORT", "8000"))
    _demand_free(host, port)
    for folder in (LOGS, VAR / "static", VAR / "media"):
        folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HOST": host, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    environment.setdefault("PORTAL_URL", _address("localhost" if host == "127.0.0.1" else host, port))
    environment.setdefault("EMAIL_URL", f"file://{VAR / 'mail'}")
    engines = None
    children: list[Child] = []
    try:
        if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
            if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
                raise CannotRun("Set both DATABASE_URL and REDIS_URL, or neither.")
            mine = Engines(VAR, notice=_say)
            if mine.start(owner=os.getpid()):
                engines = mine
            environment.update(mine.urls().environment())
        _prepare(environment)
        children = _children(host, port)
        for child in children:
            child.start(environment)
        _wait_until_ready(host, port, children[0])
        _announce(environment)
        while True:
            time.sleep(0.5)
            for child in children:
                child.watch(environment, _say)
    finally:
        # A second Ctrl-C must not leave the engines behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _stop(children)
        if engines is not None:
            engines.stop(owner=os.getpid())


def _children(host: str, port: int) -> list[Child]:
    python = sys.executable
    web = [python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"]
    web += [
        "--workers",
        os.environ.get("WEB_WORKERS", "2"),
        "--blocking-threads",
        "4",
        "--respawn-failed-workers",
    ]
    celery = [python, "-m", "celery", "--app", "portal"]
    options = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    workers = [
        Child(
            f"worker-{queue}",
            [*celery, "worker", "--queues", queue, "--hostname", f"{queue}@%h", "-c", str(count), *options],
        )
        for queue, count in QUEUES.items()
    ]
    beat = [*celery, "beat", "--scheduler", "redbeat.RedBeatScheduler", "--pidfile", "", "--loglevel", "INFO"]
    return [Child("web", [*web, "portal.wsgi:application"]), *workers, Child("beat", beat)]


def _prepare(environment: dict[str, str]) -> None:
    _say("Bringing the database up to date ...")
    _manage(environment, "migrate", "--no-input", "--verbosity", "0")
    if environment.get("DEMO", "true").lower() in {"1", "true", "yes", "on"} and not _has_tenant(environment):
        _say("Making the demo vendor, about two years of history; this takes a minute or two ...")
        _manage(environment, "seed_demo")


def _manage(environment: dict[str, str], *arguments: str) -> None:
    """Run a management command; its own words go to the terminal only when it fails."""
    finished = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log = LOGS / "manage.log"
    with open(log, "a") as stream:
        stream.write(finished.stdout)
    if finished.returncode != 0:
        if any(
            sign in finished.stdout
            for sign in ("No space left on device", "DiskFull", "could not extend file")
        ):
            raise CannotRun(f"The disk that holds {VAR} is full. What was said is in {log}.")
        last = (finished.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotRun(
            f"manage.py {arguments[0]} failed: {last.rstrip('.')}. All of its output is in {log}."
        )


def _has_tenant(environment: dict[str, str]) -> bool:
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM tenancy_tenant)").fetchone()
    return bool(row and row[0])


def _wait_until_ready(host: str, port: int, web: Child) -> None:
    address = f"{_address('127.0.0.1' if host == '0.0.0.0' else host, port)}/healthz/live"
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if web.process is not None and web.process.poll() is not None:
            raise CannotRun(f"The web server did not start: {_last_line(web.log())} Its log is {web.log()}.")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise CannotRun(f"The web server did not answer within {READY_SECONDS} seconds; its log is {web.log()}.")


def _announce(environment: dict[str, str]) -> None:
    _say(f"\nThe portal runs at {environment['PORTAL_URL']}\n")
    finished = subprocess.run(
        [sys.executable, "manage.py", "demo_sign_ins"],
        check=False,
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    if finished.returncode != 0:
        _say(
            f"(manage.py demo_sign_ins failed: {(finished.stderr.strip().splitlines() or ['no reason given'])[-1]})"
        )
    elif finished.stdout.strip():
        _say(finished.stdout.rstrip() + "\n")
    mail = urlsplit(environment["EMAIL_URL"])
    if mail.scheme == "file":
        _say(f"Mails are written to {mail.path}, logs to {LOGS}.")
    _say("Ctrl-C stops everything; the data stays.")


def _stop(children: list[Child]) -> None:
    living = [child.process for child in reversed(children) if child.process is not None]
    for process in living:
        if process.poll() is None:
            process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for process in living:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise CannotRun(f"PORT must be a number from 1 to 65535, not {text!r}.")


def _demand_free(host: str, port: int) -> None:
    try:
        family, _kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind(address)
    except socket.gaierror:
        raise CannotRun(f"HOST={host} is not an address of this machine.") from None
    except PermissionError:
        raise CannotRun(
            f"Port {port} needs a privilege that you lack; choose another: make run PORT=8000."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotRun(
                f"Port {port} is in use: stop the program that has it,"
                f" or choose another: make run PORT={port + 1 if port < 65535 else 8000}."
            ) from None
        raise CannotRun(f"HOST={host} cannot be used: {error.strerror}.") from None


def _address(host: str, port: int) -> str:
    """Where a browser on this machine finds it."""
    name = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"{lines[-1].strip().rstrip('.')}." if lines else "it wrote nothing."


def _die_with_parent() -> None:
    """Even when the supervisor is killed outright, its children end (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    raise Stop


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)
    try:
        run()
    except Stop:
        _say("\nStopped; the data is kept under var/.")
    except (CannotRun, EngineError, DatabaseNotPrepared) as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, psycopg.Error) as error:
        print(f"The portal cannot run: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
