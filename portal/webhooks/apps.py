from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell import registry


class WebhooksConfig(AppConfig):
    name = "portal.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "describe", "notices", "api"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.consumers").register()
        registry.nightly("webhooks.forget")
        registry.navigation(
            _("Webhooks"),
            "webhooks:list",
            "webhook",
            roles=[Role.ADMIN],
            order=822,
            group=registry.SETTINGS,
        )
