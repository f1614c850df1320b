from django.urls import path

from partners.leads import views
from partners.leads.setup import views as setup
from partners.leads.steps import STEPS

app_name = "leads"

urlpatterns = [
    path("", views.LeadList.as_view(), name="list"),
    path("new/", views.create, name="create"),
    path("to-distribute/", views.ToDistribute.as_view(), name="to_distribute"),
    path("to-distribute/by-the-rules/", views.distribute_all, name="distribute_all"),
    path("pool/", views.pool, name="pool"),
    path("pool/<uuid:pk>/", views.pick, name="pick"),
    path("rules/", setup.rules, name="rules"),
    path("rules/new/", setup.rule_edit, name="rule_create"),
    path("rules/<uuid:pk>/", setup.rule_edit, name="rule_edit"),
    path("rules/<uuid:pk>/move/", setup.rule_move, name="rule_move"),
    path("rules/<uuid:pk>/remove/", setup.rule_delete, name="rule_delete"),
    path("terms/", setup.terms, name="terms"),
    path("criteria/", setup.criteria, name="criteria"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/convert/", views.convert, name="convert"),
    *(path(f"<uuid:pk>/{verb.replace('_', '-')}/", views.step_view(verb), name=verb) for verb in STEPS),
]
