from django.urls import path

from partners.surveys.views import answering, asking, building, results

app_name = "surveys"

urlpatterns = [
    path("surveys/", building.surveys_page, name="list"),
    path("surveys/new/", building.create, name="create"),
    path("surveys/policy/", asking.policy, name="policy"),
    path("surveys/follow-ups/", results.FollowUpList.as_view(), name="follow_ups"),
    path("surveys/follow-ups/<uuid:pk>/", results.follow_up, name="follow_up"),
    path("surveys/answers/<uuid:pk>/", results.response, name="response"),
    path("surveys/answers/<uuid:pk>/follow-up/", results.follow_response, name="follow_response"),
    path("surveys/mine/<uuid:pk>/", answering.take, name="take"),
    path("surveys/<uuid:pk>/", building.survey, name="survey"),
    path("surveys/<uuid:pk>/edit/", building.edit, name="edit"),
    path("surveys/<uuid:pk>/state/<slug:verb>/", building.change, name="change"),
    path("surveys/<uuid:pk>/preview/", building.preview, name="preview"),
    path("surveys/<uuid:pk>/questions/new/", building.question_create, name="question_create"),
    path("surveys/<uuid:pk>/questions/<slug:key>/", building.question_edit, name="question_edit"),
    path(
        "surveys/<uuid:pk>/questions/<slug:key>/<slug:verb>/",
        building.question_change,
        name="question_change",
    ),
    path("surveys/<uuid:pk>/invite/", asking.invite, name="invite"),
    path("surveys/<uuid:pk>/people/", asking.InvitationList.as_view(), name="invitations"),
    path("surveys/<uuid:pk>/results/", results.results_page, name="results"),
    path("surveys/<uuid:pk>/results/export/<slug:form>/", results.export, name="export"),
    path("surveys/<uuid:pk>/answers/", results.ResponseList.as_view(), name="responses"),
    path("surveys/<uuid:pk>/follow-up/", results.follow_survey, name="follow_survey"),
    path("surveys/<uuid:pk>/themes/", results.theme_create, name="theme_create"),
    path("surveys/themes/<uuid:pk>/", results.theme_edit, name="theme_edit"),
    path("surveys/themes/<uuid:pk>/remove/", results.theme_remove, name="theme_remove"),
    path("surveys/contacts/<uuid:pk>/new/", asking.contact_create, name="contact_create"),
    path("surveys/contacts/<uuid:pk>/remove/", asking.contact_remove, name="contact_remove"),
    path("answer/<str:secret>/", answering.answer, name="answer"),
    path("no-surveys/<str:secret>/", answering.stop, name="stop"),
]
