from django.urls import path

from partners.marketing import views

app_name = "marketing"

urlpatterns = [
    path("campaigns/", views.CampaignList.as_view(), name="list"),
    path("campaigns/days/", views.FigureList.as_view(), name="days"),
    path("campaigns/new/", views.create, name="create"),
    path("campaigns/<uuid:pk>/", views.detail, name="detail"),
    path("campaigns/<uuid:pk>/edit/", views.edit, name="edit"),
    path("campaigns/<uuid:pk>/figures/", views.figures, name="figures"),
]
