from django.urls import path

from partners.training import teaching, views

app_name = "training"

urlpatterns = [
    path("training/", views.CourseList.as_view(), name="list"),
    path("training/team/", views.team, name="team"),
    path("training/completions/", views.CompletionList.as_view(), name="completions"),
    path("training/completions/<uuid:pk>/", views.completion, name="completion"),
    path("training/completions/<uuid:pk>/certificate.pdf", views.completion_pdf, name="completion_pdf"),
    path("training/completions/<uuid:pk>/revoke/", teaching.revoke, name="revoke"),
    path("training/new/", teaching.create, name="create"),
    path("training/<uuid:pk>/", views.course, name="course"),
    path("training/<uuid:pk>/edit/", teaching.edit, name="edit"),
    path("training/<uuid:pk>/state/<slug:state>/", teaching.status, name="status"),
    path("training/<uuid:pk>/enrol/", views.enrol, name="enrol"),
    path("training/<uuid:pk>/enrol/people/", views.enrol_others, name="enrol_others"),
    path("training/<uuid:pk>/leave/", views.leave, name="leave"),
    path("training/<uuid:pk>/finish/", views.finish, name="finish"),
    path("training/<uuid:pk>/quiz/", views.quiz, name="quiz"),
    path("training/<uuid:pk>/record/", teaching.record, name="record"),
    path("training/<uuid:pk>/questions/new/", teaching.question_create, name="question_create"),
    path("training/<uuid:pk>/sessions/new/", teaching.session_create, name="session_create"),
    path("training/questions/<uuid:pk>/", teaching.question_edit, name="question_edit"),
    path("training/questions/<uuid:pk>/<slug:verb>/", teaching.question_change, name="question_change"),
    path("training/sessions/<uuid:pk>/", teaching.session, name="session"),
    path("training/sessions/<uuid:pk>/edit/", teaching.session_edit, name="session_edit"),
    path("training/sessions/<uuid:pk>/cancel/", teaching.session_cancel, name="session_cancel"),
    path("training/sessions/<uuid:pk>/book/", views.book, name="book"),
    path("training/sessions/<uuid:pk>/give-up/", views.give_up, name="give_up"),
    path("training/sessions/<uuid:pk>/calendar.ics", views.session_ics, name="session_ics"),
    path("certificates/<str:code>/", views.verify, name="verify"),
]
