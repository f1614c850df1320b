from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "partners.training"
    label = "training"
    verbose_name = _("Training")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "importers",
            "descriptions",
            "consumers",
            "leaving",
            "notices",
            "attachable",
            "search",
            "places",
            "api",
        ):
            import_module(f"{self.name}.{module}")
