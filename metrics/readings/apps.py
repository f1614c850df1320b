from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReadingsConfig(AppConfig):
    name = "metrics.readings"
    label = "metrics_readings"
    verbose_name = _("Reported metrics")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "places", "importers", "api"):
            import_module(f"{self.name}.{module}")
