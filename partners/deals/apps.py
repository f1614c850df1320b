from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DealsConfig(AppConfig):
    name = "partners.deals"
    label = "deals"
    verbose_name = _("Deals")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "claims",
            "consumers",
            "importers",
            "descriptions",
            "places",
            "attachable",
            "notices",
            "movement",
            "search",
            "api",
        ):
            import_module(f"{self.name}.{module}")
