from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    PARTNER_MEMBER = "partner_member", _("Partner member")
    PARTNER_OWNER = "partner_owner", _("Partner owner")
    CHANNEL_MANAGER = "channel_manager", _("Channel manager")
    ADMIN = "admin", _("Admin")


PARTNER_ROLES = frozenset({Role.PARTNER_MEMBER, Role.PARTNER_OWNER})
VENDOR_ROLES = frozenset({Role.CHANNEL_MANAGER, Role.ADMIN})
