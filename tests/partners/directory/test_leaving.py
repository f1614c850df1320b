"""What becomes of everything when a partnership ends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from incentives.ledger.models import LedgerEntry
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Share
from partners.deals.enums import DealOrigin, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.actions import change_partner_status
from partners.directory.enums import PartnerStatus
from partners.leads.enums import LeadOrigin, LeadStatus
from partners.leads.models import Lead
from partners.training.enums import CourseKind, CourseStatus, SeatStatus
from partners.training.models import Course, Seat, Session
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import (
    DealFactory,
    LeadFactory,
    PartnerFactory,
    VendorLeadFactory,
    make_member,
    share_deal,
    won_deal,
)

pytestmark = pytest.mark.django_db
Status = RegistrationStatus


def test_what_is_open_ends_and_what_was_earned_stays(scoped: Tenant, admin: Membership) -> None:
    partner, other = PartnerFactory(), PartnerFactory()
    person = make_member(Role.PARTNER_MEMBER, partner=partner)
    now = timezone.now()
    waiting = [
        DealFactory(partner=partner, status=status)
        for status in (Status.DRAFT, Status.SUBMITTED, Status.RETURNED)
    ]
    approved = DealFactory(
        partner=partner, status=Status.APPROVED, protection=(now, now + timedelta(days=30))
    )
    won = won_deal(partner, 100_00, timezone.localdate(), status=Status.WON, origin=DealOrigin.REGISTERED)
    theirs = DealFactory(partner=other, status=Status.APPROVED, protection=(now, now + timedelta(days=30)))
    share = share_deal(theirs, 20, partner)
    offered = VendorLeadFactory(
        partner=partner, status=LeadStatus.OFFERED, answer_due_at=now + timedelta(days=2)
    )
    working = VendorLeadFactory(partner=partner, status=LeadStatus.OPEN)
    found = LeadFactory(partner=partner, origin=LeadOrigin.OWN)
    course = Course.objects.create(title="Workshop", kind=CourseKind.SESSION, status=CourseStatus.PUBLISHED)
    session = Session.objects.create(
        course=course, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=1, hours=1), seats=1
    )
    colleague = make_member(Role.PARTNER_MEMBER, partner=other)
    seat = Seat.objects.create(session=session, member=person, partner=partner)
    behind = Seat.objects.create(session=session, member=colleague, partner=other, status=SeatStatus.WAITING)
    entries = list(LedgerEntry.objects.values())

    change_partner_status(partner, PartnerStatus.TERMINATED, by=admin, reason="Agreed")
    dispatch_pending(scoped.pk)
    Event.objects.filter(type="partner.terminated").update(dispatched_at=None)
    dispatch_pending(scoped.pk)  # the same news again changes nothing

    def status(deal: Deal) -> str:
        return Deal.objects.get(pk=deal.pk).status

    assert {status(deal) for deal in waiting} == {Status.WITHDRAWN}
    assert (status(approved), status(won), status(theirs)) == (Status.CANCELLED, Status.WON, Status.APPROVED)
    assert Deal.objects.get(pk=won.pk).stage == SalesStage.WON
    assert Share.objects.get(pk=share.pk).status == ShareStatus.ENDED
    for lead in (offered, working):
        assert Lead.objects.get(pk=lead.pk).partner_id != partner.pk
    assert Lead.objects.get(pk=found.pk).partner_id == partner.pk
    assert Seat.objects.get(pk=seat.pk).status == SeatStatus.GIVEN_UP
    assert Seat.objects.get(pk=behind.pk).status == SeatStatus.BOOKED
    assert list(LedgerEntry.objects.values()) == entries
