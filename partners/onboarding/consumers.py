"""What onboarding does when something happens elsewhere: steps whose condition now holds are done."""

from partners.onboarding.plans.actions import advance, end_with_partnership
from portal.events.consumers import subscribe
from portal.events.models import Event


def steps_may_be_done(events: list[Event]) -> None:
    """Look at the open steps of the partners that something happened to. The rows decide, not the events."""
    advance({event.partner_id for event in events if event.partner_id})


def partners_left(events: list[Event]) -> None:
    """A partnership that has ended takes what was to get it started with it."""
    for event in events:
        end_with_partnership(event.subject_id, event.data.get("reason", ""))


subscribe(
    "partner.terminated",
    "company.became_part",
    name="onboarding.partner_left",
    consumer=partners_left,
)
subscribe(
    "agreement.accepted",
    "document.accepted",
    "course.completed",
    "partner.updated",
    "partner.merged",
    "company.*",
    "member.invited",
    "member.joined",
    "deal.submitted",
    "deal.won",
    name="onboarding.steps",
    consumer=steps_may_be_done,
)
