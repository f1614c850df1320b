"""Links for people who do not sign in. Each says whose it is and what for; the tenant's walls do the rest."""

from uuid import UUID

from django.core import signing
from django.urls import reverse

from partners.onboarding.applications.models import Application
from portal.shell.mail import absolute
from portal.tenancy.models import Tenant

CONFIRM_LASTS = 7 * 24 * 3600
_CONFIRM, _STATUS, _REFERRAL = "onboarding.confirm", "onboarding.status", "onboarding.referral"


def _dumps(pk: UUID, salt: str) -> str:
    return signing.dumps(pk.hex, salt=salt)


def _loads(token: str, salt: str, max_age: int | None = None) -> UUID | None:
    try:
        return UUID(hex=signing.loads(token, salt=salt, max_age=max_age))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def confirming(token: str) -> Application | None:
    """The application whose e-mail address the link confirms."""
    pk = _loads(token, _CONFIRM, CONFIRM_LASTS)
    return Application.objects.filter(pk=pk).first() if pk else None


def followed(token: str) -> Application | None:
    """The application whose state the link shows."""
    pk = _loads(token, _STATUS)
    return Application.objects.filter(pk=pk).first() if pk else None


def referring(token: str) -> UUID | None:
    """The referral, or the partner, behind a link to the form."""
    return _loads(token, _REFERRAL)


def referral_token(pk: UUID) -> str:
    return _dumps(pk, _REFERRAL)


def confirm_link(application: Application, tenant: Tenant) -> str:
    return absolute(reverse("onboarding:confirm", args=(tenant.slug, _dumps(application.pk, _CONFIRM))))


def status_path(application: Application, tenant: Tenant) -> str:
    return reverse("onboarding:status", args=(tenant.slug, _dumps(application.pk, _STATUS)))


def status_link(application: Application, tenant: Tenant) -> str:
    return absolute(status_path(application, tenant))


def referral_link(pk: UUID, tenant: Tenant) -> str:
    return absolute(reverse("onboarding:apply_referred", args=(tenant.slug, referral_token(pk))))
