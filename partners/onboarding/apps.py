from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    name = "partners.onboarding"
    label = "onboarding"
    verbose_name = _("Onboarding")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "attachable",
            "consumers",
            "descriptions",
            "notices",
            "plans.notices",
            "places",
            "search",
            "tasks",
            "api",
        ):
            import_module(f"{self.name}.{module}")
