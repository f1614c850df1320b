from partners.onboarding.agreements.urls import urlpatterns as agreements
from partners.onboarding.applications.urls import urlpatterns as applications
from partners.onboarding.documents.urls import urlpatterns as documents
from partners.onboarding.funnel.urls import urlpatterns as funnel
from partners.onboarding.plans.urls import urlpatterns as plans

app_name = "onboarding"

urlpatterns = [*applications, *funnel, *agreements, *documents, *plans]
