"""A webhook through real workers, one of which dies by SIGKILL while the receiver thinks about its answer."""

from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler

import pytest
from django.utils import timezone

from portal.accounts.enums import Role
from portal.rates.actions import add_rate
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.webhooks import delivering
from portal.webhooks.actions import create_endpoint
from portal.webhooks.enums import DeliveryState
from portal.webhooks.models import Attempt, Delivery, WebhooksDue
from tests.factories import make_member
from tests.portal.webhooks.receiver import receiving
from tests.reliability.processes import Portal, wait_for

pytestmark = pytest.mark.slow


def test_what_a_killed_worker_was_posting_is_posted_again(running: Portal, vendor: Tenant) -> None:
    with receiving() as receiver:

        def think(handler: BaseHTTPRequestHandler) -> None:
            receiver.stopped.wait(9)

        receiver.answer = think
        with tenant_scope(vendor.pk):
            admin = make_member(Role.ADMIN)
            create_endpoint(by=admin, url=receiver.url, events=["rate.*"])
        worker = running.worker("default", "bulk")
        with tenant_scope(vendor.pk):
            add_rate(by=admin, currency="USD", rate=Decimal("0.9"), starts_on=timezone.localdate())
        # The action's own message leads to the dispatcher, and the dispatcher's to the post: there is no beat yet.
        wait_for(lambda: receiver.taken, seconds=30)
        worker.kill()
        receiver.answer = None
        with tenant_scope(vendor.pk):
            assert Delivery.objects.get().state == DeliveryState.SENDING
            # As if the minute were over after which a claim is old.
            Delivery.objects.update(
                claimed_at=timezone.now() - delivering.ABANDONED_AFTER - timedelta(seconds=1)
            )
        WebhooksDue.objects.update(at=timezone.now())
        running.worker("default", "bulk")
        running.beat()

        def delivered() -> bool:
            with tenant_scope(vendor.pk):
                return Delivery.objects.get().state == DeliveryState.DELIVERED

        wait_for(delivered, seconds=60, pause=0.2)
        assert len({message.headers["webhook-id"] for message in receiver.taken}) == 1
        assert len(receiver.taken) == 2
        with tenant_scope(vendor.pk):
            assert (Delivery.objects.get().attempts, Attempt.objects.count()) == (2, 1)
