from django.urls import path

from partners.onboarding.funnel import views

urlpatterns = [path("onboarding/funnel/", views.funnel, name="funnel")]
