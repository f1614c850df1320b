"""Reading jobs."""

from uuid import UUID

from django.db import models

from portal.jobs.models import ActiveJob, Job


def tenants_with_active_jobs() -> list[UUID]:
    """The tenants that have a job which has not ended."""
    return list(ActiveJob.objects.order_by().values_list("tenant_id", flat=True).distinct())


def jobs() -> models.QuerySet[Job]:
    """The jobs of the tenant in scope, newest first, with who started them."""
    return Job.objects.select_related("created_by__user").order_by("-id")
