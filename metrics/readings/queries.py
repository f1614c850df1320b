"""Reads of reported metrics. The vendor's side only."""

from django.db.models import Count, Max, QuerySet

from metrics.readings.actions import ensure_known
from metrics.readings.models import MetricDefinition, Reading


def definitions() -> QuerySet[MetricDefinition]:
    """Every metric with `reading_count` and `latest_on`."""
    ensure_known()
    return MetricDefinition.objects.annotate(reading_count=Count("readings"), latest_on=Max("readings__day"))


def readings() -> QuerySet[Reading]:
    return Reading.objects.select_related("definition", "partner")
