"""Letters to people."""

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import Invitation
from portal.shell.mail import absolute, compose
from portal.tenancy.models import current_tenant


def invitation(invitation: Invitation, secret: str) -> EmailMultiAlternatives:
    """The letter with the link to join, in the tenant's language, from who invites."""
    tenant, by = current_tenant(), invitation.invited_by
    names = {"name": by.name if by else tenant.name, "tenant": tenant.name}
    return compose(
        tenant,
        to=invitation.email,
        language=tenant.language,
        subject=lambda: _("%(name)s invites you to %(tenant)s") % names,
        template="invitation",
        context={
            "invitation": invitation,
            "by": names["name"],
            "link": absolute(reverse("people:accept", args=(tenant.slug, secret))),
        },
        reply_to=[by.user.email] if by else [],
    )
