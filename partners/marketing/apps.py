from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketingConfig(AppConfig):
    name = "partners.marketing"
    label = "marketing"
    verbose_name = _("Marketing")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "places", "importers", "api"):
            import_module(f"{self.name}.{module}")
