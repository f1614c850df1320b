from django.urls import path

from partners.onboarding.plans import views

urlpatterns = [
    path("onboarding/", views.mine, name="mine"),
    path("onboarding/partners/", views.OnboardingList.as_view(), name="onboardings"),
    path("onboarding/partners/<uuid:pk>/", views.partner, name="partner"),
    path("onboarding/partners/<uuid:pk>/start/", views.start, name="start"),
    path("onboarding/partners/<uuid:pk>/stop/", views.stop, name="stop"),
    path("onboarding/steps/<uuid:pk>/skip/", views.step_skip, name="step_skip"),
    path("onboarding/steps/<uuid:pk>/<slug:verb>/", views.step_change, name="step_change"),
    path("onboarding/plans/", views.plans, name="plans"),
    path("onboarding/plans/new/", views.plan_edit, name="plan_create"),
    path("onboarding/plans/<uuid:pk>/", views.plan, name="plan"),
    path("onboarding/plans/<uuid:pk>/edit/", views.plan_edit, name="plan_edit"),
    path("onboarding/plans/<uuid:pk>/steps/new/", views.plan_step_create, name="plan_step_create"),
    path("onboarding/plans/<uuid:pk>/<slug:verb>/", views.plan_change, name="plan_change"),
    path("onboarding/plans/steps/<uuid:pk>/edit/", views.plan_step_edit, name="plan_step_edit"),
    path("onboarding/plans/steps/<uuid:pk>/<slug:verb>/", views.plan_step_change, name="plan_step_change"),
]
