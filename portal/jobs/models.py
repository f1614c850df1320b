"""Long work that people can watch."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.jobs.enums import ENDED, JobState
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel


class Job(TenantModel):
    """Work cut into chunks. `cursor` says where the next chunk starts; it is saved with the chunk's own
    writes, so that a killed worker loses and repeats nothing."""

    kind = models.CharField(max_length=60)
    title = models.CharField(_("what"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    payload = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [*tenant_constraints("jobs_job", "created_by")]
        indexes = [models.Index(fields=["tenant", "kind", "-id"], name="jobs_job_kind")]

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def percent(self) -> int:
        """0 to 100; a job that has ended well is 100 even if it had nothing to do."""
        if self.state == JobState.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0


class ActiveJob(models.Model):
    """Which tenants have jobs that have not ended, so that a sweep need not visit them all. Unscoped."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    job_id = models.UUIDField(unique=True)

    def __str__(self) -> str:
        return str(self.job_id)
