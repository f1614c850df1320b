from django.urls import path

from partners.onboarding.applications.views import deciding, public, setup

urlpatterns = [
    path("apply/", public.apply, name="apply"),
    path("apply/sent/", public.sent, name="sent"),
    path("apply/by/<str:secret>/", public.apply, name="apply_referred"),
    path("apply/confirm/<str:secret>/", public.confirm, name="confirm"),
    path("apply/status/<str:secret>/", public.status, name="status"),
    path("apply/status/<str:secret>/withdraw/", public.withdraw, name="withdraw"),
    path("applications/", deciding.ApplicationList.as_view(), name="applications"),
    path("applications/form/", setup.policy, name="policy"),
    path("applications/form/questions/", setup.questions, name="questions"),
    path("applications/form/questions/new/", setup.question_edit, name="question_create"),
    path("applications/form/questions/<uuid:pk>/", setup.question_edit, name="question_edit"),
    path(
        "applications/form/questions/<uuid:pk>/<slug:verb>/",
        setup.question_change,
        name="question_change",
    ),
    path("applications/form/scoring/", setup.criteria, name="criteria"),
    path("applications/form/scoring/new/", setup.criterion_edit, name="criterion_create"),
    path("applications/form/scoring/<uuid:pk>/", setup.criterion_edit, name="criterion_edit"),
    path(
        "applications/form/scoring/<uuid:pk>/<slug:verb>/",
        setup.criterion_change,
        name="criterion_change",
    ),
    path("applications/<uuid:pk>/", deciding.application, name="application"),
    path("applications/<uuid:pk>/review/", deciding.start_review, name="start_review"),
    path("applications/<uuid:pk>/score/", deciding.score, name="score"),
    path("applications/<uuid:pk>/approve/", deciding.approve, name="approve"),
    path("applications/<uuid:pk>/reject/", deciding.reject, name="reject"),
    path("applications/<uuid:pk>/more/", deciding.more, name="more"),
    path("applications/<uuid:pk>/assign/", deciding.assign, name="assign"),
    path("referrals/", deciding.ReferralList.as_view(), name="referrals"),
    path("referrals/new/", deciding.refer, name="refer"),
]
