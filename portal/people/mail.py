"""Letters to people."""

from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import Invitation, Membership
from portal.shell.mail import absolute, compose


def invitation(invitation: Invitation, secret: str, by: Membership) -> EmailMultiAlternatives:
    """The letter with the link to join, in the tenant's language."""
    tenant = by.tenant
    names = {"name": by.name, "tenant": tenant.name}
    return compose(
        tenant,
        to=invitation.email,
        language=tenant.language,
        subject=lambda: _("%(name)s invites you to %(tenant)s") % names,
        template="invitation",
        context={
            "invitation": invitation,
            "by": by,
            "link": absolute(reverse("people:accept", args=(tenant.slug, secret))),
        },
        reply_to=[by.user.email],
    )
