from django.urls import path

from partners.training.views import learning, paths, teaching, team, xapi

app_name = "training"

urlpatterns = [
    path("training/", learning.CourseList.as_view(), name="list"),
    path("training/team/", team.people, name="team"),
    path("training/team/partners/", team.companies, name="team_partners"),
    path("training/required/", team.DutyList.as_view(), name="duties"),
    path("training/paths/", paths.PathList.as_view(), name="paths"),
    path("training/paths/new/", paths.create, name="path_create"),
    path("training/paths/<uuid:pk>/", paths.detail, name="path"),
    path("training/paths/<uuid:pk>/edit/", paths.edit, name="path_edit"),
    path("training/paths/<uuid:pk>/state/<slug:state>/", paths.status, name="path_status"),
    path("training/paths/<uuid:pk>/enrol/", paths.enrol, name="path_enrol"),
    path("training/paths/<uuid:pk>/enrol/people/", paths.enrol_others, name="path_enrol_others"),
    path("training/completions/", learning.CompletionList.as_view(), name="completions"),
    path("training/completions/<uuid:pk>/", learning.completion, name="completion"),
    path("training/completions/<uuid:pk>/certificate.pdf", learning.completion_pdf, name="completion_pdf"),
    path("training/completions/<uuid:pk>/revoke/", teaching.revoke, name="revoke"),
    path("training/new/", teaching.create, name="create"),
    path("training/<uuid:pk>/", learning.course, name="course"),
    path("training/<uuid:pk>/edit/", teaching.edit, name="edit"),
    path("training/<uuid:pk>/state/<slug:state>/", teaching.status, name="status"),
    path("training/<uuid:pk>/file/", learning.course_file, name="file"),
    path("training/enrolments/<uuid:pk>/attempt/", teaching.attempt, name="attempt"),
    path("training/<uuid:pk>/enrol/", learning.enrol, name="enrol"),
    path("training/<uuid:pk>/enrol/people/", learning.enrol_others, name="enrol_others"),
    path("training/<uuid:pk>/leave/", learning.leave, name="leave"),
    path("training/<uuid:pk>/finish/", learning.finish, name="finish"),
    path("training/<uuid:pk>/quiz/", learning.quiz, name="quiz"),
    path("training/<uuid:pk>/record/", teaching.record, name="record"),
    path("training/<uuid:pk>/questions/new/", teaching.question_create, name="question_create"),
    path("training/<uuid:pk>/sessions/new/", teaching.session_create, name="session_create"),
    path("training/questions/<uuid:pk>/", teaching.question_edit, name="question_edit"),
    path("training/questions/<uuid:pk>/<slug:verb>/", teaching.question_change, name="question_change"),
    path("training/sessions/<uuid:pk>/", teaching.session, name="session"),
    path("training/sessions/<uuid:pk>/edit/", teaching.session_edit, name="session_edit"),
    path("training/sessions/<uuid:pk>/cancel/", teaching.session_cancel, name="session_cancel"),
    path("training/sessions/<uuid:pk>/book/", learning.book, name="book"),
    path("training/sessions/<uuid:pk>/give-up/", learning.give_up, name="give_up"),
    path("training/sessions/<uuid:pk>/calendar.ics", learning.session_ics, name="session_ics"),
    path("training/statements/", xapi.StatementList.as_view(), name="statements"),
    path("training/statements/match/", xapi.match_again, name="match_again"),
    path("api/xapi/about", xapi.about, name="xapi_about"),
    path(
        "api/xapi/statements",
        xapi.StatementViewSet.as_view(
            {"get": "retrieve", "head": "retrieve", "post": "create", "put": "update"}
        ),
        name="xapi_statements",
    ),
    path("certificates/<str:code>/", learning.verify, name="verify"),
]
