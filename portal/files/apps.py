from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.shell.registry import nightly


class FilesConfig(AppConfig):
    name = "portal.files"
    label = "files"
    verbose_name = _("Files")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "describe", "tasks"):
            import_module(f"{self.name}.{module}")
        nightly("files.clean_up")
