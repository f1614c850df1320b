"""One of everything that the foundations know."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

from django.utils import timezone

from incentives.funds.models import Claim
from partners.deals.models import Deal
from portal.accounts.enums import Role
from portal.accounts.models import ApiKey, Invitation, Membership
from portal.discussion import actions as comments
from portal.events.record import record
from portal.files import storage
from portal.files.models import Attachment
from portal.imports.actions import start_run
from portal.jobs.actions import create_job
from portal.notifications.enums import Channel
from portal.notifications.models import Letter, Notification
from portal.rates.models import ExchangeRate
from portal.reports.models import Recipient, SavedView, Schedule
from portal.webhooks import actions as webhooks
from tests.sweeps.house.things import Things

DEALS_CSV = b"opportunity_id,partner,stage,amount\nX1,Ours,Engaging,100\n"


def of_partner(deal: Deal, manager: Membership, colleague: Membership) -> Things:
    """What a partner has of its own, around one of its deals."""
    partner = deal.partner
    invitation = Invitation.objects.create(
        email=f"new@{partner.number.lower()}.example",
        role=Role.PARTNER_MEMBER,
        partner_id=partner.pk,
        digest=partner.number,
        invited_by=manager,
        expires_at=timezone.now() + timedelta(days=1),
    )
    return {
        "file": a_file(deal, colleague).pk,
        "comment": comments.post(deal, "Hello", by=colleague).pk,
        "colleague": colleague.pk,
        "invitation": invitation.pk,
    }


def of_all(manager: Membership, admin: Membership) -> Things:
    """What the vendor has, and no partner of its own."""
    return {
        "job": create_job("test.idle", title="Idle", by=manager).pk,
        "run": start_run(by=admin, target="deals", file_name="deals.csv", content=DEALS_CSV).pk,
        "key": ApiKey.objects.create(membership=manager, name="ERP", prefix="abcdefgh", digest="x").pk,
        "rate": ExchangeRate.objects.create(
            currency="USD", rate=Decimal("0.9"), starts_on=date(2026, 1, 1)
        ).pk,
        "letter": Letter.objects.create(member=manager, kind="test", due_at=timezone.now()).pk,
        "secret": "no-such-secret",
        **a_webhook(admin),
    }


def a_webhook(admin: Membership) -> dict[str, UUID]:
    """An endpoint that gets nothing by itself, and what was posted to it."""
    endpoint, _secret = webhooks.create_endpoint(by=admin, url="http://localhost:9/hooks", events=["*"])
    webhooks.turn_off(endpoint, by=admin)
    return {"endpoint": endpoint.pk, "delivery": webhooks.send_test(endpoint, by=admin).pk}


def a_view(owner: Membership, *, name: str = "Mine") -> dict[str, UUID]:
    """A view that its owner keeps and gets by e-mail."""
    view = SavedView.objects.create(name=name, page="deals:list", query="stage=won", owner=owner)
    schedule = Schedule.objects.create(
        view=view, frequency="weekly", weekday=0, hour=7, next_at=timezone.now() + timedelta(days=7)
    )
    Recipient.objects.create(schedule=schedule, member=owner)
    return {"view": view.pk, "schedule": schedule.pk}


def a_file(thing: Deal | Claim, by: Membership) -> Attachment:
    return Attachment.objects.create(
        partner_id=thing.partner_id,
        subject_type=thing._meta.label_lower,
        subject_id=thing.pk,
        name="offer.txt",
        size=5,
        content_type="text/plain",
        sha256="0" * 64,
        stored_as=storage.save(thing.tenant_id, BytesIO(b"offer"))[0],
        uploaded_by=by,
    )


def tell(member: Membership) -> UUID:
    event = record("test.told", subject=member)
    return Notification.objects.create(
        event=event,
        member=member,
        partner_id=member.partner_id,
        channel=Channel.PORTAL,
        kind="deals.imported",
        words={"count": 3},
    ).pk
