from django.urls import path

from portal.people import views

app_name = "people"
urlpatterns = [
    path("people/", views.MemberList.as_view(), name="list"),
    path("people/invite/", views.invite, name="invite"),
    path("people/<uuid:pk>/", views.member, name="member"),
    path("people/<uuid:pk>/invite/", views.activate, name="activate"),
    path("people/<uuid:pk>/remove/", views.remove, name="remove"),
    path("people/invitations/<uuid:pk>/resend/", views.resend, name="resend"),
    path("people/invitations/<uuid:pk>/revoke/", views.revoke, name="revoke"),
    path("join/<str:secret>/", views.accept, name="accept"),
]
