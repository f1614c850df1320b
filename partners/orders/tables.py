from django.utils.translation import gettext_lazy as _

from partners.orders.enums import OrderStatus
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, MoneyColumn, NumberColumn, Table

STATUS_TONES = {
    OrderStatus.PLACED: ("info", "shopping-cart"),
    OrderStatus.SHIPPED: ("info", "truck"),
    OrderStatus.DELIVERED: ("success", "check"),
    OrderStatus.CANCELLED: ("neutral", "ban"),
}


class OrderTable(Table):
    number = LinkColumn(_("Order"), to="orders:detail")
    partner = Column(_("Partner"), order_by="partner__name")
    customer = Column(_("Customer"), order_by="customer__name")
    ordered_at = DateColumn(_("Ordered"))
    fulfilled_at = DateColumn(_("Delivered"), phone=False)
    units = NumberColumn(_("Units"), phone=False)
    total = MoneyColumn(_("Amount"))
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)

    class Meta(Table.Meta):
        caption = _("Orders")


class OwnOrderTable(OrderTable):
    class Meta(OrderTable.Meta):
        exclude = ("partner",)
