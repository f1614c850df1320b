from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_ROLES
from portal.shell import registry


class FundsConfig(AppConfig):
    name = "incentives.funds"
    label = "funds"
    verbose_name = _("Market development funds")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "tasks", "descriptions", "notices", "attachable"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.api").register()
        import_module(f"{self.name}.sources").register()
        queries = import_module(f"{self.name}.queries")
        registry.nightly("funds.nightly")
        registry.navigation(
            _("Marketing funds"), "funds:requests", "speakerphone", order=33, group=registry.EARNING
        )
        for role in sorted(PARTNER_ROLES):
            registry.home_panel(
                role,
                "funds",
                data=queries.partner_panel,
                template="funds/panels/budgets.html",
                queries=2,
                order=60,
                width="half",
            )
        registry.setup_step(
            _("Market development funds"),
            done=queries.has_fund,
            url_name="funds:funds",
            order=70,
            text=_(
                "Give partners a budget for their own marketing. Leave it out if your programme has none."
            ),
        )
