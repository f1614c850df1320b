from django.urls import path

from incentives.corrections import views as corrections
from incentives.ledger import views as ledger
from incentives.plans import views as plans
from incentives.tiers import benefit_pages, check_pages, ladder_pages, override_pages
from incentives.tiers import views as tiers
from incentives.whatif import views as whatif

app_name = "incentives"

urlpatterns = [
    path("earnings/", ledger.Earnings.as_view(), name="earnings"),
    path("earnings/entries/<uuid:pk>/", ledger.entry, name="entry"),
    path("earnings/deals/<uuid:pk>/", ledger.deal, name="deal"),
    path("earnings/entries/<uuid:pk>/again/", corrections.recompute, name="recompute"),
    path("earnings/entries/<uuid:pk>/dispute/", corrections.dispute_create, name="dispute_create"),
    path("earnings/disputes/", corrections.Disputes.as_view(), name="disputes"),
    path("earnings/disputes/<uuid:pk>/", corrections.dispute, name="dispute"),
    path("earnings/disputes/<uuid:pk>/decide/", corrections.dispute_decide, name="dispute_decide"),
    path("earnings/adjustments/", corrections.Adjustments.as_view(), name="adjustments"),
    path("earnings/adjustments/new/", corrections.adjustment_create, name="adjustment_create"),
    path("earnings/adjustments/<uuid:pk>/", corrections.adjustment, name="adjustment"),
    path("earnings/adjustments/<uuid:pk>/decide/", corrections.adjustment_decide, name="adjustment_decide"),
    path("what-if/", whatif.what_if, name="what_if"),
    path("what-if/rates/", whatif.rates, name="what_if_rates"),
    path("what-if/tiers/", whatif.thresholds, name="what_if_tiers"),
    path("what-if/partners/<uuid:pk>/", whatif.what_if_partner, name="what_if_partner"),
    path("tier/", tiers.mine, name="mine"),
    path("tiers/", tiers.Standings.as_view(), name="standings"),
    path("tiers/partners/<uuid:pk>/", tiers.standing, name="standing"),
    path("tiers/partners/<uuid:pk>/badge.svg", tiers.badge, {"image": "svg"}, name="badge_svg"),
    path("tiers/partners/<uuid:pk>/badge.png", tiers.badge, {"image": "png"}, name="badge_png"),
    path("tiers/partners/<uuid:pk>/certificate/", tiers.certificate, name="certificate"),
    path("tiers/proposals/", tiers.Proposals.as_view(), name="proposals"),
    path("tiers/proposals/<uuid:pk>/", tiers.proposal, name="proposal"),
    path("tiers/ladder/", ladder_pages.ladder, name="ladder"),
    path("tiers/ladder/new/", ladder_pages.tier_create, name="tier_create"),
    path("tiers/ladder/<uuid:pk>/", ladder_pages.tier_edit, name="tier_edit"),
    path("tiers/ladder/<uuid:pk>/move/", ladder_pages.tier_move, name="tier_move"),
    path("tiers/checks/", check_pages.checks, name="checks"),
    path("tiers/checks/<uuid:pk>/", check_pages.check_edit, name="check_edit"),
    path("tiers/partners/<uuid:pk>/check/", check_pages.mark, name="mark"),
    path("tiers/marks/<uuid:pk>/withdraw/", check_pages.mark_withdraw, name="mark_withdraw"),
    path("tiers/ladder/<uuid:pk>/benefits/", benefit_pages.benefits, name="benefits"),
    path("tiers/benefits/<uuid:pk>/", benefit_pages.benefit_edit, name="benefit_edit"),
    path("tiers/partners/<uuid:pk>/deliver/", benefit_pages.benefit_deliver, name="benefit_deliver"),
    path("tiers/partners/<uuid:pk>/by-hand/", override_pages.override_create, name="override_create"),
    path("tiers/by-hand/", override_pages.Overrides.as_view(), name="overrides"),
    path("tiers/by-hand/<uuid:pk>/", override_pages.override, name="override"),
    path("tiers/by-hand/<uuid:pk>/decide/", override_pages.override_decide, name="override_decide"),
    path("tiers/policy/", ladder_pages.policy, name="policy"),
    path("plans/", plans.plans, name="plans"),
    path("plans/mine/", plans.mine, name="my_plans"),
    path("plans/<uuid:pk>/ranking/", plans.ranking, name="ranking"),
    path("plans/new/", plans.plan_create, name="plan_create"),
    path("plans/<uuid:pk>/", plans.plan_edit, name="plan_edit"),
    path("plans/versions/<uuid:pk>/", plans.version, name="version"),
    path("plans/example/", plans.example, name="example"),
]
