"""What onboarding does when something happens elsewhere: steps whose condition now holds are done."""

from partners.onboarding.plans.actions import advance
from portal.events.consumers import subscribe
from portal.events.models import Event


def steps_may_be_done(events: list[Event]) -> None:
    """Look at the open steps of the partners that something happened to. The rows decide, not the events."""
    advance({event.partner_id for event in events if event.partner_id})


subscribe(
    "agreement.accepted",
    "document.accepted",
    "course.completed",
    "partner.updated",
    "member.invited",
    "member.joined",
    "deal.submitted",
    "deal.won",
    name="onboarding.steps",
    consumer=steps_may_be_done,
)
