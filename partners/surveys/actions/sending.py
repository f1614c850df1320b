"""Sending what is due: first the decision, in a transaction of its own, then the letter, then the note that it went.

A worker that dies in between leaves an invitation that is being sent; after a while it is sent again. The letter may
then come twice, but its link is the same and takes one answer. Reminders are noted before they are sent: rather none
than two.
"""

import datetime as dt
import smtplib
from collections.abc import Iterable
from uuid import UUID

import structlog
from django.core.mail import EmailMessage
from django.db.models import DurationField, ExpressionWrapper, F, Max, Q, Value
from django.utils import timezone

from partners.surveys import mail
from partners.surveys.enums import ANSWERABLE, InvitationStatus, SurveyStatus, Withheld
from partners.surveys.models import OptOut, Survey, SurveyInvitation, SurveyPolicy, SurveyVersion
from portal.events.record import EventDraft, record_many
from portal.tenancy.db import try_lock
from portal.tenancy.scope import tenant_scope

log = structlog.get_logger(__name__)

BATCH = 40
ABANDONED = dt.timedelta(minutes=10)
MOST_ATTEMPTS = 5
FIRST_PAUSE = dt.timedelta(minutes=10)
# Whoever was asked too recently is asked later when that is soon; else it would no longer be about the same thing.
WAITS_AT_MOST = dt.timedelta(days=7)
ONE_DAY = Value(dt.timedelta(days=1))
ASKED = (InvitationStatus.SENDING, InvitationStatus.SENT, InvitationStatus.ANSWERED)


def send_due(tenant_id: UUID) -> bool:
    """Send a tenant's next invitations and reminders; whether more may be due. Call outside of a scope."""
    with tenant_scope(tenant_id):
        if not try_lock("surveys.send", tenant_id):
            return False
        now = timezone.now()
        _recover(now)
        claimed, more = _claim(now)
        reminded = _claim_reminders(now)
    for pk in claimed:
        _send(tenant_id, pk, is_reminder=False)
    for pk in reminded:
        _send(tenant_id, pk, is_reminder=True)
    return more or len(reminded) == BATCH


def _recover(now: dt.datetime) -> None:
    SurveyInvitation.objects.filter(status=InvitationStatus.SENDING, claimed_at__lt=now - ABANDONED).update(
        status=InvitationStatus.WAITING
    )


def _claim(now: dt.datetime) -> tuple[list[UUID], bool]:
    """Decide on the next that are due: the keys of those that need a letter, and whether there may be more."""
    policy = SurveyPolicy.objects.first() or SurveyPolicy()
    today = SurveyInvitation.objects.filter(sent_at__gt=now - dt.timedelta(days=1)).count()
    room = max(0, policy.daily_limit - today)
    due = list(
        SurveyInvitation.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=InvitationStatus.WAITING, due_at__lte=now, survey__status=SurveyStatus.OPEN)
        .select_related("survey", "member__user")
        .order_by("due_at", "pk")[: min(BATCH, room)]
    )
    versions = _current_versions({row.survey_id for row in due})
    out = set(OptOut.objects.filter(email__in=[row.email for row in due]).values_list("email", flat=True))
    last = _last_asked(due)
    letters, drafts = [], []
    for row in due:
        asked = last.get(row.email)
        again = asked + dt.timedelta(days=policy.quiet_days) if asked else now
        if row.member is not None and not (row.member.is_active and row.member.user.is_active):
            row.status, row.withheld = InvitationStatus.WITHHELD, Withheld.GONE
        elif row.member is None and row.email in out:
            row.status, row.withheld = InvitationStatus.WITHHELD, Withheld.OPTED_OUT
        elif again > now and row.sent_at is None:
            if again - row.due_at > WAITS_AT_MOST:
                row.status, row.withheld = InvitationStatus.WITHHELD, Withheld.TIRED
            else:
                row.due_at = again
        else:
            last[row.email] = now
            _begin(row, versions[row.survey_id], now)
            if row.member_id is None:
                letters.append(row.pk)
            else:
                row.status = InvitationStatus.SENT
                drafts.append(_told("survey.invited", row))
        row.save()
    record_many(drafts)
    return letters, len(due) == BATCH


def _begin(row: SurveyInvitation, version: SurveyVersion, now: dt.datetime) -> None:
    row.status, row.claimed_at = InvitationStatus.SENDING, now
    row.version = row.version or version
    row.sent_at = row.sent_at or now
    row.last_sent_at = now
    row.expires_at = row.expires_at or now + dt.timedelta(days=row.survey.expires_days)


def _current_versions(survey_ids: Iterable[UUID]) -> dict[UUID, SurveyVersion]:
    versions = SurveyVersion.objects.filter(survey__in=survey_ids).exclude(published_at=None)
    return {version.survey_id: version for version in versions.order_by("number")}


def _last_asked(rows: list[SurveyInvitation]) -> dict[str, dt.datetime]:
    """When each of these people was last asked, by any survey."""
    found = (
        SurveyInvitation.objects.filter(email__in=[row.email for row in rows], status__in=ASKED)
        .order_by()
        .values_list("email")
        .annotate(last=Max("sent_at"))
    )
    return {email: last for email, last in found if last is not None}


def _claim_reminders(now: dt.datetime) -> list[UUID]:
    due = list(
        SurveyInvitation.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            Q(survey__remind_days__gt=0),
            status=InvitationStatus.SENT,
            survey__status=SurveyStatus.OPEN,
            reminded__lt=F("survey__reminders"),
            expires_at__gt=now,
            last_sent_at__lte=now - ExpressionWrapper(ONE_DAY * F("survey__remind_days"), DurationField()),
        )
        .select_related("survey", "member")
        .order_by("last_sent_at", "pk")[:BATCH]
    )
    out = set(OptOut.objects.filter(email__in=[row.email for row in due]).values_list("email", flat=True))
    letters, drafts = [], []
    for row in due:
        row.reminded += 1
        row.last_sent_at = now
        row.save(update_fields=["reminded", "last_sent_at"])
        if row.member_id is not None:
            drafts.append(_told("survey.reminded", row))
        elif row.email not in out:
            letters.append(row.pk)
    record_many(drafts)
    return letters


def _told(event: str, row: SurveyInvitation) -> EventDraft:
    """Members hear of it as of everything else: in the portal, and by mail if they want."""
    data = {"new": {"survey": row.survey.title, "member": str(row.member_id)}}
    return EventDraft(event, row, partner_id=row.partner_id, data=data)


def _send(tenant_id: UUID, pk: UUID, *, is_reminder: bool) -> None:
    with tenant_scope(tenant_id):
        row = SurveyInvitation.objects.select_related("survey").get(pk=pk)
        if row.status not in ANSWERABLE:
            return
        letter = mail.invitation(row, is_reminder=is_reminder)
    try:
        _hand_over(letter)
    except (OSError, smtplib.SMTPException) as error:
        log.warning("survey_letter_refused", invitation=str(pk), error=f"{type(error).__name__}: {error}")
        if not is_reminder:
            _refused(tenant_id, pk)
        return
    if not is_reminder:
        with tenant_scope(tenant_id):
            # It may have been answered already.
            SurveyInvitation.objects.filter(pk=pk, status=InvitationStatus.SENDING).update(
                status=InvitationStatus.SENT
            )


def _hand_over(letter: EmailMessage) -> None:
    letter.send()


def _refused(tenant_id: UUID, pk: UUID) -> None:
    with tenant_scope(tenant_id):
        row = SurveyInvitation.objects.select_for_update(of=("self",)).get(pk=pk)
        if row.status != InvitationStatus.SENDING:
            return
        row.attempts += 1
        if row.attempts >= MOST_ATTEMPTS:
            row.status = InvitationStatus.FAILED
        else:
            row.status = InvitationStatus.WAITING
            row.due_at = timezone.now() + FIRST_PAUSE * 2**row.attempts
        row.save(update_fields=["attempts", "status", "due_at"])


def send_again(invitation: SurveyInvitation) -> bool:
    """Try a letter again that could not be sent; False when it does not wait for that."""
    changed = SurveyInvitation.objects.filter(pk=invitation.pk, status=InvitationStatus.FAILED).update(
        status=InvitationStatus.WAITING, attempts=0, due_at=timezone.now()
    )
    return changed == 1


def is_due(survey: Survey) -> bool:
    """Whether the survey has invitations that wait."""
    return SurveyInvitation.objects.filter(survey=survey, status=InvitationStatus.WAITING).exists()
