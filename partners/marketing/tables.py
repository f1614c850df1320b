from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.shell.tables import Column, DateColumn, LinkColumn, MoneyColumn, NumberColumn, Table


class CampaignTable(Table):
    name = LinkColumn(_("Campaign"), to="marketing:detail")
    partner = Column(_("Partner"), order_by="partner__name")
    starts_on = DateColumn(_("Begins"))
    ends_on = DateColumn(_("Ends"), phone=False)
    is_cobranded = Column(_("Co-branded"), phone=False)
    total_visits = NumberColumn(_("Visits"), phone=False)
    total_conversions = NumberColumn(_("Conversions"))
    total_spend = MoneyColumn(_("Spent"))
    total_revenue = MoneyColumn(_("Revenue"))

    class Meta(Table.Meta):
        caption = _("Campaigns")

    def render_is_cobranded(self, value: bool) -> Any:
        return _("Yes") if value else _("No")


class OwnCampaignTable(CampaignTable):
    class Meta(CampaignTable.Meta):
        exclude = ("partner",)


class FigureTable(Table):
    """What each day brought, from each source through each channel."""

    day = DateColumn(_("Day"), order_by=("day", "campaign__name"))
    campaign = LinkColumn(
        _("Campaign"),
        accessor="campaign__name",
        order_by="campaign__name",
        to="marketing:detail",
        pk="campaign_id",
    )
    partner = Column(_("Partner"), order_by="partner__name")
    channel = Column(_("Channel"))
    source = Column(_("Source"))
    impressions = NumberColumn(_("Impressions"), phone=False)
    clicks = NumberColumn(_("Clicks"))
    visits = NumberColumn(_("Visits"))
    conversions = NumberColumn(_("Conversions"), phone=False)
    spend = MoneyColumn(_("Spend"), currency=None)
    revenue = MoneyColumn(_("Revenue"), currency=None)

    class Meta(Table.Meta):
        caption = _("Daily figures of campaigns")


class OwnFigureTable(FigureTable):
    class Meta(FigureTable.Meta):
        exclude = ("partner",)
