"""What deals can be narrowed down by."""

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import (
    WAITING_STATUSES,
    ForecastCategory,
    MarketingChannel,
    RegistrationStatus,
    RequestKind,
    SalesStage,
)
from partners.deals.models import Deal
from partners.deals.queries import in_pipeline
from partners.deals.selling.attention import stalled
from partners.directory.narrowing import WITHOUT, OfPartnerFilter, by_choices, by_text
from partners.directory.queries import families, managers, visible_customers, visible_partners
from portal.money import to_minor
from portal.shell.filters import DaysFilter

# More than any deal, and still a number that the database can compare.
MOST = Decimal(10) ** 15


class DealFilter(django_filters.FilterSet):
    """For a partner's people."""

    status = django_filters.MultipleChoiceFilter(
        label=_("Registration"),
        choices=[*RegistrationStatus.choices, (WITHOUT, _("Without registration"))],
        method=by_choices,
    )
    stage = django_filters.MultipleChoiceFilter(label=_("Stage"), choices=SalesStage)
    forecast = django_filters.MultipleChoiceFilter(label=_("Forecast"), choices=ForecastCategory)
    attention = django_filters.BooleanFilter(label=_("Needs attention"), method="by_attention")
    pipeline = django_filters.BooleanFilter(label=_("In the pipeline today"), method="by_pipeline")
    family = django_filters.ModelChoiceFilter(
        label=_("Product family"), queryset=lambda request: families(), null_label=_("Without a product")
    )
    channel = django_filters.MultipleChoiceFilter(
        label=_("Channel"), choices=[*MarketingChannel.choices, (WITHOUT, _("None"))], method=by_choices
    )
    source = django_filters.CharFilter(label=_("Source"), method=by_text)
    customer = django_filters.ModelChoiceFilter(
        label=_("Customer"), queryset=lambda request: visible_customers(request.membership).order_by("name")
    )
    without_customer = django_filters.BooleanFilter(
        label=_("Without customer"), field_name="customer", lookup_expr="isnull"
    )
    amount = django_filters.RangeFilter(label=_("Amount"), method="by_amount")
    registered = DaysFilter(label=_("Registered"), field_name="first_submitted_at")
    closed = DaysFilter(label=_("Closed"), field_name="closed_on")

    class Meta:
        model = Deal
        fields = ()

    def by_attention(self, deals: QuerySet[Deal], name: str, value: bool | None) -> QuerySet[Deal]:
        """Open deals that are quiet, or whose next step or expected close has passed."""
        if value is None:
            return deals
        asking = stalled(Deal.objects.all()).values("pk")
        return deals.filter(pk__in=asking) if value else deals.exclude(pk__in=asking)

    def by_pipeline(self, deals: QuerySet[Deal], name: str, value: bool) -> QuerySet[Deal]:
        """Open deals that count, with those that wait for an answer: the pipeline's figure is their sum."""
        counted = in_pipeline(Deal.objects.order_by(), timezone.localdate()).values("pk")
        return deals.filter(pk__in=counted) if value else deals.exclude(pk__in=counted)

    def by_amount(self, deals: QuerySet[Deal], name: str, value: Any) -> QuerySet[Deal]:
        """Typed in major units of the tenant's currency."""
        currency = self.request.tenant.currency
        if value.start is not None:
            deals = deals.filter(amount_base__gte=to_minor(_held(value.start), currency))
        if value.stop is not None:
            deals = deals.filter(amount_base__lte=to_minor(_held(value.stop), currency))
        return deals


def _held(amount: Decimal) -> Decimal:
    return max(-MOST, min(amount, MOST))


class VendorDealFilter(OfPartnerFilter, DealFilter):
    """For the vendor's people, who see every partner's deals."""


class InboxFilter(django_filters.FilterSet):
    """What waits, narrowed down."""

    what = django_filters.ChoiceFilter(
        label=_("What"),
        choices=[
            ("registration", _("Registration")),
            ("win", _("Reported win")),
            (RequestKind.APPEAL.value, _("Appeal")),
            (RequestKind.EXTENSION.value, _("More time")),
        ],
        method="by_what",
    )
    late = django_filters.BooleanFilter(label=_("Late"), method="by_late")
    conflict = django_filters.BooleanFilter(label=_("Conflict"), field_name="in_conflict")
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: visible_partners(request.membership).order_by("name")
    )
    family = django_filters.ModelChoiceFilter(label=_("Product family"), queryset=lambda request: families())
    manager = django_filters.ModelChoiceFilter(
        label=_("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=_("Nobody yet"),
    )

    class Meta:
        model = Deal
        fields = ()

    def by_what(self, deals: QuerySet[Deal], name: str, value: str) -> QuerySet[Deal]:
        if value == "registration":
            return deals.filter(status__in=WAITING_STATUSES)
        return deals.filter(win_claim__isnull=False) if value == "win" else deals.filter(request=value)

    def by_late(self, deals: QuerySet[Deal], name: str, value: bool) -> QuerySet[Deal]:
        late = Q(answer_due_at__lt=timezone.now())
        return deals.filter(late) if value else deals.exclude(late)
