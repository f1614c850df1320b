from importlib import import_module
from types import ModuleType

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.shell import registry


class MetricsConfig(AppConfig):
    name = "metrics"
    label = "metrics"
    verbose_name = _("Scorecards")

    def ready(self) -> None:
        # Registering needs the models to be loaded.
        for module in ("rules", "tasks", "descriptions"):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.consumers").register()
        for module in ("api", "group_api"):
            import_module(f"{self.name}.{module}").register()
        self._fill_shell(import_module(f"{self.name}.panels"))

    def _fill_shell(self, panels: ModuleType) -> None:
        registry.nightly("metrics.nightly")
        registry.navigation(
            _("Scorecard"),
            "metrics:mine",
            "chart-bar",
            roles=PARTNER_ROLES,
            order=35,
            group=registry.MEASURING,
        )
        registry.navigation(
            _("Scorecards"),
            "metrics:scorecards",
            "chart-bar",
            roles=VENDOR_ROLES,
            order=35,
            group=registry.MEASURING,
        )
        registry.navigation(
            _("Groups"), "metrics:groups", "chart-pie", roles=VENDOR_ROLES, order=38, group=registry.MEASURING
        )
        registry.navigation(
            _("KPI catalogue"), "metrics:catalogue", "ruler-2", order=70, group=registry.MEASURING
        )
        registry.navigation(
            _("Scorecard templates"),
            "metrics:templates",
            "template",
            roles=(Role.ADMIN,),
            order=48,
            group=registry.PROGRAMME,
        )
        registry.navigation(
            _("Periods"),
            "metrics:periods",
            "calendar-check",
            roles=VENDOR_ROLES,
            order=49,
            group=registry.MEASURING,
        )
        for role in sorted(PARTNER_ROLES):
            registry.home_panel(
                role,
                "standing",
                data=panels.where_i_stand,
                template="metrics/panels/standing.html",
                queries=4,
                order=15,
                width="half",
            )
        registry.home_panel(
            Role.CHANNEL_MANAGER,
            "behind",
            data=panels.falling_behind,
            template="metrics/panels/behind.html",
            queries=2,
            order=20,
            width="half",
        )
        registry.home_panel(
            Role.CHANNEL_MANAGER,
            "portfolio",
            data=panels.portfolio_figures,
            template="metrics/panels/figures.html",
            queries=3,
            order=10,
        )
        registry.home_panel(
            Role.ADMIN,
            "health",
            data=panels.programme_health,
            template="metrics/panels/figures.html",
            queries=3,
            order=10,
        )
        registry.home_panel(
            Role.ADMIN,
            "behind",
            data=panels.falling_behind,
            template="metrics/panels/behind.html",
            queries=2,
            order=40,
            width="half",
        )
        registry.subject_panel(
            "directory.partner",
            "results",
            data=panels.partner_results,
            template="metrics/panels/figures.html",
            queries=3,
            order=10,
        )
        registry.setup_step(
            _("Scorecard template"),
            done=panels.queries.has_template,
            url_name="metrics:templates",
            order=40,
            text=_("Look at what partners are measured by, and publish what fits your programme."),
        )
