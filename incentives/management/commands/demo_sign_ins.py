"""One sign-in per role of the demo vendor, for `make run` to print."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from incentives.demo.seed import PASSWORD, SLUG, sign_ins
from portal.tenancy.models import Tenant


class Command(BaseCommand):
    help = "Print one sign-in per role of the demo vendor; nothing where there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO or not Tenant.objects.filter(slug=SLUG, is_demo=True).exists():
            return
        self.stdout.write(f"Sign in with the password “{PASSWORD}”, or with a button on the sign-in page:")
        for role, email in sign_ins():
            self.stdout.write(f"  {role}: {email}")
