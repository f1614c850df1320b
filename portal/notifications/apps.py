from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import Role
from portal.shell import registry


class NotificationsConfig(AppConfig):
    name = "portal.notifications"
    label = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "describe", "people"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.consumers").register()
        panels = import_module(f"{self.name}.panels")
        registry.top_item("notifications/bell.html", data=panels.bell, queries=1)
        registry.nightly("notifications.forget")
        registry.navigation(
            _("Notifications"),
            "notifications:defaults",
            "bell-cog",
            roles=[Role.ADMIN],
            order=820,
            group=registry.SETTINGS,
        )
