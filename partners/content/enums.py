"""What assets are, and the life of one."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AssetKind(models.TextChoices):
    FILE = "file", _("File")
    LINK = "link", _("Link")


class AssetStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


# Which statuses an asset may move to from each.
TRANSITIONS: dict[AssetStatus, frozenset[AssetStatus]] = {
    AssetStatus.DRAFT: frozenset({AssetStatus.PUBLISHED, AssetStatus.ARCHIVED}),
    AssetStatus.PUBLISHED: frozenset({AssetStatus.ARCHIVED}),
    AssetStatus.ARCHIVED: frozenset({AssetStatus.PUBLISHED}),
}


class CopyState(models.TextChoices):
    WAITING = "waiting", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")


# What a logo can be put into, by content type.
STAMPABLE = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
}
