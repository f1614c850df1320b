"""What goes wrong while the portal is set up is said in one sentence; what is deleted is named first."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from portal import embedded, run

ROOT = Path(__file__).resolve().parents[2]
Shell = Callable[..., subprocess.CompletedProcess[str]]
# What stands for Python in a checkout: it knows its version and pip, and every installation ends with $SAYS.
STUB = """#!/bin/sh
case "$*" in
    *"pip install"*) echo "$SAYS" >&2; exit 1 ;;
    *platform*) echo "3.15.0 riscv64" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the scripts of a checkout and nothing installed."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "requirements.txt").write_text("polars==1.0 --hash=sha256:0\n")
    return tmp_path


@pytest.fixture
def sh(checkout: Path) -> Shell:
    """Runs a script of the checkout; programs in its folder `fake` go before the machine's."""

    def go(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{checkout / 'fake'}:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(
            ["sh", *command],
            cwd=checkout,
            env={"PATH": path, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return go


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_in_use_is_named_with_another_to_take(taken: int) -> None:
    with pytest.raises(run.CannotRun) as refusal:
        run._demand_free("127.0.0.1", taken)
    assert str(refusal.value) == (
        f"Port {taken} is in use: stop the program that has it, or choose another: make run PORT={taken + 1}."
    )


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_what_is_no_port_is_said(port: str) -> None:
    with pytest.raises(run.CannotRun, match="PORT must be a number from 1 to 65535"):
        run._port(port)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("portal.local", "http://portal.local:8000"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host: str, address: str) -> None:
    assert run._address(host, 8000) == address


def test_no_engine_starts_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=5 * 1024**2))
    with pytest.raises(embedded.EngineError) as refusal:
        embedded.Engines(tmp_path / "var").start()
    assert str(refusal.value) == (
        f"The disk that holds {tmp_path / 'var'} is full: 5 MB are free and 300 MB are needed."
    )


def test_engines_that_another_has_started_since_are_left_running(tmp_path: Path) -> None:
    engines = embedded.Engines(tmp_path)
    other, engine = psutil.Process(os.getppid()), subprocess.Popen(["sleep", "60"])
    engines.run.mkdir(parents=True)
    identities = {
        name: {"pid": process.pid, "created": process.create_time()}
        for name, process in (("owner", other), ("valkey", psutil.Process(engine.pid)))
    }
    engines.state_file.write_text(json.dumps(identities | {"valkey": identities["valkey"] | {"port": 1}}))
    engines.stop(owner=os.getpid())
    assert engine.poll() is None
    engines.stop(owner=other.pid)
    assert not psutil.pid_exists(engine.pid)


def test_without_a_python_it_says_which_is_needed(sh: Shell) -> None:
    done = sh(".ci/install", PYTHON="/no/such/python")
    assert done.returncode == 1
    assert done.stderr.strip() == "PYTHON=/no/such/python is not a Python of version 3.11 or newer."


def test_a_full_disk_is_noticed_before_anything_is_installed(checkout: Path, sh: Shell) -> None:
    program(checkout / "fake" / "python3.11", STUB)
    program(checkout / "fake" / "df", "#!/bin/sh\necho Free\necho disk 9 9 102400 99% /\n")
    done = sh(".ci/install", PYTHON="python3.11")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("is full: 100 MB are free and the installation needs 2000 MB.")


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("ERROR: No matching distribution found for polars", "There is no ready-made build of polars for"),
        ("OSError: [Errno 28] No space left on device", "The disk that holds"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "A downloaded package is not the one that was locked"),
        ("Max retries exceeded with url", "The package index cannot be reached"),
        ("PermissionError: [Errno 13] Permission denied: '.venv'", "cannot be written by"),
    ],
    ids=["compiler", "disk", "hash", "network", "rights"],
)
def test_an_installation_that_fails_ends_with_one_sentence(
    says: str, sentence: str, checkout: Path, sh: Shell
) -> None:
    program(checkout / ".venv" / "bin" / "python", STUB)
    done = sh(".ci/install", SAYS=says)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert sentence in done.stderr


def test_clean_names_what_it_deletes_and_asks(checkout: Path, sh: Shell) -> None:
    for name in ("var/postgres", "node_modules/echarts", "portal/__pycache__"):
        (checkout / name).mkdir(parents=True)
    asked = sh(".ci/clean")
    assert asked.returncode == 1
    assert "the local databases, uploads, mails and logs" in asked.stdout
    assert "node_modules" in asked.stdout
    assert "__pycache__" in asked.stdout
    assert ".venv" not in asked.stdout
    assert (checkout / "var" / "postgres").is_dir()
    assert sh(".ci/clean", CONFIRM="yes").returncode == 0
    assert sorted(path.name for path in checkout.iterdir()) == [".ci", "portal", "requirements.txt"]
    assert list((checkout / "portal").iterdir()) == []
