"""What happened to benchmarks, in sentences."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("benchmark.set")
def was_set(event: Event) -> str:
    return _("Entered the benchmark for %(kpi)s from “%(source)s”") % event.data


@describes("benchmark.removed")
def removed(event: Event) -> str:
    return _("Removed the benchmark for %(kpi)s from “%(source)s”") % event.data
