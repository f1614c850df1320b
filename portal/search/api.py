"""Search for programs: the same groups and hits as in the dialog."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.search.finding import find_all
from portal.search.models import SearchWord
from portal.shell.addresses import turl
from portal.shell.api import TenantViewSet, api_routes


class HitSerializer(serializers.Serializer):
    group = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()
    url = serializers.CharField(help_text="The page of what was found.")


class SearchViewSet(TenantViewSet):
    """Find deals, customers, partners and pages by a number or by the beginnings of words."""

    serializer_class = HitSerializer
    queryset = SearchWord.objects.none()
    pagination_class = None
    filter_backends = ()
    permissions = {"list": "search.search"}

    @extend_schema(
        parameters=[OpenApiParameter("q", str, required=True, description="At least two letters.")],
        responses=HitSerializer(many=True),
    )
    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        found = find_all(self.membership, request.query_params.get("q", ""))
        rows = [
            {
                "group": group.source.key,
                "title": str(hit.title),
                "detail": str(hit.detail),
                "url": request.build_absolute_uri(turl(request._request, hit.url_name, *hit.url_args)),
            }
            for group in found
            for hit in group.hits
        ]
        return Response(HitSerializer(rows, many=True).data)


def register() -> None:
    api_routes.register("search", SearchViewSet, basename="search")
