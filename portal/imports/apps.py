from importlib import import_module

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "portal.imports"
    label = "imports"
    verbose_name = "Imports"

    def ready(self) -> None:
        # Registering needs the apps to be loaded.
        for module in ("rules", "handlers", "places", "notices"):
            import_module(f"{self.name}.{module}")
