from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MatchingConfig(AppConfig):
    name = "partners.matching"
    label = "matching"
    verbose_name = _("Customer matching")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "consumers", "descriptions", "importers", "places"):
            import_module(f"{self.name}.{module}")
