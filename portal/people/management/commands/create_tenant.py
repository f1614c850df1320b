"""Make an empty tenant and invite its first admin."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from portal.people.tenants import create_tenant


class Command(BaseCommand):
    help = (
        "Makes an empty tenant and prints the link with which its first admin joins; the link lasts a week."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="first part of its addresses: lower-case letters, digits, hyphens")
        parser.add_argument("name", help="the vendor's name")
        parser.add_argument("admin_email", help="e-mail address of its first admin")
        parser.add_argument("--currency", default="EUR", help="three letters (default: EUR)")
        parser.add_argument("--time-zone", default="UTC", help="such as Europe/Amsterdam (default: UTC)")
        parser.add_argument("--language", default="en", help="en or nl (default: en)")
        parser.add_argument("--country", default="", help="two letters")
        parser.add_argument(
            "--fiscal-year-start",
            type=int,
            default=1,
            metavar="MONTH",
            help="first month of its year (default: 1)",
        )

    def handle(self, *, slug: str, name: str, admin_email: str, **options: Any) -> None:
        fields = ("currency", "time_zone", "language", "country", "fiscal_year_start")
        try:
            tenant, link = create_tenant(
                slug=slug, name=name, admin_email=admin_email, **{field: options[field] for field in fields}
            )
        except ValidationError as error:
            lines = [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]
            raise CommandError("The tenant was not made.\n" + "\n".join(lines)) from error
        self.stdout.write(f"{tenant.name} is made. Its first admin joins here within a week:")
        self.stdout.write(link)
