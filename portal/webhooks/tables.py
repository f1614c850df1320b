from typing import Any

from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from portal.events.describe import type_label
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, NumberColumn, Table, badge_html
from portal.webhooks.enums import DeliveryState
from portal.webhooks.models import Delivery, Endpoint
from portal.webhooks.subscriptions import in_words

TONES = {
    DeliveryState.DELIVERED: ("success", "check"),
    DeliveryState.FAILED: ("danger", "alert-triangle"),
    DeliveryState.RETRY: ("warning", "refresh"),
    DeliveryState.SENDING: ("info", "send"),
    DeliveryState.CANCELLED: ("neutral", "ban"),
}


class TypeColumn(LinkColumn):
    """A kind of event, in words."""

    def cell(self, value: Any, record: Any, table: Table) -> str:
        return super().cell(type_label(value), record, table)


class EndpointTable(Table):
    url = LinkColumn(_("Address"), to="webhooks:detail", second="description")
    state = Column(_("State"), accessor="is_active", order_by="is_active")
    events = Column(_("Events"), orderable=False)
    last_success_at = DateColumn(_("Last success"), time=True)
    last_failure_at = DateColumn(_("Last failure"), time=True)
    delivered = NumberColumn(_("Delivered"))
    failed = NumberColumn(_("Failed"))
    waiting = NumberColumn(_("Waiting"))

    class Meta(Table.Meta):
        caption = _("Webhook endpoints")

    def render_state(self, record: Endpoint) -> str:
        return state_badge(record)

    def value_state(self, value: Any, record: Endpoint) -> str:
        return state_of(record)[0]

    def render_events(self, value: list[str]) -> str:
        return in_words(value)

    def value_events(self, value: list[str], record: Endpoint) -> str:
        return in_words(value)


class DeliveryTable(Table):
    type = TypeColumn(_("Event"), to="webhooks:delivery", second="number")
    state = BadgeColumn(_("State"), tones=TONES)
    status_code = Column(_("Answer"))
    problem = Column(_("What went wrong"), phone=False)
    attempts = NumberColumn(_("Attempts"))
    created_at = DateColumn(_("Since"), time=True)
    last_at = DateColumn(_("Last attempt"), time=True, phone=False)

    class Meta(Table.Meta):
        caption = _("Deliveries, newest first")

    def value_type(self, value: str, record: Delivery) -> str:
        return type_label(value)


def state_of(endpoint: Endpoint) -> tuple[str, str, str]:
    """The state of an endpoint in a word, its tone and icon."""
    if not endpoint.is_active:
        return _g("Off"), "neutral", "player-pause"
    if endpoint.failures:
        return _g("Failing"), "warning", "alert-triangle"
    return _g("On"), "success", "check"


def state_badge(endpoint: Endpoint) -> str:
    return badge_html(*state_of(endpoint))
