"""Sends what is due: the mail server's side of a letter's life."""

import smtplib
import time
from uuid import UUID

import structlog
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from portal.notifications import letters
from portal.notifications.models import Letter
from portal.notifications.writing import NothingToTell, write
from portal.tenancy.scope import tenant_scope

log = structlog.get_logger(__name__)

# A task may run for twelve seconds, and the last letter may wait five of them for its server.
WORKING_TIME = 6


def post_due(tenant_id: UUID) -> bool:
    """Send a tenant's due letters, for some seconds at most; whether more are due. Call outside of a scope."""
    now, until = timezone.now(), time.monotonic() + WORKING_TIME
    letters.recover_abandoned(tenant_id, now)
    with _Post() as post:
        while time.monotonic() < until:
            letter = letters.claim(tenant_id, timezone.now())
            if letter is None:
                letters.quieten(tenant_id, now)
                return False
            post.deliver(letter)
    return True


class _Post:
    """One connection for many letters, opened anew after each failure."""

    def __init__(self) -> None:
        self.connection: BaseEmailBackend | None = None

    def __enter__(self) -> "_Post":
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def deliver(self, letter: Letter) -> None:
        try:
            message = _written(letter)
            self._open()
        except NothingToTell as nothing:
            letters.skip(letter, str(nothing))
            return
        except (OSError, smtplib.SMTPException) as error:
            self._refused(letter, error)
            return
        except Exception as error:
            log.exception("letter_not_written", letter=str(letter.pk))
            letters.failed(letter, _words(error))
            return
        if letters.hand_over(letter, str(message.subject)):
            self._hand_over(letter, message)

    def _hand_over(self, letter: Letter, message: EmailMessage) -> None:
        assert self.connection is not None
        try:
            self.connection.send_messages([message])
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            self._refused(letter, error)
        except (OSError, smtplib.SMTPException) as error:
            # The connection broke: the server may have it or not.
            log.warning("letter_unconfirmed", letter=str(letter.pk), error=_words(error))
            letters.unconfirmed(letter, _words(error))
            self._close()
        else:
            letters.sent(letter)

    def _refused(self, letter: Letter, error: Exception) -> None:
        log.warning("letter_refused", letter=str(letter.pk), attempts=letter.attempts, error=_words(error))
        letters.failed(letter, _words(error), for_good=_is_for_good(error))
        self._close()

    def _open(self) -> None:
        if self.connection is None:
            connection = get_connection()
            connection.open()
            self.connection = connection

    def _close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def _written(letter: Letter) -> EmailMessage:
    assert letter.tenant_id is not None
    with tenant_scope(letter.tenant_id):
        return write(letter)


def _is_for_good(error: Exception) -> bool:
    """5xx about the letter or its receiver. A refused sign-in is the portal's own fault and may be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
