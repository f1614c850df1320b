from django.urls import path

from portal.shell import job_pages

app_name = "jobs"
urlpatterns = [
    path("", job_pages.JobList.as_view(), name="list"),
    path("<uuid:pk>/", job_pages.detail, name="detail"),
    path("<uuid:pk>/progress/", job_pages.progress, name="progress"),
    path("<uuid:pk>/cancel/", job_pages.cancel, name="cancel"),
]
