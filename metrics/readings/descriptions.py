"""What an event of a reported metric says in the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("metric.defined")
def metric_defined(event: Event) -> str:
    return _("Defined the metric %(name)s.") % event.data["new"]


@describes("metric.changed")
def metric_changed(event: Event) -> str:
    return _("Changed the metric %(name)s.") % event.data["new"]


@describes("reading.reported")
def reading_reported(event: Event) -> str:
    return _("Reported %(metric)s of %(day)s.") % event.data["new"]


@describes("reading.changed")
def reading_changed(event: Event) -> str:
    return _("Corrected %(metric)s of %(day)s.") % event.data["new"]


@describes("reading.removed")
def reading_removed(event: Event) -> str:
    return _("Removed %(metric)s of %(day)s.") % event.data["old"]


@describes("readings.imported")
def readings_imported(event: Event) -> str:
    return _("Imported readings: %d.") % event.data["count"]
