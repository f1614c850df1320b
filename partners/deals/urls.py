from django.urls import path

from partners.deals import views
from partners.deals.steps import STEPS

app_name = "deals"

urlpatterns = [
    path("", views.DealList.as_view(), name="list"),
    path("waiting/", views.Inbox.as_view(), name="inbox"),
    path("new/", views.create, name="create"),
    path("rules/", views.policy, name="policy"),
    path("customer-names/", views.customer_names, name="customer_names"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    *(path(f"<uuid:pk>/{verb.replace('_', '-')}/", views.step_view(verb), name=verb) for verb in STEPS),
]
