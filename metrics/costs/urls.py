from django.urls import path

from metrics.costs import views

app_name = "metrics_costs"

urlpatterns = [
    path("costs/", views.CostList.as_view(), name="list"),
    path("costs/new/", views.create, name="create"),
    path("costs/<uuid:pk>/", views.detail, name="detail"),
    path("costs/<uuid:pk>/edit/", views.edit, name="edit"),
    path("costs/<uuid:pk>/remove/", views.remove, name="remove"),
]
