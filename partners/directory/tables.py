"""Columns of the directory's lists."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerStatus
from partners.directory.fields import country_name
from partners.directory.models import Customer
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, MoneyColumn, NumberColumn, Table

PARTNER_TONES = {
    PartnerStatus.APPLIED: ("info", "mail"),
    PartnerStatus.IN_REVIEW: ("info", "eye"),
    PartnerStatus.APPROVED: ("info", "check"),
    PartnerStatus.REJECTED: ("danger", "x"),
    PartnerStatus.ONBOARDING: ("info", "school"),
    PartnerStatus.ACTIVE: ("success", "check"),
    PartnerStatus.SUSPENDED: ("warning", "player-pause"),
    PartnerStatus.TERMINATED: ("neutral", "ban"),
}


class CountryColumn(Column):
    def cell(self, value: Any, record: Any, table: Table) -> str:
        return country_name(value)


class PartnerTable(Table):
    name = LinkColumn(_("Partner"), to="directory:partner", second="number")
    status = BadgeColumn(_("Status"), tones=PARTNER_TONES)
    type = Column(_("Type"))
    region = Column(_("Region"), phone=False)
    country = CountryColumn(_("Country"), phone=False)
    manager = Column(_("Channel manager"), accessor="manager__user", order_by="manager__user__name")
    joined_on = DateColumn(_("Partner since"), phone=False)

    class Meta(Table.Meta):
        caption = _("Partners")


class CustomerTable(Table):
    name = LinkColumn(_("Customer"), to="directory:customer", second="number")
    country = CountryColumn(_("Country"))
    domain = Column(_("Web domain"), phone=False)
    industry = Column(_("Industry"))

    class Meta(Table.Meta):
        caption = _("Customers")


class VendorCustomerTable(CustomerTable):
    employees = NumberColumn(_("Employees"), phone=False)
    parent_name = Column(_("Subsidiary of"), phone=False)
    started_on = DateColumn(_("Customer since"), phone=False)

    class Meta(CustomerTable.Meta):
        model = Customer
        fields = ()


class ProductTable(Table):
    name = LinkColumn(_("Product"), to="directory:product_edit", second="sku")
    family = Column(_("Family"), accessor="family__name")
    price = MoneyColumn(_("List price"))
    is_active = Column(_("Sold now"))

    class Meta(Table.Meta):
        caption = _("Products")

    def render_is_active(self, value: bool) -> Any:
        return _("Yes") if value else _("No longer")


class PlainProductTable(ProductTable):
    """For those who may not change products."""

    name = Column(_("Product"))


class FamilyTable(Table):
    name = LinkColumn(_("Family"), to="directory:family_edit")
    product_count = NumberColumn(_("Products"))

    class Meta(Table.Meta):
        caption = _("Product families")
