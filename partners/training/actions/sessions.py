"""Live sessions: their seats are counted under a lock of the session, on the vendor's side."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.training.actions.completions import complete
from partners.training.actions.enrolments import enrol
from partners.training.enums import CompletedVia, SeatStatus
from partners.training.models import Course, Seat, Session
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope

TAKEN = (SeatStatus.BOOKED, SeatStatus.ATTENDED, SeatStatus.MISSED)


def schedule_session(course: Course, *, by: Membership, **fields: Any) -> Session:
    """Offer a session: `starts_at`, `ends_at`, `place`, `join_url`, `seats`."""
    check(by, "training.run_session")
    _refuse_wrong_times(fields["starts_at"], fields["ends_at"])
    session = Session.objects.create(course=course, **fields)
    record("session.scheduled", subject=session, by=by, data={"new": _about(session)})
    return session


def change_session(session: Session, *, by: Membership, **fields: Any) -> Session:
    """Move a session or change its seats; who has a seat keeps it."""
    check(by, "training.run_session")
    session = _lock(session)
    _refuse_if_cancelled(session)
    _refuse_wrong_times(fields["starts_at"], fields["ends_at"])
    for name, value in fields.items():
        setattr(session, name, value)
    session.sequence += 1
    session.save()
    _move_up(session)
    data = {"new": {**_about(session), "seats": _seats(session)}}
    record("session.changed", subject=session, by=by, data=data)
    return session


def cancel_session(session: Session, *, by: Membership, reason: str) -> Session:
    """Call a session off; everybody with a seat is told why."""
    check(by, "training.run_session")
    session = _lock(session)
    _refuse_if_cancelled(session)
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the people with a seat will read it."), field="reason")
    session.cancelled_at = timezone.now()
    session.sequence += 1
    session.save(update_fields=["cancelled_at", "sequence"])
    data = {"new": {**_about(session), "seats": _seats(session)}, "reason": reason.strip()}
    record("session.cancelled", subject=session, by=by, data=data)
    return session


def book_seat(session: Session, member: Membership, *, by: Membership) -> Seat:
    """Take a seat, or a place on the waiting list when there is none left. Booking twice changes nothing."""
    enrol(session.course, member, by=by)
    with tenant_scope(current_tenant_id()):
        session = _lock(session)
        _refuse_if_cancelled(session)
        if session.starts_at <= timezone.now():
            raise ActionRefused(_("This session has begun already."))
        seat = Seat.objects.filter(session=session, member=member).first()
        if seat is not None and seat.status != SeatStatus.GIVEN_UP:
            return seat
        status = SeatStatus.BOOKED if _free(session) else SeatStatus.WAITING
        if seat is None:
            seat = Seat(session=session, member=member, partner_id=member.partner_id)
        seat.status, seat.queued_at = status, timezone.now()
        seat.save()
        record("session.booked", subject=session, by=by, partner_id=member.partner_id, data=_whose(seat))
    return seat


def give_up_seat(seat: Seat, *, by: Membership) -> Seat:
    """Free the seat for the first on the waiting list."""
    if seat.member_id != by.pk:
        check(by, "training.enrol_others", seat.member)
    with tenant_scope(current_tenant_id()):
        session = _lock(seat.session)
        seat = Seat.objects.select_related("member__user").get(pk=seat.pk)
        if seat.status not in (SeatStatus.BOOKED, SeatStatus.WAITING):
            raise ActionRefused(_("There is no seat to give up."))
        seat.status = SeatStatus.GIVEN_UP
        seat.save(update_fields=["status"])
        record("session.seat_given_up", subject=session, by=by, partner_id=seat.partner_id, data=_whose(seat))
        _move_up(session)
    return seat


def record_attendance(session: Session, attended: Mapping[UUID, bool], *, by: Membership) -> int:
    """Say who came, by seat; who did has completed the course. Returns how many came."""
    check(by, "training.run_session")
    session = _lock(session)
    _refuse_if_cancelled(session)
    if session.starts_at > timezone.now():
        raise ActionRefused(_("The session has not begun yet."))
    seats = list(
        session.taken.filter(status__in=TAKEN, pk__in=attended).select_related(
            "member__user", "member__tenant"
        )
    )
    day = timezone.localdate(session.starts_at, timezone=by.tenant.zone)
    if session.held_at is None:
        session.held_at = timezone.now()
        session.save(update_fields=["held_at"])
    came = 0
    for seat in seats:
        seat.status = SeatStatus.ATTENDED if attended[seat.pk] else SeatStatus.MISSED
        seat.save(update_fields=["status"])
        if attended[seat.pk]:
            came += 1
            complete(session.course, seat.member, on=day, via=CompletedVia.SESSION, by=by)
    partners = sorted({str(seat.partner_id) for seat in seats})
    record(
        "session.held",
        subject=session,
        by=by,
        data={"new": {**_about(session), "attended": came, "partners": partners}},
    )
    return came


def _free(session: Session) -> bool:
    return not session.seats or session.taken.filter(status__in=TAKEN).count() < session.seats


def _move_up(session: Session) -> None:
    """Give free seats to who has waited longest."""
    for seat in session.taken.filter(status=SeatStatus.WAITING).select_related("member__user"):
        if not _free(session):
            return
        seat.status = SeatStatus.BOOKED
        seat.save(update_fields=["status"])
        record("session.moved_up", subject=session, partner_id=seat.partner_id, data=_whose(seat))


def _lock(session: Session) -> Session:
    return Session.objects.select_for_update(of=("self",)).select_related("course").get(pk=session.pk)


def _refuse_if_cancelled(session: Session) -> None:
    if session.cancelled_at is not None:
        raise ActionRefused(_("This session has been cancelled."))


def _refuse_wrong_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise ActionRefused(_("It must end after it begins."), field="ends_at")


def _about(session: Session) -> dict[str, Any]:
    return {
        "course": session.course.title,
        "course_id": str(session.course_id),
        "starts_at": session.starts_at.isoformat(),
    }


def _seats(session: Session) -> dict[str, list[str]]:
    """The people with a seat or on the waiting list, by partner."""
    seats: dict[str, list[str]] = {}
    waiting = (*TAKEN, SeatStatus.WAITING)
    for partner, member in session.taken.filter(status__in=waiting).values_list("partner_id", "member_id"):
        seats.setdefault(str(partner), []).append(str(member))
    return seats


def _whose(seat: Seat) -> dict[str, Any]:
    return {
        "new": {
            **_about(seat.session),
            "person": seat.member.name,
            "member": str(seat.member_id),
            "status": seat.status,
        }
    }
