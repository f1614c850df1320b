"""Why two companies are taken for one, and what a registration can be in conflict with."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Grounds(models.TextChoices):
    DOMAIN = "domain", _("Same web domain")
    NAME = "name", _("Same name and country")
    LIKENESS = "likeness", _("Similar name")
    RECORD = "record", _("Same customer")


class ConflictKind(models.TextChoices):
    PROTECTED = "protected", _("Protected for another partner")
    SUBMITTED = "submitted", _("Submitted by another partner")
    OWN = "own", _("The partner's own deal")
    DIRECT = "direct", _("The vendor's direct account")
