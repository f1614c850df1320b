from django.db import models
from django.utils.translation import gettext_lazy as _


class AddressKind(models.TextChoices):
    HEAD = "head", _("Head office")
    OFFICE = "office", _("Office")
    BILLING = "billing", _("Invoices")
    DELIVERY = "delivery", _("Deliveries")
