"""Columns of the lists of surveys."""

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.surveys.enums import FollowUpStatus, InvitationStatus, SurveyStatus
from portal.shell.tables import (
    BadgeColumn,
    Column,
    DateColumn,
    LinkColumn,
    NumberColumn,
    PercentColumn,
    Table,
)

STATUS_TONES = {
    SurveyStatus.DRAFT: ("neutral", "pencil"),
    SurveyStatus.OPEN: ("success", "message-question"),
    SurveyStatus.CLOSED: ("neutral", "lock"),
}
INVITATION_TONES = {
    InvitationStatus.WAITING: ("neutral", "clock"),
    InvitationStatus.SENDING: ("info", "send"),
    InvitationStatus.SENT: ("info", "mail"),
    InvitationStatus.ANSWERED: ("success", "check"),
    InvitationStatus.WITHHELD: ("neutral", "mail-off"),
    InvitationStatus.FAILED: ("danger", "mail-x"),
}
FOLLOW_UP_TONES = {
    FollowUpStatus.OPEN: ("warning", "circle"),
    FollowUpStatus.DOING: ("info", "progress"),
    FollowUpStatus.DONE: ("success", "check"),
    FollowUpStatus.DROPPED: ("neutral", "x"),
}


class RateColumn(PercentColumn):
    """Answers by invitations."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, orderable=False, empty_values=(), **kwargs)

    def cell(self, value: Any, record: Any, table: Table) -> str:
        return super().cell(_rate(record), record, table)

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [_rate(record)]


def _rate(survey: Any) -> float | None:
    return (survey.answered_count or 0) / survey.asked_count if survey.asked_count else None


class SurveyTable(Table):
    title = LinkColumn(_("Survey"), to="surveys:survey")
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    audience = Column(_("Who is asked"), phone=False)
    trigger = Column(_("By itself when"), phone=False)
    asked_count = NumberColumn(_("Asked"))
    answered_count = NumberColumn(_("Answered"))
    rate = RateColumn(_("Response rate"), accessor="pk")
    created_at = DateColumn(_("Made"), phone=False)

    class Meta(Table.Meta):
        caption = _("Surveys")


class InvitationTable(Table):
    email = Column(_("E-mail address"))
    name = Column(_("Name"))
    partner = Column(_("Partner"), order_by="partner__name")
    customer = Column(_("Customer"), order_by="customer__name", phone=False)
    status = BadgeColumn(_("Status"), tones=INVITATION_TONES)
    withheld = Column(_("Why not"), phone=False)
    sent_at = DateColumn(_("Sent"), time=True)
    reminded = NumberColumn(_("Reminders"), phone=False)
    expires_at = DateColumn(_("Until"), phone=False)

    class Meta(Table.Meta):
        caption = _("People who are asked")


class AnonymousInvitationTable(Table):
    """Without who has answered, and when."""

    email = Column(_("E-mail address"))
    name = Column(_("Name"))
    partner = Column(_("Partner"), order_by="partner__name")
    customer = Column(_("Customer"), order_by="customer__name", phone=False)
    expires_at = DateColumn(_("Until"), phone=False)

    class Meta(Table.Meta):
        caption = _("People who are asked")


class ResponseTable(Table):
    answered_on = DateColumn(_("Answered"))
    person = LinkColumn(_("Who"), to="surveys:response", orderable=False)
    partner = Column(_("Partner"), order_by="partner__name")
    customer = Column(_("Customer"), order_by="customer__name")

    class Meta(Table.Meta):
        caption = _("Answers")


class FollowUpTable(Table):
    title = LinkColumn(_("What to do"), to="surveys:follow_up")
    partner = Column(_("Partner"), order_by="partner__name")
    survey = Column(_("Survey"), order_by="survey__title", phone=False)
    owner = Column(_("Owner"), accessor="owner__user", order_by="owner__user__name")
    due_on = DateColumn(_("By"))
    status = BadgeColumn(_("Status"), tones=FOLLOW_UP_TONES)

    class Meta(Table.Meta):
        caption = _("Follow-ups")


def segment_label(value: str) -> str:
    """A segment's value that is empty, in words."""
    return value or _t("none")
