from django.urls import path

from partners.deals import views
from partners.deals.approvals import views as approvals
from partners.deals.registering import views as registering
from partners.deals.selling import views as selling
from partners.deals.steps import STEPS

app_name = "deals"

urlpatterns = [
    path("", views.DealList.as_view(), name="list"),
    path("board/", selling.board, name="board"),
    path("waiting/", views.Inbox.as_view(), name="inbox"),
    path("waiting/decide/", approvals.decide, name="decide"),
    path("new/", registering.create, name="create"),
    path("new/draft/", registering.save_draft, name="save_draft"),
    path("new/file/", registering.from_file, name="from_file"),
    path("new/file/template.csv", registering.file_template, name="file_template"),
    path("new/file/submit/", registering.submit_many, name="submit_many"),
    path("rules/", views.policy, name="policy"),
    path("rules/selling/", selling.selling, name="selling"),
    path("rules/selling/<str:listed>/", selling.list_add, name="list_add"),
    path("rules/selling/<str:listed>/<uuid:pk>/", selling.list_offer, name="list_offer"),
    path("rules/approval/", approvals.rules, name="rules"),
    path("rules/approval/new/", approvals.rule_create, name="rule_create"),
    path("rules/approval/<uuid:pk>/", approvals.rule_edit, name="rule_edit"),
    path("rules/approval/<uuid:pk>/move/", approvals.rule_move, name="rule_move"),
    path("rules/approval/<uuid:pk>/remove/", approvals.rule_remove, name="rule_remove"),
    path("rules/reasons/", approvals.reasons, name="reasons"),
    path("rules/reasons/<uuid:pk>/", approvals.reason_edit, name="reason_edit"),
    path("rules/reasons/<uuid:pk>/switch/", approvals.reason_switch, name="reason_switch"),
    path("rules/holidays/", approvals.holidays, name="holidays"),
    path("rules/holidays/<uuid:pk>/remove/", approvals.holiday_remove, name="holiday_remove"),
    path("customer-names/", registering.customer_names, name="customer_names"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/move/", selling.move, name="move"),
    path("<uuid:pk>/edit/", registering.edit, name="edit"),
    *(path(f"<uuid:pk>/{verb.replace('_', '-')}/", views.step_view(verb), name=verb) for verb in STEPS),
]
