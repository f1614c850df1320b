"""Completions and certificates. They are written on the vendor's side, whoever asks."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.training.actions.paths import CERTIFICATE, award_paths, ends_of
from partners.training.enums import EXPIRES_SOON_DAYS, SELF_REPORTED, CompletedVia
from partners.training.models import Completion, Course, Enrolment
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files.actions import attach
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.tenancy.sequences import next_number


def complete(
    course: Course,
    member: Membership,
    *,
    on: date,
    via: CompletedVia,
    by: Membership | None,
    score: int | None = None,
    note: str = "",
    external_id: str = "",
) -> Completion:
    """Write down that a partner's person has completed a course, once a day; the earlier record comes back.

    For the actions of this room and for systems that report: it asks for no permission. Raises ActionRefused
    when the person is of no partner, or the day lies ahead.
    """
    if member.partner_id is None:
        raise ActionRefused(_("Only people of partner companies take courses."), field="member")
    if on > timezone.localdate(timezone=member.tenant.zone):
        raise ActionRefused(_("The day cannot lie in the future."), field="completed_on")
    with tenant_scope(current_tenant_id()):
        # One person's reports of one course follow each other.
        enrolment, _new = Enrolment.objects.get_or_create(
            course=course,
            member=member,
            defaults={"partner_id": member.partner_id, "enrolled_by": by},
        )
        Enrolment.objects.select_for_update(of=("self",)).get(pk=enrolment.pk)
        there = Completion.objects.filter(
            course=course, member=member, completed_on=on, revoked_at=None
        ).first()
        if there is not None:
            return there
        completion = Completion.objects.create(
            course=course,
            member=member,
            partner_id=member.partner_id,
            completed_on=on,
            valid_until=ends_of(
                course.validity_months, on, _counts_until(course, member, on), EXPIRES_SOON_DAYS
            ),
            via=via,
            score=score,
            note=note.strip(),
            recorded_by=by,
            certificate=next_number(CERTIFICATE, year=on.year) if course.gives_certificate else "",
            external_id=external_id,
        )
        record(
            "course.completed",
            subject=completion,
            by=by,
            partner_id=member.partner_id,
            data={
                "new": {
                    "course": course.title,
                    "person": member.name,
                    "completed_on": on.isoformat(),
                    "via": via,
                    "certificate": completion.certificate,
                    "member": str(member.pk),
                }
            },
        )
        award_paths(course.pk, member, by=by)
    return completion


def _counts_until(course: Course, member: Membership, day: date) -> date | None:
    """The end of what the person holds already, when that ends."""
    held = Completion.objects.filter(
        course=course, member=member, revoked_at=None, completed_on__lt=day, valid_until__isnull=False
    )
    return held.aggregate(end=Max("valid_until"))["end"]


def finish(enrolment: Enrolment, *, by: Membership) -> Completion:
    """Report a web page or a video as worked through, by the person who did."""
    if enrolment.member_id != by.pk:
        raise PermissionDenied("training.finish")
    course = enrolment.course
    if course.kind not in SELF_REPORTED or not course.is_published:
        raise ActionRefused(_("This course is not finished by saying so."))
    today = timezone.localdate(timezone=by.tenant.zone)
    return complete(course, by, on=today, via=CompletedVia.SELF, by=by)


def record_completion(
    course: Course,
    member: Membership,
    *,
    by: Membership,
    completed_on: date,
    note: str = "",
    score: int | None = None,
    proof: Sequence[UploadedFile] = (),
) -> Completion:
    """Record by hand what happened elsewhere, with its proof: in words, as files, or both."""
    check(by, "training.record_completion")
    if not note.strip() and not proof:
        raise ActionRefused(_("Say what proves it, or add the certificate as a file."), field="note")
    completion = complete(
        course, member, on=completed_on, via=CompletedVia.HAND, by=by, score=score, note=note
    )
    for upload in proof:
        attach(completion, upload, by=by, purpose="completion")
    return completion


def revoke_completion(completion: Completion, *, by: Membership, reason: str) -> Completion:
    """Take a completion back: it no longer counts and its certificate no longer verifies."""
    check(by, "training.revoke_completion")
    completion = Completion.objects.select_for_update(of=("self",)).get(pk=completion.pk)
    if completion.revoked_at is not None:
        return completion
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the partner will read it."), field="reason")
    completion.revoked_at, completion.revoke_reason = timezone.now(), reason.strip()
    completion.save(update_fields=["revoked_at", "revoke_reason"])
    record(
        "course.completion_revoked",
        subject=completion,
        by=by,
        partner_id=completion.partner_id,
        data={
            "new": {
                "course": completion.title,
                "person": completion.member.name,
                "completed_on": completion.completed_on.isoformat(),
                "member": str(completion.member_id),
            },
            "reason": reason.strip(),
        },
    )
    if completion.course_id is not None:
        _revoke_paths(completion, by=by, reason=reason)
    return completion


def _revoke_paths(completion: Completion, *, by: Membership, reason: str) -> None:
    """A path that rested on it falls with it, unless an earlier completion of the course still carries it."""
    resting = Completion.objects.filter(
        path__steps__course=completion.course_id,
        member=completion.member_id,
        completed_on__gte=completion.completed_on,
        revoked_at=None,
    )
    for path in resting.select_related("path", "member__user").order_by("completed_on"):
        revoke_completion(path, by=by, reason=reason)
    assert completion.course_id is not None
    award_paths(completion.course_id, completion.member, by=by)
