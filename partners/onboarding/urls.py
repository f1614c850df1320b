from partners.onboarding.applications.urls import urlpatterns as applications

app_name = "onboarding"

urlpatterns = [*applications]
