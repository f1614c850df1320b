from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from metrics.actions import start_full_recompute
from portal.jobs.runner import run_inline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Compute every scorecard of a tenant anew, here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="the tenant's address, such as acme")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        with tenant_scope(tenant.pk):
            job = start_full_recompute(send=False)
        job = run_inline(job)
        if job.error:
            raise CommandError(job.error)
        self.stdout.write(f"{job.done} chunks, {job.result.get('changed', 0)} scorecards changed")
