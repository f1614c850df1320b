"""Letters to applicants: written down with the change they tell of, posted by a worker, tried again when mail is away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from celery import current_app
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from partners.onboarding.applications import tokens
from partners.onboarding.applications.models import ApplicantLetter, Application, Referral
from partners.onboarding.enums import LetterKind
from portal.shell.mail import compose
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(minutes=1)
K = LetterKind


@dataclass(frozen=True)
class Text:
    """A letter in words: its subject, its paragraphs, and where its button leads."""

    subject: str
    paragraphs: list[str]
    link: str = ""
    label: str = ""


def write_to(application: Application, kind: LetterKind, **words: Any) -> ApplicantLetter:
    """Put a letter into the post, with the change that it tells of."""
    letter = ApplicantLetter.objects.create(
        kind=kind, application=application, to=application.email, words=words, due_at=timezone.now()
    )
    _wake_on_commit()
    return letter


def invite_to_apply(referral: Referral) -> ApplicantLetter:
    letter = ApplicantLetter.objects.create(
        kind=K.REFERRED, referral=referral, to=referral.email, due_at=timezone.now()
    )
    _wake_on_commit()
    return letter


def _wake_on_commit() -> None:
    """The row is the truth and this message only a hint: beat posts what a lost one left behind."""
    tenant_id = str(current_tenant_id())

    def wake() -> None:
        try:
            current_app.send_task("onboarding.post", kwargs={"tenant_id": tenant_id})
        except BrokerError:
            log.warning("broker_unreachable", tenant=tenant_id, consequence="beat will post the letter")

    transaction.on_commit(wake)


def post_due(tenant_id: UUID, *, limit: int = 20) -> int:
    """Send a tenant's due letters, a scope a step, so that each step commits by itself; how many were tried."""
    tried = 0
    while tried < limit and (key := _claim(tenant_id)) is not None:
        tried += 1
        try:
            with tenant_scope(tenant_id):
                message = write(ApplicantLetter.objects.get(pk=key))
            message.send()
        except OSError as error:  # mail servers that are away, or refuse
            log.warning("letter_failed", letter=str(key), error=str(error))
            with tenant_scope(tenant_id):
                _note_failure(key, error)
        else:
            with tenant_scope(tenant_id):
                ApplicantLetter.objects.filter(pk=key).update(sent_at=timezone.now(), due_at=None, error="")
    return tried


def _claim(tenant_id: UUID) -> UUID | None:
    """Take the letter that is due first. Should this worker die, it is due again after the pause."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        letter = (
            ApplicantLetter.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(due_at__lte=now)
            .order_by("due_at", "pk")
            .first()
        )
        if letter is None:
            return None
        letter.attempts += 1
        letter.due_at = now + FIRST_PAUSE * 2 ** (letter.attempts - 1)
        letter.save(update_fields=["attempts", "due_at"])
        return letter.pk


def _note_failure(key: UUID, error: Exception) -> None:
    letter = ApplicantLetter.objects.select_for_update(of=("self",)).get(pk=key)
    letter.error = f"{type(error).__name__}: {error}"[:500]
    if letter.attempts >= MAX_ATTEMPTS:
        letter.due_at = None
    letter.save(update_fields=["error", "due_at"])


# --- words -------------------------------------------------------------------------------------


def write(letter: ApplicantLetter) -> EmailMultiAlternatives:
    """The letter as it is sent: in the tenant's brand, in the language in which the form was filled in."""
    tenant = current_tenant()
    application, referral = letter.application, letter.referral
    text: list[Text] = []

    def words() -> Text:
        # Once, in the letter's language, which `compose` sets.
        if not text:
            text.append(_WORDS[K(letter.kind)](letter, tenant))
        return text[0]

    host = (
        settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or urlsplit(settings.PORTAL_URL).hostname
    )
    return compose(
        tenant,
        to=letter.to,
        language=application.language if application else "",
        subject=lambda: words().subject,
        template="applicant",
        context={
            "text": LazyText(words),
            "name": application.person if application else (referral.person if referral else ""),
        },
        headers={
            "Message-ID": f"<applicant-{letter.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )


class LazyText:
    """The words, asked for when the template is rendered and the language is set."""

    def __init__(self, words: Callable[[], Text]):
        self._words = words

    @property
    def paragraphs(self) -> list[str]:
        return self._words().paragraphs

    @property
    def link(self) -> str:
        return self._words().link

    @property
    def label(self) -> str:
        return self._words().label


def _application(letter: ApplicantLetter) -> Application:
    assert letter.application is not None
    return letter.application


def _confirm(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("Confirm your application to %(tenant)s") % names,
        [
            _("Somebody, probably you, applied for %(company)s to become a partner of %(tenant)s.") % names,
            _("Please confirm that this address is yours. The application counts from then on."),
            _("The link works for seven days. If it was not you, you need not do anything."),
        ],
        tokens.confirm_link(application, tenant),
        _("Confirm the application"),
    )


def _already(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("You have applied to %(tenant)s already") % names,
        [
            _("Somebody, probably you, filled in the application form of %(tenant)s again.") % names,
            _("Your application for %(company)s is with us already, so nothing has been added.") % names,
        ],
        *_see(application, tenant),
    )


def _received(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name, "number": application.number}
    return Text(
        _("%(tenant)s has received your application") % names,
        [
            _("Thank you. We have your application for %(company)s; its number is %(number)s.") % names,
            _("You hear from us at each step. This page always says where it stands:"),
        ],
        *_see(application, tenant),
    )


def _in_review(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("%(tenant)s is reviewing your application") % names,
        [_("Somebody at %(tenant)s is now looking at the application of %(company)s.") % names],
        *_see(application, tenant),
    )


def _more(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("%(tenant)s has a question about your application") % names,
        [
            _("To decide on the application of %(company)s we need something more from you:") % names,
            letter.words.get("question", ""),
        ],
        tokens.status_link(application, tenant),
        _("Answer"),
    )


def _approved(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("Welcome: %(company)s is a partner of %(tenant)s") % names,
        [
            _("Your application has been approved. Welcome!"),
            letter.words.get("message", ""),
            _(
                "A second e-mail brings your personal invitation to the partner portal, which shows your first steps."
            ),
        ],
        *_see(application, tenant),
    )


def _rejected(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("Your application to %(tenant)s") % names,
        [
            _("Thank you for your interest. We have decided not to accept %(company)s as a partner.") % names,
            letter.words.get("reason", ""),
        ],
        *_see(application, tenant),
    )


def _withdrawn(letter: ApplicantLetter, tenant: Tenant) -> Text:
    application = _application(letter)
    names = {"company": application.company, "tenant": tenant.name}
    return Text(
        _("You have withdrawn your application to %(tenant)s") % names,
        [_("The application of %(company)s has been withdrawn. You are welcome to apply again.") % names],
    )


def _referred(letter: ApplicantLetter, tenant: Tenant) -> Text:
    referral = letter.referral
    assert referral is not None
    names = {
        "partner": referral.partner.name,
        "tenant": tenant.name,
        "company": referral.company,
        "person": referral.member.name if referral.member else referral.partner.name,
    }
    return Text(
        _("%(person)s suggests that you become a partner of %(tenant)s") % names,
        [
            _("%(person)s of %(partner)s thinks that %(company)s and %(tenant)s could do well together.")
            % names,
            referral.message,
            _(
                "If you apply through this link, %(partner)s sees how far your application is, and nothing else."
            )
            % names,
        ],
        tokens.referral_link(referral.pk, tenant),
        _("Apply"),
    )


def _see(application: Application, tenant: Tenant) -> tuple[str, str]:
    return tokens.status_link(application, tenant), _("See your application")


_WORDS: dict[LetterKind, Callable[[ApplicantLetter, Tenant], Text]] = {
    K.CONFIRM: _confirm,
    K.ALREADY: _already,
    K.RECEIVED: _received,
    K.IN_REVIEW: _in_review,
    K.MORE: _more,
    K.APPROVED: _approved,
    K.REJECTED: _rejected,
    K.WITHDRAWN: _withdrawn,
    K.REFERRED: _referred,
}
