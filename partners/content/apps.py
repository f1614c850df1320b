from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.shell.registry import nightly


class ContentConfig(AppConfig):
    name = "partners.content"
    label = "content"
    verbose_name = _("Content library")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "descriptions",
            "places",
            "notices",
            "search",
            "consumers",
            "branding",
            "tasks",
            "api",
        ):
            import_module(f"{self.name}.{module}")
        nightly("content.refresh_audience")
