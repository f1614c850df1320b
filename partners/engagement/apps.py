from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "partners.engagement"
    label = "engagement"
    verbose_name = _("Engagement")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "importers",
            "descriptions",
            "consumers",
            "notices",
            "search",
            "places",
            "api",
        ):
            import_module(f"{self.name}.{module}")
