from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from portal.shell.tables import Column, DateColumn, LinkColumn, Table, badge_html


class RateColumn(Column):
    """A rate without the zeros at its end."""

    css = "num"

    def cell(self, value: Any, record: Any, table: Table) -> str:
        plain = value.normalize()
        places = max(0, -int(plain.as_tuple().exponent))
        return f"{number_format(plain, places)} {table.request.tenant.currency}"


class RateTable(Table):
    currency = LinkColumn(_("1 unit of"), to="rates:detail")
    rate = RateColumn(_("is worth"))
    starts_on = DateColumn(_("From"))
    next_on = DateColumn(_("Replaced on"), orderable=False)
    state = Column(_("State"), accessor="starts_on", orderable=False)

    class Meta(Table.Meta):
        caption = _("Exchange rates")

    def render_state(self, value: Any, record: Any) -> str:
        label, tone = _state(record)
        return badge_html(label, tone)

    def value_state(self, value: Any, record: Any) -> str:
        return _state(record)[0]


def _state(rate: Any) -> tuple[str, str]:
    today = timezone.localdate()
    if rate.starts_on > today:
        return _g("Coming"), "info"
    if rate.next_on and rate.next_on <= today:
        return _g("Replaced"), "neutral"
    return _g("In force"), "success"
