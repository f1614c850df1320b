"""What assets and downloads can be narrowed down by."""

import django_filters
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.content.enums import AssetKind, AssetStatus
from partners.content.models import Asset, AssetDownload
from partners.content.queries import categories, tags_in_use
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class AssetFilter(django_filters.FilterSet):
    category = django_filters.ModelChoiceFilter(label=_("Category"), queryset=lambda request: categories())
    tag = django_filters.ChoiceFilter(label=_("Tag"), choices=(), method="with_tag")
    language = django_filters.ChoiceFilter(label=_("Language"), choices=settings.LANGUAGES)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=AssetKind)
    brandable = django_filters.BooleanFilter(label=_("Takes your logo"), method="takes_logo")

    class Meta:
        model = Asset
        fields: tuple[str, ...] = ("category", "tag", "language", "kind")

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        if self.request is not None:
            tags = tags_in_use(self.request.membership)
            self.filters["tag"].extra["choices"] = [(tag, tag) for tag in tags]

    def with_tag(self, rows: QuerySet[Asset], name: str, value: str) -> QuerySet[Asset]:
        return rows.filter(tags__contains=[value])

    def takes_logo(self, rows: QuerySet[Asset], name: str, value: bool) -> QuerySet[Asset]:
        return rows.filter(box_width__isnull=not value)


class VendorAssetFilter(AssetFilter):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=AssetStatus)

    class Meta(AssetFilter.Meta):
        fields = (*AssetFilter.Meta.fields, "status")


class DownloadFilter(django_filters.FilterSet):
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )
    created_at = DaysFilter(label=_("When"))

    class Meta:
        model = AssetDownload
        fields = ("partner", "created_at")
