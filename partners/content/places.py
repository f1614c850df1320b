"""Where the library appears: navigation, and what it keeps on disk."""

from django.utils.translation import gettext_lazy as _

from partners.content.queries import content_bytes, known_content
from portal.files.keepers import keeps
from portal.shell.registry import navigation

navigation(_("Content"), "content:list", "files", order=46)
keeps("content", known=known_content, size=content_bytes)
