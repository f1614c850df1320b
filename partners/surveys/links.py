"""Links that need no sign-in: signed, so that none can be made up or changed. How long they work is in the database."""

from uuid import UUID

from django.core import signing
from django.urls import reverse

from partners.surveys.models import SurveyInvitation
from portal.shell.mail import absolute
from portal.tenancy.models import Tenant

_ANSWER = "surveys.answer"
_STOP = "surveys.stop"


def answer_token(invitation: SurveyInvitation) -> str:
    return signing.dumps([str(invitation.tenant_id), str(invitation.pk)], salt=_ANSWER, compress=True)


def stop_token(invitation: SurveyInvitation) -> str:
    return signing.dumps([str(invitation.tenant_id), str(invitation.pk)], salt=_STOP, compress=True)


def read_token(token: str, tenant: Tenant, *, stop: bool = False) -> UUID | None:
    """The invitation's key; None for a link that this portal has not made for this vendor."""
    try:
        tenant_id, key = signing.loads(token, salt=_STOP if stop else _ANSWER)
        return UUID(key) if UUID(tenant_id) == tenant.pk else None
    except (signing.BadSignature, ValueError, TypeError):
        return None


def answer_link(invitation: SurveyInvitation, tenant: Tenant) -> str:
    return absolute(reverse("surveys:answer", args=(tenant.slug, answer_token(invitation))))


def stop_link(invitation: SurveyInvitation, tenant: Tenant) -> str:
    return absolute(reverse("surveys:stop", args=(tenant.slug, stop_token(invitation))))
