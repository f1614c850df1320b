from django.urls import path

from partners.deals import views
from partners.deals.selling import views as selling
from partners.deals.steps import STEPS

app_name = "deals"

urlpatterns = [
    path("", views.DealList.as_view(), name="list"),
    path("board/", selling.board, name="board"),
    path("waiting/", views.Inbox.as_view(), name="inbox"),
    path("new/", views.create, name="create"),
    path("rules/", views.policy, name="policy"),
    path("rules/selling/", selling.selling, name="selling"),
    path("rules/selling/<str:listed>/", selling.list_add, name="list_add"),
    path("rules/selling/<str:listed>/<uuid:pk>/", selling.list_offer, name="list_offer"),
    path("customer-names/", views.customer_names, name="customer_names"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/move/", selling.move, name="move"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    *(path(f"<uuid:pk>/{verb.replace('_', '-')}/", views.step_view(verb), name=verb) for verb in STEPS),
]
