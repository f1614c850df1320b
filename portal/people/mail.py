"""Letters to people."""

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.accounts.models import Invitation, Membership
from portal.tenancy.models import Tenant


def sender(tenant: Tenant) -> str:
    """The portal's address under the tenant's name."""
    return formataddr((tenant.sender_name or tenant.name, settings.DEFAULT_FROM_EMAIL))


def invitation(invitation: Invitation, secret: str, by: Membership) -> EmailMultiAlternatives:
    """The letter with the link to join, in the tenant's language."""
    tenant = by.tenant
    with translation.override(tenant.language):
        context = {
            "tenant": tenant,
            "invitation": invitation,
            "by": by,
            "link": settings.PORTAL_URL + reverse("people:accept", args=(tenant.slug, secret)),
        }
        subject = _("%(name)s invites you to %(tenant)s") % {"name": by.name, "tenant": tenant.name}
        letter = EmailMultiAlternatives(
            " ".join(subject.split()),
            render_to_string("emails/invitation.txt", context),
            sender(tenant),
            [invitation.email],
            reply_to=[by.user.email],
        )
        letter.attach_alternative(render_to_string("emails/invitation.html", context), "text/html")
    return letter
