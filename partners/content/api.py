"""The library in the API, to read."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from partners.content import queries
from partners.content.models import Asset, AssetDownload
from portal.shell.api import TenantViewSet, api_routes
from portal.shell.api_schema import either_side


class AssetSerializer(serializers.ModelSerializer):
    """What a partner sees of an asset."""

    category_name = serializers.CharField(source="category.name", read_only=True, default="")
    takes_logo = serializers.BooleanField(source="has_box", read_only=True)

    class Meta:
        model = Asset
        fields: tuple[str, ...] = (
            "id",
            "title",
            "summary",
            "kind",
            "category_name",
            "tags",
            "language",
            "version",
            "expires_on",
            "takes_logo",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class VendorAssetSerializer(AssetSerializer):
    class Meta(AssetSerializer.Meta):
        fields = (
            *AssetSerializer.Meta.fields,
            "status",
            "publish_on",
            "partner_types",
            "segments",
            "regions",
        )
        read_only_fields = fields


class AssetDownloadSerializer(serializers.ModelSerializer):
    """Who took which version when. `partner` is null for the vendor's people."""

    version = serializers.IntegerField(source="version.number", read_only=True)

    class Meta:
        model = AssetDownload
        fields = ("id", "asset", "version", "partner", "member", "cobranded", "created_at")
        read_only_fields = fields


@either_side("AssetOfSide", AssetSerializer, VendorAssetSerializer)
class AssetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Assets: partners see what is out and for them."""

    queryset = Asset.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "content.view_asset",
        "retrieve": "content.view_asset",
    }

    def get_queryset(self) -> QuerySet[Asset]:
        return queries.visible_assets(self.membership)

    def get_serializer_class(self) -> type[AssetSerializer]:
        membership = getattr(getattr(self.request, "_request", None), "membership", None)
        is_partner = membership is not None and membership.is_partner
        return AssetSerializer if is_partner else VendorAssetSerializer


class AssetDownloadViewSet(mixins.ListModelMixin, TenantViewSet):
    """Downloads: partners see their own company's."""

    serializer_class = AssetDownloadSerializer
    queryset = AssetDownload.objects.none()
    permissions: ClassVar[dict[str, str]] = {"list": "content.view_asset"}

    def get_queryset(self) -> QuerySet[AssetDownload]:
        return queries.downloads(self.membership)


api_routes.register("assets", AssetViewSet, basename="asset")
api_routes.register("asset-downloads", AssetDownloadViewSet, basename="asset-download")
