"""The embedded engines from a shell.

python -m portal.engines start | stop | status
python -m portal.engines exec [--folder FOLDER] -- COMMAND...    run a command with engines of its own
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.embedded import VAR, EngineError, Engines
from portal.tenancy import roles

SUMMARY = "PostgreSQL and Valkey from Python wheels, for use without any server."


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.engines", description=SUMMARY)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("start", help="start the engines of this checkout and leave them running")
    verbs.add_parser("stop", help="stop them")
    verbs.add_parser("status", help="say whether they run, and where")
    runner = verbs.add_parser("exec", help="run a command with engines of its own")
    runner.add_argument("--folder", type=Path, help="keep the data here (default: throw it away)")
    runner.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    engines = Engines(VAR, notice=_say)
    try:
        if options.verb == "exec":
            command = options.command[1:] if options.command[:1] == ["--"] else options.command
            return execute(command, folder=options.folder.resolve() if options.folder else None)
        if options.verb == "start":
            engines.start()
        if options.verb == "stop":
            engines.stop()
        if not engines.running():
            _say("The engines are not running.")
            return 0 if options.verb == "stop" else 3
        for name, value in engines.urls().environment().items():
            print(f"{name}={value}")
    except (EngineError, roles.DatabaseNotPrepared) as error:
        _say(str(error))
        return 1
    return 0


def sweep_leftovers(folder: Path) -> None:
    """Stop and delete throw-away engines whose owner died without doing so."""
    for leftover in folder.glob("test-*"):
        engines = Engines(leftover)
        if engines.abandoned():
            engines.stop()
            shutil.rmtree(leftover, ignore_errors=True)


def execute(command: list[str], *, folder: Path | None) -> int:
    """Run `command` with engines of its own and return its exit code.

    Without `folder` the engines are thrown away afterwards. When DATABASE_URL and REDIS_URL are set, those
    servers are used and nothing is started. The engines stop after the command, also after
    a Ctrl-C.
    """
    configured = [name for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)]
    if len(configured) == 2:
        return _run(command, dict(os.environ))
    if configured:
        raise EngineError("Set both DATABASE_URL and REDIS_URL, or neither.")
    if folder is None:
        VAR.mkdir(parents=True, exist_ok=True)
        sweep_leftovers(VAR)
    home = folder or Path(tempfile.mkdtemp(prefix="test-", dir=VAR))
    engines = Engines(home, durable=folder is not None, notice=_say)
    try:
        owned = engines.start(owner=os.getpid())
        try:
            return _run(command, {**os.environ, **engines.urls().environment()})
        finally:
            if owned:
                engines.stop(owner=os.getpid())
    finally:
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str], environment: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(command, env=environment)
    except FileNotFoundError:
        raise EngineError(f"There is no command {command[0]}.") from None
    previous = {
        number: signal.signal(number, lambda received, frame: process.send_signal(received))
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    previous[signal.SIGINT] = signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # the terminal tells the command itself
    try:
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
