"""What interactions and events can be narrowed down by."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.engagement.enums import GatheringKind, GatheringStatus, InteractionKind
from partners.engagement.models import Gathering, Interaction
from portal.shell.filters import DaysFilter


def partners_for(request: Any) -> QuerySet[Partner]:
    member = request.membership
    return (
        Partner.objects.filter(pk=member.partner_id)
        if member.is_partner
        else Partner.objects.order_by("name")
    )


class InteractionFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=InteractionKind)
    about = django_filters.ModelChoiceFilter(label=_("Partner"), queryset=partners_for)
    state = django_filters.MultipleChoiceFilter(
        label=_("Follow-up"),
        choices=[("open", _("to do")), ("late", _("late")), ("done", _("done")), ("none", _("none"))],
    )
    happened_at = DaysFilter(label=_("When"))

    class Meta:
        model = Interaction
        fields = ("kind", "about", "state", "happened_at")


class GatheringFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=GatheringKind)
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=GatheringStatus)
    starts_at = DaysFilter(label=_("When"))

    class Meta:
        model = Gathering
        fields = ("kind", "status", "starts_at")
