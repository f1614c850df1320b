from django.urls import path

from partners.engagement.views import gatherings, interactions

app_name = "engagement"

urlpatterns = [
    path("interactions/", interactions.InteractionList.as_view(), name="interactions"),
    path("interactions/<uuid:pk>/", interactions.detail, name="interaction"),
    path("interactions/<uuid:pk>/edit/", interactions.edit, name="interaction_edit"),
    path("interactions/<uuid:pk>/remove/", interactions.remove, name="interaction_remove"),
    path("interactions/<uuid:pk>/done/", interactions.finish, name="follow_up_done"),
    path("partners/<uuid:pk>/interactions/new/", interactions.create, name="interaction_create"),
    path("events/", gatherings.GatheringList.as_view(), name="gatherings"),
    path("events/new/", gatherings.create, name="gathering_create"),
    path("events/calendar.ics", gatherings.calendar, name="calendar"),
    path("events/<uuid:pk>/", gatherings.detail, name="gathering"),
    path("events/<uuid:pk>/edit/", gatherings.edit, name="gathering_edit"),
    path("events/<uuid:pk>/invite/", gatherings.publish, name="gathering_publish"),
    path("events/<uuid:pk>/cancel/", gatherings.cancel, name="gathering_cancel"),
    path("events/<uuid:pk>/attendance/", gatherings.attendance, name="attendance"),
    path("events/<uuid:pk>/answer/", gatherings.answer, name="answer"),
    path("events/<uuid:pk>/calendar.ics", gatherings.ics, name="gathering_ics"),
]
