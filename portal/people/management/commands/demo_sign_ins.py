"""Say as whom one can look around in the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.people.queries import demo_members


class Command(BaseCommand):
    help = "Prints one person for each role of the demo vendor; the sign-in page has a button for each."

    def handle(self, **options: Any) -> None:
        members = [] if settings.PRODUCTION else demo_members()
        if members:
            self.stdout.write("Sign in with one click, as:")
        for member in members:
            self.stdout.write(f"  {member.get_role_display():<16} {member.name}, {member.tenant.name}")
