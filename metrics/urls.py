from django.urls import path

from metrics import views

app_name = "metrics"
urlpatterns = [
    path("", views.LeaguePage.as_view(), name="scorecards"),
    path("mine/", views.mine, name="mine"),
    path("groups/", views.groups, name="groups"),
    path("groups/<slug:kind>/", views.group, name="group"),
    path("catalogue/", views.catalogue, name="catalogue"),
    path("templates/", views.templates, name="templates"),
    path("templates/new/", views.template_new, name="template_new"),
    path("templates/<uuid:pk>/", views.template_edit, name="template_edit"),
    path("recompute/", views.recompute, name="recompute"),
    path("partners/<uuid:pk>/", views.scorecard, name="scorecard"),
    path("cards/<uuid:pk>/<slug:code>/", views.kpi, name="kpi"),
]
