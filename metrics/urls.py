from django.urls import path

from metrics import all_kpis_page, card_pages, compare_pages, kpi_page, kpi_pages, period_pages, views

app_name = "metrics"
urlpatterns = [
    path("", views.LeaguePage.as_view(), name="scorecards"),
    path("mine/", views.mine, name="mine"),
    path("groups/", views.groups, name="groups"),
    path("groups/<slug:kind>/", views.group, name="group"),
    path("catalogue/", kpi_pages.catalogue, name="catalogue"),
    path("catalogue/new/", kpi_pages.own_kpi_new, name="own_kpi_new"),
    path("catalogue/revenue/", kpi_pages.revenue, name="revenue"),
    path("catalogue/check/", kpi_pages.own_kpi_check, name="own_kpi_check"),
    path("catalogue/own/<uuid:pk>/", kpi_pages.own_kpi, name="own_kpi"),
    path("catalogue/own/<uuid:pk>/use/", kpi_pages.own_kpi_retire, name="own_kpi_retire"),
    path("catalogue/engagement/", kpi_pages.engagement_weights, name="engagement_weights"),
    path("periods/", period_pages.periods, name="periods"),
    path("periods/lock/", period_pages.period_lock, name="period_lock"),
    path("periods/<uuid:pk>/restate/", period_pages.period_restate, name="period_restate"),
    path("restatements/<uuid:pk>/", period_pages.restatement, name="restatement"),
    path("templates/", views.templates, name="templates"),
    path("templates/new/", views.template_new, name="template_new"),
    path("templates/<uuid:pk>/", views.template_edit, name="template_edit"),
    path("recompute/", views.recompute, name="recompute"),
    path("partners/<uuid:pk>/", views.scorecard, name="scorecard"),
    path("cards/<uuid:pk>/compare/", compare_pages.comparison, name="compare"),
    path("cards/<uuid:pk>/pdf/", card_pages.pdf, name="pdf"),
    path("cards/<uuid:pk>/kpis/", all_kpis_page.all_kpis, name="all_kpis"),
    path("cards/<uuid:pk>/<slug:code>/", kpi_page.kpi, name="kpi"),
]
