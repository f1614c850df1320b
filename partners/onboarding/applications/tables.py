"""Columns of the lists of applications and referrals."""

from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.directory.tables import CountryColumn
from partners.onboarding.applications.models import Application, ApplicationPolicy
from partners.onboarding.enums import ApplicationStatus, ReferralState
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, Table, badge_html

DEFAULT_DAYS = ApplicationPolicy._meta.get_field("response_days").default
S, R = ApplicationStatus, ReferralState
STATUS_TONES = {
    S.APPLIED: ("warning", "inbox"),
    S.IN_REVIEW: ("info", "eye"),
    S.RETURNED: ("neutral", "message-question"),
    S.APPROVED: ("success", "check"),
    S.REJECTED: ("danger", "x"),
    S.WITHDRAWN: ("neutral", "arrow-back-up"),
}
REFERRAL_TONES = {
    R.INVITED: ("neutral", "mail"),
    R.APPLIED: ("info", "inbox"),
    R.IN_REVIEW: ("info", "eye"),
    R.APPROVED: ("success", "check"),
    R.CLOSED: ("neutral", "x"),
}


class ApplicationTable(Table):
    company = LinkColumn(_("Company"), to="onboarding:application", second="number")
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    type = Column(_("Kind of partner"))
    country = CountryColumn(_("Country"), phone=False)
    # On the application and in exports; the list has no room for them.
    person = Column(_("Contact person"), visible=False)
    email = Column(_("E-mail address"), visible=False)
    manager = Column(_("Looked after by"), accessor="manager__user", order_by="manager__user__name")
    referred_by = Column(_("Referred by"), order_by="referred_by__name", visible=False)
    submitted_at = DateColumn(_("Applied"))
    waiting = Column(_("Waiting"), accessor="submitted_at", orderable=False)

    class Meta(Table.Meta):
        caption = _("Applications")

    def render_waiting(self, value: Any, record: Application) -> Any:
        if record.status not in (S.APPLIED, S.IN_REVIEW):
            return "–"
        text = timesince(value, depth=1)
        late = (timezone.now() - value).days >= (record.answer_within or DEFAULT_DAYS)
        return badge_html(_g("%s: overdue") % text, "danger", "alarm") if late else text

    def value_waiting(self, value: Any, record: Application) -> Any:
        return (timezone.now() - value).days if record.is_open else None


class ReferralTable(Table):
    """For the partner: how far it is, and nothing else."""

    company = Column(_("Company"))
    person = Column(_("Contact person"), phone=False)
    state = BadgeColumn(_("State"), tones=REFERRAL_TONES)
    moved_at = DateColumn(_("Since"))
    created_at = DateColumn(_("Referred"), phone=False)

    class Meta(Table.Meta):
        caption = _("Companies you referred")
