from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.notifications.enums import LetterState
from portal.notifications.models import DIGEST, Letter
from portal.shell.notices import kind_of
from portal.shell.tables import BadgeColumn, Column, DateColumn, Table

TONES = {
    LetterState.SENT: ("success", "check"),
    LetterState.FAILED: ("danger", "alert-triangle"),
    LetterState.UNCONFIRMED: ("warning", "help"),
    LetterState.RETRY: ("warning", "refresh"),
}


class LetterTable(Table):
    subject = Column(_("Subject"), order_by="subject")
    member = Column(_("To"), accessor="member__user__email", needs=["member__user"], orderable=False)
    state = BadgeColumn(_("State"), tones=TONES)
    sent_at = DateColumn(_("Sent"), time=True)
    error = Column(_("What went wrong"), orderable=False, phone=False)

    class Meta(Table.Meta):
        caption = _("E-mails, newest first")

    def render_subject(self, value: Any, record: Letter) -> Any:
        """A letter that has not been written yet has no subject: its kind stands for it."""
        if value:
            return value
        kind = kind_of(record.kind)
        return _("Daily digest") if record.kind == DIGEST else kind.label if kind else record.kind

    def value_subject(self, value: Any, record: Letter) -> Any:
        return str(self.render_subject(value, record))
