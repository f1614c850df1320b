"""What applications and referrals can be narrowed down by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.fields import country_choices
from partners.directory.queries import managers, visible_partners
from partners.onboarding.applications.models import Application, Referral
from partners.onboarding.enums import ApplicationStatus, ReferralState
from portal.shell.filters import DaysFilter

# Before its address is confirmed an application is nobody's business.
STATUSES = [
    (status.value, status.label) for status in ApplicationStatus if status != ApplicationStatus.UNCONFIRMED
]


class ApplicationFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=STATUSES)
    type = django_filters.ChoiceFilter(label=_("Kind of partner"), choices=PartnerType)
    country = django_filters.ChoiceFilter(
        label=_("Country"), choices=lambda: [choice for choice in country_choices() if choice[0]]
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Looked after by"), queryset=lambda request: managers(), null_label=_("Nobody yet")
    )
    referred_by = django_filters.ModelChoiceFilter(
        label=_("Referred by"),
        queryset=lambda request: visible_partners(request.membership).order_by("name"),
    )
    submitted = DaysFilter(label=_("Applied"), field_name="submitted_at")

    class Meta:
        model = Application
        fields = ()


class ReferralFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=ReferralState)

    class Meta:
        model = Referral
        fields = ()
