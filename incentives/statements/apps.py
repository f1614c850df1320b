from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.shell import registry


class StatementsConfig(AppConfig):
    name = "incentives.statements"
    label = "statements"
    verbose_name = _("Statements and payments")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "actions", "audit", "descriptions", "notices"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.api").register()
        registry.navigation(
            _("Statements"),
            "statements:list",
            "file-invoice",
            roles=PARTNER_ROLES,
            order=31,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Payouts"), "statements:closings", "cash", roles=VENDOR_ROLES, order=31, group=registry.EARNING
        )
        queries = import_module(f"{self.name}.queries")
        registry.home_panel(
            Role.ADMIN,
            "payouts",
            data=queries.waiting_panel,
            template="statements/panels/waiting.html",
            queries=2,
            order=35,
            width="half",
        )
