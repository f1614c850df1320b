"""What applicants do. They do not sign in: the signed links they are sent stand for them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from partners.directory.domains import company_domain
from partners.directory.models import Partner
from partners.directory.names import normalise_name
from partners.onboarding.applications.actions.writing import lock, move, refuse_unless
from partners.onboarding.applications.letters import write_to
from partners.onboarding.applications.models import Application, Referral
from partners.onboarding.applications.queries import policy
from partners.onboarding.enums import (
    OPEN_APPLICATIONS,
    ApplicationStatus,
    LetterKind,
    QuestionKind,
    ReferralState,
)
from portal.errors import ActionRefused
from portal.files.actions import UNDO_DAYS, receive
from portal.files.models import Attachment
from portal.tenancy.db import lock as advisory_lock
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id
from portal.tenancy.sequences import next_number

S = ApplicationStatus
FIELDS = ("company", "website", "country", "type", "person", "job_title", "email", "phone")
UNCONFIRMED_KEPT = timedelta(days=8)
# So much of the programme's place, as one part of so many, may be taken by files of addresses that nobody has confirmed.
UNCONFIRMED_PART = 20


def apply(
    *,
    answers: Iterable[Mapping[str, Any]],
    uploads: Mapping[UUID, Iterable[UploadedFile]] | None = None,
    referral: UUID | None = None,
    **fields: Any,
) -> Application | None:
    """Take an application; it counts once the e-mail address is confirmed.

    `answers` is what was asked and answered, `uploads` the files by question, `referral` the referral or the partner
    of the link that led here. Who has an open application already is written to, and nothing is added: None.
    Raises ActionRefused where the programme takes no applications, or a file is refused.
    """
    if not policy().is_open:
        raise ActionRefused(_("Applications are closed at the moment."), code="closed")
    email = fields["email"].strip().lower()
    # One address applies once at a time, however often the button is pressed.
    advisory_lock("onboarding.apply", current_tenant_id(), email)
    waiting = Application.objects.filter(email=email, status__in=OPEN_APPLICATIONS).first()
    if waiting is not None:
        write_to(waiting, LetterKind.ALREADY)
        return None
    today = timezone.localdate(timezone=current_tenant().zone)
    application = Application(
        number=next_number("AP", year=today.year),
        normalised_name=normalise_name(fields["company"])[:200],
        domain=company_domain(fields.get("website", "")) or company_domain(email),
        language=get_language() or "",
        **{name: fields[name] for name in FIELDS if name in fields} | {"email": email},
    )
    application.answers = [dict(answer) for answer in answers]
    application.save(force_insert=True)
    for question, files in (uploads or {}).items():
        kept = [_keep(application, question, upload) for upload in files]
        for answer in application.answers:
            if answer["kind"] == QuestionKind.FILE and answer["question"] == str(question):
                answer["value"] = kept
    application.save(update_fields=["answers"])
    if referral is not None:
        _note_referral(application, referral)
    write_to(application, LetterKind.CONFIRM)
    return application


def _keep(application: Application, question: UUID, upload: UploadedFile) -> dict[str, str]:
    try:
        _refuse_if_no_room(upload.size or 0)
        attachment = receive(application, upload, purpose="application")
    except ActionRefused as refusal:
        raise ActionRefused(refusal.message, field=f"q_{question.hex}", code=refusal.code) from refusal
    return {"file": str(attachment.pk), "name": attachment.name}


def _refuse_if_no_room(size: int) -> None:
    """Strangers with made-up addresses must not fill the place that the programme's own files need."""
    advisory_lock("onboarding.files", current_tenant_id())
    unconfirmed = Application.objects.filter(status=S.UNCONFIRMED)
    kept = Attachment.objects.filter(
        subject_type=Application._meta.label_lower, subject_id__in=unconfirmed.values("pk"), purged_at=None
    )
    taken = kept.aggregate(size=Sum("size", default=0))["size"]
    if taken + size > settings.FILES_QUOTA_BYTES // UNCONFIRMED_PART:
        raise ActionRefused(
            _("No more files can be taken at the moment. Please try again tomorrow, or apply without them."),
            code="full",
        )


def _note_referral(application: Application, link: UUID) -> None:
    """Remember who sent the company. It counts for the partner once the address is confirmed."""
    referral = Referral.objects.filter(pk=link, application_id=None).select_related("partner").first()
    partner = referral.partner if referral else Partner.objects.filter(pk=link).first()
    if partner is None or not partner.may_trade:
        return
    application.referred_by = partner
    # Whoever looks after the partner that sent the company looks after its application.
    application.manager_id = partner.manager_id
    application.save(update_fields=["referred_by", "manager"])
    if referral is not None:
        Referral.objects.filter(pk=referral.pk, application_id=None).update(application_id=application.pk)


def confirm(application: Application) -> Application:
    """The applicant's address is genuine: from now on the application counts. Doing it twice changes nothing.

    Of several from one address only one is open at a time; that one comes back.
    """
    advisory_lock("onboarding.apply", current_tenant_id(), application.email)
    application = lock(application)
    if application.status != S.UNCONFIRMED:
        return application
    waiting = Application.objects.filter(email=application.email, status__in=OPEN_APPLICATIONS).first()
    if waiting is not None:
        return waiting
    if application.referred_by_id and not Referral.objects.filter(application_id=application.pk).exists():
        Referral.objects.create(
            partner_id=application.referred_by_id,
            company=application.company,
            application_id=application.pk,
            state=ReferralState.APPLIED,
        )
    return move(
        application,
        S.APPLIED,
        "application.submitted",
        by=None,
        letter=LetterKind.RECEIVED,
        submitted_at=timezone.now(),
    )


def answer_more(application: Application, *, text: str) -> Application:
    """Give what was missing; the review goes on."""
    application = lock(application)
    if application.status != S.RETURNED:
        raise ActionRefused(_("Nothing is asked of you at the moment."), code="state")
    if not text.strip():
        raise ActionRefused(_("Write your answer."), field="text")
    return move(application, S.IN_REVIEW, "application.answered", by=None, more_given=text.strip())


def withdraw(application: Application) -> Application:
    """Take the application back."""
    application = lock(application)
    if application.status == S.WITHDRAWN:
        return application
    refuse_unless(application, S.WITHDRAWN)
    return move(
        application,
        S.WITHDRAWN,
        "application.withdrawn",
        by=None,
        letter=LetterKind.WITHDRAWN,
        decided_at=timezone.now(),
    )


def forget_unconfirmed(now: datetime, *, limit: int = 500) -> int:
    """Remove applications whose address nobody confirmed; how many went.

    Nobody can bring their files back, so the next clean-up takes the content.
    """
    gone = list(
        Application.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=S.UNCONFIRMED, created_at__lt=now - UNCONFIRMED_KEPT)
        .order_by("pk")[:limit]
    )
    keys = [application.pk for application in gone]
    Attachment.objects.filter(
        subject_type=Application._meta.label_lower, subject_id__in=keys, deleted_at=None
    ).update(deleted_at=now - timedelta(days=UNDO_DAYS, seconds=1))
    Referral.objects.filter(application_id__in=keys).update(application_id=None)
    Application.objects.filter(pk__in=keys).delete()
    return len(gone)
