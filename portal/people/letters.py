"""Letters with the link to join: written down with the invitation, posted by a worker, tried again when mail is away."""

import smtplib
from datetime import UTC, timedelta
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from kombu.exceptions import OperationalError as BrokerError

from portal.accounts.models import Invitation, digest
from portal.people import mail
from portal.tenancy.scope import current_tenant_id, tenant_scope

log = structlog.get_logger(__name__)

INVITATION_LASTS = timedelta(days=7)
MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
_SALT = "people.invitation"


def post(invitation: Invitation) -> None:
    """Save the invitation with a new link, which a worker sends; an older link stops working."""
    now = timezone.now()
    invitation.expires_at = now + INVITATION_LASTS
    invitation.digest = digest(secret_of(invitation))
    invitation.due_at, invitation.sent_at = now, None
    invitation.attempts, invitation.error = 0, ""
    invitation.save()
    _wake_on_commit()


def secret_of(invitation: Invitation) -> str:
    """What the link proves. It is kept nowhere: each try makes the same one anew, and sending again another."""
    until = invitation.expires_at.astimezone(UTC).isoformat()
    return salted_hmac(_SALT, f"{invitation.pk} {until}", algorithm="sha256").hexdigest()


def _wake_on_commit() -> None:
    """The row is the truth and this message only a hint: beat posts what a lost one left behind."""
    tenant_id = str(current_tenant_id())

    def wake() -> None:
        try:
            current_app.send_task("people.post", kwargs={"tenant_id": tenant_id})
        except BrokerError:
            log.warning("broker_unreachable", tenant=tenant_id, consequence="beat will post the invitation")

    transaction.on_commit(wake)


def post_due(tenant_id: UUID, *, limit: int = 20) -> int:
    """Send a tenant's due invitations, a scope a step, so that each step commits by itself; how many were tried."""
    tried = 0
    while tried < limit and (invitation := _claim(tenant_id)) is not None:
        tried += 1
        try:
            with tenant_scope(tenant_id):
                message = mail.invitation(invitation, secret_of(invitation))
            message.send()
        except OSError as error:  # mail servers that are away, or refuse
            log.warning("invitation_failed", invitation=str(invitation.pk), error=str(error))
            _note_failure(tenant_id, invitation, error)
        else:
            _note(tenant_id, invitation, sent_at=timezone.now(), due_at=None, error="")
    return tried


def _claim(tenant_id: UUID) -> Invitation | None:
    """Take the invitation that is due first. Should this worker die, it is due again after the pause."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        invitation = (
            Invitation.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(due_at__lte=now, expires_at__gt=now, accepted_at=None, revoked_at=None)
            .select_related("invited_by__user")
            .order_by("due_at", "pk")
            .first()
        )
        if invitation is None:
            return None
        invitation.attempts += 1
        invitation.due_at = now + FIRST_PAUSE * 2 ** (invitation.attempts - 1)
        invitation.save(update_fields=["attempts", "due_at"])
        return invitation


def _note_failure(tenant_id: UUID, invitation: Invitation, error: Exception) -> None:
    for_good = isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _text in error.recipients.values()
    )
    given_up = for_good or invitation.attempts >= MAX_ATTEMPTS
    due = None if given_up else invitation.due_at
    _note(tenant_id, invitation, due_at=due, error=f"{type(error).__name__}: {error}"[:500])


def _note(tenant_id: UUID, invitation: Invitation, **fields: object) -> None:
    """What became of this link's letter; of one that was sent again meanwhile nothing is known yet."""
    with tenant_scope(tenant_id):
        Invitation.objects.filter(pk=invitation.pk, expires_at=invitation.expires_at).update(**fields)
