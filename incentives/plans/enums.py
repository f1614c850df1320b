from django.db import models
from django.utils.translation import gettext_lazy as _


class BandMode(models.TextChoices):
    WHOLE = "whole", _("All revenue at the rate reached")
    MARGINAL = "marginal", _("Each slice at its own rate")
