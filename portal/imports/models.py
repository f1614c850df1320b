"""An import on its way from a file to records, and what a tenant taught it.

The rows between check and commit are kept as columnar parts of some thousand rows each: a database row
for each of them would cost more than the import itself.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.imports.enums import Decision, RunState
from portal.jobs.models import Job
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class ImportRun(TenantModel):
    """One file that somebody imports. `reading` is what the file looked like (headers, samples, kind),
    `options` what the person chose (mapping, currency, rates, date orders, all or nothing), `findings`
    what the check found (counts, unknown values, questions)."""

    target = models.CharField(max_length=30)
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.UPLOADED)
    file_name = models.CharField(_("file"), max_length=200)
    size = models.PositiveIntegerField(_("size"))
    reading = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    findings = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    created_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    job = TenantForeignKey(Job, models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(_("imported"), null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [*tenant_constraints("imports_importrun", "created_by", "job")]
        indexes = [models.Index(fields=["tenant", "-id"], name="imports_importrun_newest")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome as the check found them: create, change, skip, refuse."""
        return self.findings.get("counts", {})

    @property
    def all_or_nothing(self) -> bool:
        return bool(self.options.get("all_or_nothing"))


class ImportFile(TenantModel):
    """The upload itself (zlib), in the database: every worker reads it, and no other tenant can."""

    run = TenantForeignKey(ImportRun, models.CASCADE, related_name="files")
    content = models.BinaryField()

    class Meta:
        constraints = [
            *tenant_constraints("imports_importfile", "run"),
            models.UniqueConstraint(fields=["tenant", "run"], name="imports_importfile_once"),
        ]

    def __str__(self) -> str:
        return str(self.run_id)


class ImportPart(TenantModel):
    """Some thousand checked rows of a run, as Parquet."""

    run = TenantForeignKey(ImportRun, models.CASCADE, related_name="parts")
    position = models.PositiveIntegerField()
    counts = models.JSONField(default=dict)
    content = models.BinaryField()

    class Meta:
        constraints = [
            *tenant_constraints("imports_importpart", "run"),
            models.UniqueConstraint(fields=["tenant", "run", "position"], name="imports_importpart_once"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.position}"


class ColumnMemory(TenantModel):
    """Which field the tenant chose for a heading; an empty field leaves the column out."""

    target = models.CharField(max_length=30)
    heading = models.CharField(max_length=200)
    field = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("imports_columnmemory"),
            models.UniqueConstraint(fields=["tenant", "target", "heading"], name="imports_columnmemory_once"),
        ]

    def __str__(self) -> str:
        return f"{self.heading}: {self.field}"


class ValueMemory(TenantModel):
    """What an unknown text of a field stands for: `GTXPro` is the product GTX Pro."""

    target = models.CharField(max_length=30)
    field = models.CharField(max_length=60)
    text = models.CharField(max_length=300)
    decision = models.CharField(max_length=10, choices=Decision)
    value = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("imports_valuememory"),
            models.UniqueConstraint(
                fields=["tenant", "target", "field", "text"], name="imports_valuememory_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.value}"
