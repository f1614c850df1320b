"""Columns of the library's lists."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.content.enums import AssetStatus
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, NumberColumn, Table

STATUS_TONES = {
    AssetStatus.DRAFT: ("neutral", "pencil"),
    AssetStatus.PUBLISHED: ("success", "check"),
    AssetStatus.ARCHIVED: ("neutral", "archive"),
}


class TagsColumn(Column):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, orderable=False, **kwargs)

    def cell(self, value: Any, record: Any, table: Table) -> str:
        return super().cell(", ".join(value), record, table) if value else "–"

    def export_values(self, value: Any, record: Any, table: Table) -> list[Any]:
        return [", ".join(value or ())]


class AssetTable(Table):
    title = LinkColumn(_("Asset"), to="content:asset")
    category = Column(_("Category"), order_by="category__name")
    tags = TagsColumn(_("Tags"), phone=False)
    language = Column(_("Language"), phone=False)
    renewed_at = DateColumn(_("Renewed on"))

    class Meta(Table.Meta):
        caption = _("Assets")


class VendorAssetTable(AssetTable):
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    expires_on = DateColumn(_("Until"), phone=False)
    download_count = NumberColumn(_("Downloads"))

    class Meta(AssetTable.Meta):
        sequence = (
            "title",
            "status",
            "category",
            "tags",
            "language",
            "renewed_at",
            "expires_on",
            "download_count",
        )


class DownloadTable(Table):
    created_at = DateColumn(_("When"), time=True)
    asset = LinkColumn(_("Asset"), to="content:asset", pk="asset_id", order_by="asset__title")
    version = NumberColumn(_("Version"), accessor="version__number")
    member = Column(_("Person"), accessor="member__user", order_by="member__user__name")
    partner = Column(_("Partner"), order_by="partner__name")
    cobranded = Column(_("With logo"), phone=False)

    class Meta(Table.Meta):
        caption = _("Downloads")

    def render_cobranded(self, value: bool) -> Any:
        return _("Yes") if value else _("No")


class AssetUseTable(Table):
    title = LinkColumn(_("Asset"), to="content:asset")
    status = BadgeColumn(_("Status"), tones=STATUS_TONES)
    downloads_count = NumberColumn(_("Downloads by partners"))
    branded_count = NumberColumn(_("Of these with a logo"))
    partners_count = NumberColumn(_("Partners"))
    last_at = DateColumn(_("Last"))

    class Meta(Table.Meta):
        caption = _("Use by asset")


class PartnerUseTable(Table):
    name = LinkColumn(_("Partner"), to="directory:partner", second="number")
    downloads_count = NumberColumn(_("Downloads"))
    branded_count = NumberColumn(_("Of these with a logo"))
    assets_count = NumberColumn(_("Assets"))
    last_at = DateColumn(_("Last"))

    class Meta(Table.Meta):
        caption = _("Use by partner")


class CategoryTable(Table):
    name = LinkColumn(_("Category"), to="content:category")
    asset_count = NumberColumn(_("Assets"))

    class Meta(Table.Meta):
        caption = _("Categories")
