from importlib import import_module
from types import ModuleType

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from partners.leads.priorities import lead_priorities
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.shell import registry


class IncentivesConfig(AppConfig):
    name = "incentives"
    label = "incentives"
    verbose_name = "Incentives"

    def ready(self) -> None:
        for module in (
            "rules",
            "tasks",
            "descriptions",
            "notices",
            "refresh",
            "ledger.simulation",
            "attachable",
        ):
            import_module(f"{self.name}.{module}")
        import_module(f"{self.name}.sources").register()
        import_module(f"{self.name}.consumers").register()
        import_module(f"{self.name}.api").register()
        self._fill_shell(import_module(f"{self.name}.panels"))

    def _fill_shell(self, panels: ModuleType) -> None:
        registry.nightly("incentives.nightly")
        models = import_module(f"{self.name}.models")
        registry.holds_money(models.PlanVersion.objects.exists)
        registry.holds_money(models.LedgerEntry.objects.exists)
        tiers = import_module(f"{self.name}.tiers.queries")
        registry.partner_segments(_("Tier"), choices=tiers.tier_choices, codes=tiers.tier_codes)
        lead_priorities(tiers.lead_priorities)
        import_module("metrics.defining").uses_kpis(tiers.kpi_uses)
        for room in ("tiers", "plans"):
            import_module("metrics.marks").marks_by(import_module(f"{self.name}.{room}.marks").marks)
        registry.navigation(_("Earnings"), "incentives:earnings", "coin", order=30, group=registry.EARNING)
        registry.navigation(
            _("What earns money"),
            "incentives:my_plans",
            "receipt",
            roles=PARTNER_ROLES,
            order=32,
            group=registry.EARNING,
        )
        registry.navigation(
            _("What if…"),
            "incentives:what_if",
            "calculator",
            roles=PARTNER_ROLES,
            order=34,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Your tier"), "incentives:mine", "medal", roles=PARTNER_ROLES, order=40, group=registry.EARNING
        )
        registry.navigation(
            _("Partners’ tiers"),
            "incentives:standings",
            "medal",
            roles=VENDOR_ROLES,
            order=40,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Proposals"),
            "incentives:proposals",
            "arrows-up-down",
            roles=VENDOR_ROLES,
            order=45,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Adjustments"),
            "incentives:adjustments",
            "pencil",
            roles=VENDOR_ROLES,
            order=46,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Disputes"),
            "incentives:disputes",
            "message-question",
            roles=VENDOR_ROLES,
            order=47,
            group=registry.EARNING,
        )
        registry.navigation(
            _("Tiers"), "incentives:ladder", "stairs", roles=(Role.ADMIN,), order=50, group=registry.PROGRAMME
        )
        registry.navigation(
            _("Plans"), "incentives:plans", "receipt", roles=VENDOR_ROLES, order=60, group=registry.PROGRAMME
        )
        for role in sorted(PARTNER_ROLES):
            registry.home_panel(
                role,
                "earnings",
                data=panels.partner_earnings,
                template="incentives/panels/earnings.html",
                queries=3,
                order=10,
                width="half",
            )
            registry.home_panel(
                role,
                "tier",
                data=panels.partner_tier,
                template="incentives/panels/tier.html",
                queries=2,
                order=20,
                width="half",
            )
        registry.home_panel(
            Role.CHANNEL_MANAGER,
            "tiers",
            data=panels.manager_tiers,
            template="incentives/panels/manager.html",
            queries=3,
            order=60,
            width="half",
        )
        registry.home_panel(
            Role.ADMIN,
            "tiers",
            data=panels.admin_programme,
            template="incentives/panels/admin.html",
            queries=4,
            order=30,
            width="half",
        )
        registry.subject_panel(
            "directory.partner",
            "tier",
            data=panels.of_partner,
            template="incentives/panels/partner.html",
            queries=4,
            order=20,
        )
        registry.setup_step(
            _("Tiers"),
            done=panels.has_tiers,
            url_name="incentives:ladder",
            order=50,
            text=_("Say what partners can reach and what each tier asks and gives."),
        )
        registry.setup_step(
            _("Incentive plan"),
            done=panels.has_plan,
            url_name="incentives:plans",
            order=60,
            text=_("Say what part of won revenue each tier earns."),
        )
