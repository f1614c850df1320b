import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.narrowing import WITHOUT, OfPartnerFilter, by_choices, by_text
from partners.directory.queries import visible_partners
from partners.marketing.models import Campaign, DailyFigure
from partners.marketing.queries import visible_campaigns
from portal.shell.filters import DaysFilter


class CampaignFilter(django_filters.FilterSet):
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"),
        queryset=lambda request: visible_partners(request.membership).order_by("name"),
    )
    is_cobranded = django_filters.BooleanFilter(label=_("Co-branded"))
    is_joint = django_filters.BooleanFilter(label=_("Together with the vendor"))
    starts_on = DaysFilter(label=_("Begins"))
    state = django_filters.ChoiceFilter(
        label=_("State"),
        method="filter_state",
        choices=[("coming", _("Coming")), ("running", _("Running")), ("over", _("Over"))],
    )

    class Meta:
        model = Campaign
        fields = ("partner", "is_cobranded", "is_joint", "starts_on", "state")

    def filter_state(self, queryset: QuerySet[Campaign], name: str, value: str) -> QuerySet[Campaign]:
        today = timezone.localdate()
        if value == "coming":
            return queryset.filter(starts_on__gt=today)
        if value == "over":
            return queryset.filter(ends_on__lt=today)
        return queryset.filter(Q(ends_on=None) | Q(ends_on__gte=today), starts_on__lte=today)


class FigureFilter(django_filters.FilterSet):
    """Daily figures, for a partner's people."""

    campaign = django_filters.ModelChoiceFilter(
        label=_("Campaign"), queryset=lambda request: visible_campaigns(request.membership).order_by("name")
    )
    day = DaysFilter(label=_("Day"))
    channel = django_filters.MultipleChoiceFilter(
        label=_("Channel"), choices=[*MarketingChannel.choices, (WITHOUT, _("None"))], method=by_choices
    )
    source = django_filters.CharFilter(label=_("Source"), method=by_text)

    class Meta:
        model = DailyFigure
        fields = ()


class VendorFigureFilter(OfPartnerFilter, FigureFilter):
    """For the vendor's people, who see every partner's figures."""
