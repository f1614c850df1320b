from typing import Any

from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from portal.shell.tables import Column, DateColumn, LinkColumn, MoneyColumn, Table


class CostTable(Table):
    category = LinkColumn(_("Category"), to="metrics_costs:detail", second="note")
    spent_on = DateColumn(_("Spent on"))
    partner = Column(_("Partner"), order_by="partner__name", empty_values=())
    amount = MoneyColumn(_("Amount"))

    class Meta(Table.Meta):
        caption = _("Programme costs")

    def render_partner(self, value: Any, record: Any) -> str:
        return value.name if value else _g("The whole programme")

    def value_partner(self, value: Any, record: Any) -> str:
        return value.name if value else ""
