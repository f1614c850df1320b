from django.urls import path

from metrics.readings import views

app_name = "metrics_readings"

urlpatterns = [
    path("metrics/", views.DefinitionList.as_view(), name="list"),
    path("metrics/new/", views.create, name="create"),
    path("metrics/readings/", views.ReadingList.as_view(), name="readings"),
    path("metrics/readings/<uuid:pk>/", views.reading, name="reading"),
    path("metrics/readings/<uuid:pk>/remove/", views.remove, name="remove"),
    path("metrics/<uuid:pk>/", views.metric, name="metric"),
    path("metrics/<uuid:pk>/edit/", views.edit, name="edit"),
    path("metrics/<uuid:pk>/report/", views.report, name="report"),
]
