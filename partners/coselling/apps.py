from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.shell.registry import SELLING, navigation


class CosellingConfig(AppConfig):
    name = "partners.coselling"
    label = "coselling"
    verbose_name = _("Co-selling")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "descriptions", "attachable", "notices"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.consumers").register()
        navigation(_("Shared with me"), "coselling:list", "users-plus", order=16, group=SELLING)
