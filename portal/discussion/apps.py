from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DiscussionConfig(AppConfig):
    name = "portal.discussion"
    label = "discussion"
    verbose_name = _("Comments")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "notices"):
            import_module(f"{self.name}.{module}")
