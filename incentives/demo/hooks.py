"""A webhook that the vendor tried out and turned off again. Nothing leaves this machine: its answers are made up."""

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from portal.accounts.models import Membership
from portal.events.models import Event
from portal.webhooks import actions, delivering
from portal.webhooks.consumers import hand_out
from portal.webhooks.enums import Problem
from portal.webhooks.posting import Answer

URL = "http://localhost:9000/hooks/partners"
WANTED = ("deal.*", "order.*", "statement.paid")
SHOWN = 16
TAKEN = Answer(status=200, text='{"status":"queued"}', milliseconds=84)
UNKNOWN = Answer(
    status=401, problem=Problem.STATUS, text='{"error":"The signature does not fit."}', milliseconds=61
)
BUSY = Answer(status=503, problem=Problem.STATUS, text="Back in a minute.", milliseconds=1207)


def try_out_webhooks(admin: Membership, move_to: Callable[[dt.datetime], None], until: dt.datetime) -> None:
    """A test that was refused and one that was not, the newest events, one of them late, and one that was not sent."""
    wanted = Event.objects.filter(type__startswith="deal.", occurred_at__lt=until).order_by(
        "-occurred_at", "-id"
    )
    events = sorted(wanted[:SHOWN], key=lambda event: (event.occurred_at, event.pk))
    if not events:
        return
    move_to(events[0].occurred_at - dt.timedelta(hours=2))
    endpoint, _secret = actions.create_endpoint(by=admin, url=URL, events=WANTED, description="CRM, trial")
    for answer in (UNKNOWN, TAKEN):
        actions.send_test(endpoint, by=admin)
        _answer(admin, answer, move_to)
    for number, event in enumerate(events[:-1]):
        move_to(max(event.occurred_at, timezone.now()) + dt.timedelta(seconds=2))
        hand_out([event])
        if number == len(events) // 2:
            _answer(admin, BUSY, move_to)
        _answer(admin, TAKEN, move_to)
    move_to(until)
    hand_out(events[-1:])
    actions.turn_off(endpoint, by=admin)


def _answer(by: Membership, answer: Answer, move_to: Callable[[dt.datetime], None]) -> None:
    """What a worker would have done, with this answer; and then the pause is over."""
    assert by.tenant_id is not None
    for claimed in delivering.claim(by.tenant_id, timezone.now()):
        delivering.finish(by.tenant_id, claimed, answer)
    move_to(timezone.now() + delivering.PAUSES[0])
