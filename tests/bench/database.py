"""The database that is measured: one of its own, migrated, never one with people's data."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
# What the measurements' own vendors are called, or begin with.
SLUG = "bench"


class BenchDatabaseError(Exception):
    """There is no database to measure in; the message is one sentence for the person at the terminal."""


def prepare_database(*, fresh: bool) -> None:
    """Let DATABASE_URL lead to a migrated database for measuring.

    A role that may create databases gets `<name>_bench`. Any other uses the configured database, and only when
    no tenant but those of the measurements is in it (the engines that `make bench` starts are such).
    Raises BenchDatabaseError.
    """
    url = os.environ.get("DATABASE_URL")
    if not url or not os.environ.get("REDIS_URL"):
        raise BenchDatabaseError("Set DATABASE_URL and REDIS_URL, or run `make bench`.")
    with psycopg.connect(url, autocommit=True) as connection:
        may_create = connection.execute(
            "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if may_create == (True,):
            name = urlsplit(url).path.strip("/") + "_bench"
            _create(connection, name, fresh=fresh)
            os.environ["DATABASE_URL"] = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
            os.environ["MIGRATION_DATABASE_URL"] = os.environ["DATABASE_URL"]
        else:
            _refuse_others_data(connection)
            if fresh:
                raise BenchDatabaseError("Delete var/bench to have its data set made anew.")
    environment = {**os.environ, "PORTAL_ENV": "development"}
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
        raise BenchDatabaseError(f"The database for measuring could not be migrated: {last}")


def _create(connection: psycopg.Connection, name: str, *, fresh: bool) -> None:
    exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if exists and fresh:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    if not exists or fresh:
        connection.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8'").format(sql.Identifier(name)))


def _refuse_others_data(connection: psycopg.Connection) -> None:
    if connection.execute("SELECT to_regclass('tenancy_tenant')").fetchone() == (None,):
        return
    query = "SELECT slug FROM tenancy_tenant WHERE NOT starts_with(slug, %s) LIMIT 1"
    if other := connection.execute(query, [SLUG]).fetchone():
        raise BenchDatabaseError(
            f"The configured database holds the tenant {other[0]!r}: measure in another one,"
            " or let the role create databases."
        )
