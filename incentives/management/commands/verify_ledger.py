from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incentives.statements.audit import findings_of, start_audit, sums_of, unguarded
from portal.jobs.runner import run_inline
from portal.money import format_money
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = (
        "Compute every ledger entry again from its plan version and the numbers that it keeps, and check statements,"
        " payments and the earnings shown against the entries. Ends with an error where a cent differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="the tenant's address, such as acme (default: all)")

    def handle(self, *args: Any, tenant: str | None = None, **options: Any) -> None:
        tenants = Tenant.objects.order_by("slug")
        if tenant:
            tenants = tenants.filter(slug=tenant)
            if not tenants:
                raise CommandError(f"There is no tenant {tenant!r}.")
        wrong = sum(self._check(one) for one in tenants)
        if wrong:
            raise CommandError(f"{wrong} findings.")

    def _check(self, tenant: Tenant) -> int:
        with tenant_scope(tenant.pk):
            job = start_audit(by=None, send=False)
            loose = unguarded()
        if loose:
            self.stderr.write(f"{tenant.slug}: this role may {', '.join(loose)} the ledger")
        job = run_inline(job)
        if job.error:
            raise CommandError(job.error)
        sums = ", ".join(format_money(total, currency) for currency, total in sums_of(job).items())
        self.stdout.write(
            f"{tenant.slug}: {job.result['entries']} entries ({sums or 'nothing'}), {job.result['findings']} findings"
        )
        for found in findings_of(job):
            expected = "-" if found.expected is None else format_money(found.expected, found.currency)
            stands = format_money(found.stands, found.currency)
            self.stdout.write(f"  {found.text} {found.label} ({found.id}): {stands}, expected {expected}")
        return int(job.result["findings"])
