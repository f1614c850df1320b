from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CostsConfig(AppConfig):
    name = "metrics.costs"
    label = "metrics_costs"
    verbose_name = _("Programme costs")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "places", "importers", "api"):
            import_module(f"{self.name}.{module}")
