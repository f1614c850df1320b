"""The demo vendor, so that every page has something to show."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from incentives.demo.seed import PASSWORD, SLUG, DemoRefused, seed, sign_ins


class Command(BaseCommand):
    help = "Make the demo vendor with two years of history, unless there is one. Only where DEMO is on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until",
            type=dt.date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the last day of the history (default: today); the same day gives the same history",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        until = timezone.now()
        if options["until"]:
            until = dt.datetime.combine(options["until"], dt.time(17), dt.UTC)
        try:
            tenant = seed(until=until, say=self._say)
        except DemoRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if tenant is None:
            self.stdout.write("The demo vendor is there already; nothing was changed.")
            return
        self.stdout.write(f"{tenant.name} is ready at /{SLUG}/. Sign in with the password “{PASSWORD}” as:")
        for role, email in sign_ins():
            self.stdout.write(f"  {role}: {email}")

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()
