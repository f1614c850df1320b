"""A new vendor: its tenant, and the invitation of its first admin."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.enums import Role
from portal.accounts.models import Invitation, digest, new_secret
from portal.events.record import record
from portal.money import CURRENT_CURRENCIES
from portal.people.letters import INVITATION_LASTS
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


def create_tenant(*, slug: str, name: str, admin_email: str, **fields: Any) -> tuple[Tenant, str]:
    """An empty tenant, and the link with which its first admin joins. The link lasts a week.

    `fields` are other fields of Tenant. Raises ValidationError, by field, for what a tenant may not be.
    """
    tenant = Tenant(slug=slug, name=name.strip(), **fields)
    _validate(tenant, admin_email)
    secret = new_secret()
    with transaction.atomic():
        tenant.save(force_insert=True)
        with tenant_scope(tenant.pk):
            invitation = Invitation.objects.create(
                email=admin_email.strip().lower(),
                role=Role.ADMIN,
                digest=digest(secret),
                expires_at=timezone.now() + INVITATION_LASTS,
            )
            record("member.invited", subject=invitation, data={"email": invitation.email, "role": Role.ADMIN})
    return tenant, settings.PORTAL_URL + reverse("people:accept", args=(tenant.slug, secret))


def _validate(tenant: Tenant, admin_email: str) -> None:
    problems: dict[str, list[str]] = {}
    try:
        tenant.full_clean()
    except ValidationError as error:
        problems |= error.message_dict
    if tenant.currency not in CURRENT_CURRENCIES:
        problems["currency"] = [_("“%(value)s” is not a currency, such as EUR.") % {"value": tenant.currency}]
    if tenant.language not in dict(settings.LANGUAGES):
        known = ", ".join(dict(settings.LANGUAGES))
        problems["language"] = [_("The portal speaks %(languages)s.") % {"languages": known}]
    try:
        validate_email(admin_email.strip())
    except ValidationError as error:
        problems["admin_email"] = list(error.messages)
    if problems:
        raise ValidationError(problems)
