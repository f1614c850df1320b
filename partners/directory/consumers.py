"""What the directory does when something happens: what was written during a merge follows as soon as it is over."""

from django.utils import timezone

from partners.directory.merging.actions import bring_the_rest
from portal.events.consumers import subscribe
from portal.events.models import Event


def partners_merged(events: list[Event]) -> None:
    bring_the_rest(timezone.now())


subscribe("company.became_part", name="directory.bring_the_rest", consumer=partners_merged)
