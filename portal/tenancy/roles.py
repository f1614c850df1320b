"""The database's three roles, its extensions and its privileges; shared by every way of preparing one.

`portal_owner` owns the tables and migrates. `portal_app` logs in for web and workers: it is NOINHERIT, so
that it falls under the policies of `portal_partner` only while it acts as that role. None is superuser or
BYPASSRLS.
"""

import psycopg
from psycopg import sql

OWNER_ROLE = "portal_owner"
APP_ROLE = "portal_app"
PARTNER_ROLE = "portal_partner"
EXTENSIONS = ("btree_gist", "pg_trgm")
MINIMUM_SERVER_VERSION = 150000


class DatabaseNotPrepared(Exception):
    """The server cannot carry the portal; the message is one sentence for the operator."""


def prepare(superuser_url: str, database: str, *, owner_password: str, app_password: str) -> None:
    """Create or repair roles, database, extensions and default privileges. Running it again changes nothing.

    `superuser_url` leads to any database of the server. Raises DatabaseNotPrepared when the server is too
    old or the role may not do this.
    """
    name, owner, app = (sql.Identifier(word) for word in (database, OWNER_ROLE, APP_ROLE))
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if connection.info.server_version < MINIMUM_SERVER_VERSION:
            version = connection.info.server_version // 10000
            raise DatabaseNotPrepared(f"PostgreSQL 15 or newer is needed; this server is version {version}.")
        if not _value(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            raise DatabaseNotPrepared("Roles and extensions must be created by a superuser of the server.")
        _create_roles(connection, {OWNER_ROLE: owner_password, APP_ROLE: app_password, PARTNER_ROLE: None})
        if not _value(connection, "SELECT true FROM pg_database WHERE datname = %s", database):
            create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
            connection.execute(create.format(name, owner))
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, app))
    with psycopg.connect(superuser_url, dbname=database, autocommit=True) as connection:
        create_extensions(connection)
        _grant_privileges(connection)


def allow_test_databases(superuser_url: str) -> None:
    """Let `portal_app` create databases that already hold the extensions. For throw-away servers only."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(APP_ROLE)))
    with psycopg.connect(superuser_url, dbname="template1", autocommit=True) as connection:
        create_extensions(connection)
        # Before PostgreSQL 16 a NOINHERIT role has no use of owning the database: the schema is its owner's.
        connection.execute(
            sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(APP_ROLE))
        )


def create_extensions(connection: psycopg.Connection) -> None:
    for extension in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _create_roles(connection: psycopg.Connection, passwords: dict[str, str | None]) -> None:
    for role, password in passwords.items():
        name = sql.Identifier(role)
        if not _value(connection, "SELECT true FROM pg_roles WHERE rolname = %s", role):
            connection.execute(sql.SQL("CREATE ROLE {}").format(name))
        connection.execute(
            sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION").format(name)
        )
        if password is None:
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(name))
        else:
            connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(name, sql.Literal(password)))
    connection.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(APP_ROLE)))
    # From PostgreSQL 16 on, a membership has its own INHERIT option, which is fixed when it is granted.
    inherit = (
        sql.SQL(" WITH INHERIT FALSE, SET TRUE") if connection.info.server_version >= 160000 else sql.SQL("")
    )
    for member in (APP_ROLE, OWNER_ROLE):
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(PARTNER_ROLE), sql.Identifier(member)) + inherit
        )


def _grant_privileges(connection: psycopg.Connection) -> None:
    owner, app, partner = (sql.Identifier(role) for role in (OWNER_ROLE, APP_ROLE, PARTNER_ROLE))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(app, partner))
    connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner))
    default = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} TO {}")
    tables = sql.SQL("SELECT, INSERT, UPDATE, DELETE ON TABLES")
    connection.execute(default.format(owner, tables, app))
    connection.execute(default.format(owner, sql.SQL("USAGE, SELECT ON SEQUENCES"), app))


def _value(connection: psycopg.Connection, query: str, *parameters: str) -> object:
    row = connection.execute(query, parameters or None).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None
