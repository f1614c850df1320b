"""New scorecards bring goals forward and raise alerts."""

from uuid import UUID

from metrics.reviews.alerts import evaluate_alerts
from metrics.reviews.goals import follow_goals
from portal.events.consumers import subscribe
from portal.events.models import Event


def scorecards_updated(events: list[Event]) -> None:
    partners = {event.partner_id for event in events if event.partner_id}
    for event in events:
        partners |= {UUID(key) for key in event.data.get("partners", [])}
    follow_goals(partners)
    evaluate_alerts(partners)


def register() -> None:
    subscribe("scorecards.updated", name="metrics.reviews", consumer=scorecards_updated)
