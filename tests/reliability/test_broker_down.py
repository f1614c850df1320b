"""The broker goes away while a partner reports a deal won: nobody waits, the deal is saved, and the score follows
when the broker is back."""

import http.client
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.utils import timezone

from metrics.actions import ensure_default_template
from metrics.models import Scorecard
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event, PendingTenant
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member
from tests.reliability.processes import Portal, wait_for

pytestmark = pytest.mark.slow

# What a person may wait for the answer, on a busy machine; a healthy one takes a tenth.
ANSWER_SECONDS = 5
# The worker pauses a little longer after each failed attempt to connect; beat is started again when it has ended.
FOLLOW_SECONDS = 90


def approved_deal(partner: Partner) -> Deal:
    now = timezone.now()
    return DealFactory(
        partner=partner,
        status=RegistrationStatus.APPROVED,
        engaged_on=now.date(),
        submitted_at=now,
        first_submitted_at=now,
        decided_at=now,
        protection=DateTimeTZRange(now, now + timedelta(days=90)),
    )


def post(address: str, path: str, member: Membership, **fields: object) -> tuple[int, float]:
    """The status of a form that a signed-in member sends to the web server, and the seconds it took."""
    browser = Client()
    browser.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    token = "t" * 32
    cookies = f"sessionid={browser.cookies['sessionid'].value}; csrftoken={token}"
    body = urlencode({**fields, "csrfmiddlewaretoken": token})
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    started = time.monotonic()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, time.monotonic() - started


def revenue_shown(tenant: Tenant, deal: Deal) -> Callable[[], bool]:
    def shown() -> bool:
        with tenant_scope(tenant.pk):
            cards = Scorecard.objects.filter(partner_id=deal.partner_id, period_kind="month")
            return any(card.facts["revenue_won"] == 1_234_00 for card in cards)

    return shown


def test_a_deal_is_won_without_a_broker_and_counts_when_it_is_back(
    running: Portal, vendor: Tenant, record_property: Callable[[str, object], None]
):
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        partner = PartnerFactory()
        member = make_member(Role.PARTNER_OWNER, partner=partner)
        deal = approved_deal(partner)
    running.worker("default", "bulk")
    beat = running.beat()
    _web, address = running.web()
    today = timezone.now().date()

    running.broker.kill()
    status, seconds = post(
        address, f"/acme/deals/{deal.pk}/win/", member, revenue="1234.00", won_on=today, version=deal.version
    )

    record_property("answer_seconds", round(seconds, 2))
    assert (status, seconds < ANSWER_SECONDS) == (302, True)
    with tenant_scope(vendor.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.revenue) == (RegistrationStatus.WON, 1_234_00)
        assert Event.objects.filter(type="deal.won", dispatched_at=None).count() == 1
    assert PendingTenant.objects.filter(tenant=vendor).exists()
    assert not revenue_shown(vendor, deal)()

    running.broker.start()

    def followed() -> bool:
        if not beat.alive:
            beat.start()
        return revenue_shown(vendor, deal)()

    record_property("follow_seconds", round(wait_for(followed, FOLLOW_SECONDS, pause=0.2), 1))
    with tenant_scope(vendor.pk):
        assert not Event.objects.filter(dispatched_at=None, type="deal.won").exists()
        assert Event.objects.filter(type="deal.won").count() == 1
