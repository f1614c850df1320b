from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "partners.surveys"
    label = "surveys"
    verbose_name = _("Surveys")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "consumers", "notices", "places", "api"):
            import_module(f"{self.name}.{module}")
