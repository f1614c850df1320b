"""Prepare a database server for the portal, once, with a superuser's address."""

import os
from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.tenancy import roles


class Command(BaseCommand):
    help = (
        "Creates the roles portal_owner, portal_app and portal_partner, the database of DATABASE_URL, its"
        " extensions and privileges. Passwords are taken from DATABASE_URL and MIGRATION_DATABASE_URL."
        " Running it again changes nothing but a changed password."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "superuser_url",
            nargs="?",
            default=os.environ.get("SUPERUSER_DATABASE_URL"),
            help="postgres://postgres:password@host:5432/postgres (default: SUPERUSER_DATABASE_URL)",
        )
        parser.add_argument(
            "--tests",
            action="store_true",
            help="let portal_app create test databases on this server (never in production)",
        )

    def handle(self, *, superuser_url: str | None, tests: bool, **options: Any) -> None:
        if not superuser_url:
            raise CommandError("Give the superuser's address as the argument or as SUPERUSER_DATABASE_URL.")
        app = urlsplit(settings.DATABASE_URL)
        owner = urlsplit(settings.MIGRATION_DATABASE_URL)
        for address, role, variable in (
            (app, roles.APP_ROLE, "DATABASE_URL"),
            (owner, roles.OWNER_ROLE, "MIGRATION_DATABASE_URL"),
        ):
            # A test server needs no owner: portal_app owns the databases that it makes there.
            if not (tests and address is owner) and (address.username != role or not address.password):
                raise CommandError(f"{variable} must sign in as {role} with the password that it is to have.")
        if app.path != owner.path:
            raise CommandError("DATABASE_URL and MIGRATION_DATABASE_URL must name the same database.")
        database = unquote(app.path.lstrip("/"))
        try:
            roles.prepare(
                superuser_url,
                database,
                owner_password=unquote(owner.password or ""),
                app_password=unquote(app.password or ""),
            )
            if tests:
                roles.allow_test_databases(superuser_url)
        except roles.DatabaseNotPrepared as error:
            raise CommandError(str(error)) from error
        except psycopg.OperationalError as error:
            raise CommandError(f"The database server cannot be used: {str(error).strip()}") from error
        self.stdout.write(f"The database {database} is prepared. Now run: manage.py migrate")
