from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.shell.registry import nightly


class DirectoryConfig(AppConfig):
    name = "partners.directory"
    label = "directory"
    verbose_name = _("Directory")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in (
            "rules",
            "importers",
            "descriptions",
            "places",
            "notices",
            "search",
            "api",
            "consumers",
        ):
            import_module(f"{self.name}.{module}")
        nightly("directory.bring_the_rest")
