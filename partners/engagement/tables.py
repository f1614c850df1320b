"""Columns of engagement's lists."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.engagement.enums import Answer, GatheringStatus
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, NumberColumn, Table, badge_html

FOLLOW_UP = {
    "late": (_("Late"), "danger", "alarm"),
    "open": (_("To do"), "info", "clock"),
    "done": (_("Done"), "success", "check"),
}
GATHERING_TONES = {
    GatheringStatus.DRAFT: ("neutral", "pencil"),
    GatheringStatus.PUBLISHED: ("success", "send"),
    GatheringStatus.CANCELLED: ("danger", "ban"),
}
ANSWER_TONES = {
    Answer.INVITED: ("warning", "help"),
    Answer.ACCEPTED: ("success", "check"),
    Answer.DECLINED: ("neutral", "x"),
}


class FollowUpColumn(Column):
    def cell(self, value: Any, record: Any, table: Table) -> str:
        return badge_html(*FOLLOW_UP[value]) if value in FOLLOW_UP else "–"

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [str(FOLLOW_UP[value][0]) if value in FOLLOW_UP else ""]


class InteractionTable(Table):
    subject = LinkColumn(_("Subject"), to="engagement:interaction")
    kind = Column(_("Kind"))
    about = Column(_("Partner"), order_by="about__name")
    happened_at = DateColumn(_("When"), time=True)
    logged_by = Column(
        _("Logged by"), accessor="logged_by__user", order_by="logged_by__user__name", phone=False
    )
    follow_up_due = DateColumn(_("Due"), phone=False)
    state = FollowUpColumn(_("Follow-up"))

    class Meta(Table.Meta):
        caption = _("Interactions")


class OwnInteractionTable(InteractionTable):
    class Meta(InteractionTable.Meta):
        exclude = ("about",)


class GatheringTable(Table):
    title = LinkColumn(_("Event"), to="engagement:gathering")
    kind = Column(_("Kind"))
    starts_at = DateColumn(_("Begins"), time=True)
    status = BadgeColumn(_("Status"), tones=GATHERING_TONES)
    invited_count = NumberColumn(_("Invited"))
    accepted_count = NumberColumn(_("Come"))
    attended_count = NumberColumn(_("Came"))

    class Meta(Table.Meta):
        caption = _("Events")


class MyAnswerColumn(Column):
    def cell(self, value: Any, record: Any, table: Table) -> str:
        if record.status == GatheringStatus.CANCELLED:
            return badge_html(_("Cancelled"), "danger", "ban")
        if record.attended:
            return badge_html(_("You were there"), "success", "check")
        return badge_html(Answer(value).label, *ANSWER_TONES[Answer(value)])

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [str(Answer(value).label)]


class MyGatheringTable(Table):
    title = LinkColumn(_("Event"), to="engagement:gathering")
    kind = Column(_("Kind"))
    starts_at = DateColumn(_("Begins"), time=True)
    place = Column(_("Place"), phone=False)
    my_answer = MyAnswerColumn(_("You"))

    class Meta(Table.Meta):
        caption = _("Events")
