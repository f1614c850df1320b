from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.events.describe import describe
from portal.events.models import Event
from portal.shell.tables import Column, DateColumn, PartnerColumn, Table


class AuditTable(Table):
    type = Column(gettext_lazy("What happened"), orderable=False)
    actor = Column(gettext_lazy("Who"), needs=["actor__user"], orderable=False, empty_values=())
    partner_id = PartnerColumn(gettext_lazy("Partner"), orderable=False)
    occurred_at = DateColumn(gettext_lazy("When"), time=True, orderable=False)

    class Meta(Table.Meta):
        caption = gettext_lazy("What happened, newest first")

    def render_type(self, record: Event) -> str:
        return _what(record)

    def value_type(self, value: Any, record: Event) -> str:
        return _what(record)

    def render_actor(self, record: Event) -> str:
        return record.actor.name if record.actor else _("The portal")

    def value_actor(self, value: Any, record: Event) -> str:
        return record.actor.name if record.actor else ""


def _what(event: Event) -> str:
    """What happened, and whether scores, messages and the like have yet to follow."""
    text = describe(event)
    if event.dispatched_at is not None or not event.attempts:
        return text
    tried = ngettext("tried %(count)s time", "tried %(count)s times", event.attempts) % {
        "count": event.attempts
    }
    return _("%(what)s (yet to take effect: %(tried)s)") % {"what": text, "tried": tried}
