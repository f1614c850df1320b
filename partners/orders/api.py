"""Orders in the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.directory.models import Customer, Partner, Product
from partners.directory.queries import visible_customers
from partners.orders import actions, queries
from partners.orders.filters import OrderFilter, VendorOrderFilter
from partners.orders.models import Order, OrderLine
from portal.shell.api import TenantViewSet, api_routes


class OrderLineSerializer(serializers.ModelSerializer):
    """Prices and costs each, in minor units of the order's currency."""

    product = serializers.PrimaryKeyRelatedField(queryset=Product.objects.none())
    quantity = serializers.IntegerField(min_value=1, max_value=10_000_000)
    unit_price = serializers.IntegerField(min_value=0)
    unit_cost = serializers.IntegerField(min_value=0, required=False, allow_null=True)

    class Meta:
        model = OrderLine
        fields = ("product", "quantity", "unit_price", "unit_cost")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "view" in self.context and not getattr(self.context["view"], "swagger_fake_view", False):
            fields["product"].queryset = Product.objects.all()
        return fields


class OrderSerializer(serializers.ModelSerializer):
    """Amounts in minor units of the order's currency; those ending in `_base` in the programme's."""

    partner = serializers.PrimaryKeyRelatedField(queryset=Partner.objects.none(), required=False)
    customer = serializers.PrimaryKeyRelatedField(
        queryset=Customer.objects.none(), required=False, allow_null=True
    )
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = (
            "id",
            "number",
            "partner",
            "customer",
            "status",
            "ordered_at",
            "shipped_at",
            "fulfilled_at",
            "cancelled_on",
            "currency",
            "rate",
            "units",
            "total",
            "total_base",
            "cost",
            "note",
            "version",
            "lines",
        )
        read_only_fields = (
            "id",
            "number",
            "status",
            "shipped_at",
            "fulfilled_at",
            "cancelled_on",
            "rate",
            "units",
            "total",
            "total_base",
            "cost",
            "version",
        )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "view" in self.context and not getattr(self.context["view"], "swagger_fake_view", False):
            member = self.context["view"].membership
            fields["partner"].queryset = queries.partners_to_act_for(member)
            fields["customer"].queryset = visible_customers(member)
        return fields


class VersionSerializer(serializers.Serializer):
    version = serializers.IntegerField(help_text="The order's version that you have seen.")


class MomentSerializer(VersionSerializer):
    at = serializers.DateTimeField()


class CancelSerializer(VersionSerializer):
    reason = serializers.CharField(max_length=300)


class OrderReturnSerializer(VersionSerializer):
    returned_on = serializers.DateField()
    quantity = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class OrderViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, TenantViewSet):
    """Orders: a partner's own, the vendor's people all."""

    serializer_class = OrderSerializer
    queryset = Order.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "orders.view_order",
        "retrieve": "orders.view_order",
        "create": "orders.add_order",
        "ship": "orders.ship_order",
        "deliver": "orders.deliver_order",
        "cancel": "orders.cancel_order",
        "return_": "orders.return_order",
    }

    @property
    def filterset_class(self) -> type[OrderFilter]:
        request = getattr(self, "request", None)
        membership = getattr(getattr(request, "_request", None), "membership", None)
        return OrderFilter if membership is None or membership.is_partner else VendorOrderFilter

    def get_queryset(self) -> QuerySet[Order]:
        return (
            queries.visible_orders(self.membership).prefetch_related("lines").order_by("-ordered_at", "-id")
        )

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = dict(serializer.validated_data)
        partner = data.pop("partner", None)
        if partner is None:
            if not self.membership.is_partner:
                raise serializers.ValidationError({"partner": "Say whose order it is."})
            partner = Partner.objects.get(pk=self.membership.partner_id)
        goods = [actions.Goods(**line) for line in data.pop("lines")]
        data.setdefault("currency", self.membership.tenant.currency)
        serializer.instance = actions.place_order(by=self.membership, partner=partner, goods=goods, **data)

    def _do(self, request: Request, form: type[serializers.Serializer], verb: Any) -> Response:
        order = self.get_object()
        given = form(data=request.data)
        given.is_valid(raise_exception=True)
        verb(order, by=self.membership, **given.validated_data)
        return Response(OrderSerializer(self.get_object(), context=self.get_serializer_context()).data)

    @extend_schema(request=MomentSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def ship(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._do(request, MomentSerializer, actions.ship_order)

    @extend_schema(request=MomentSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def deliver(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._do(request, MomentSerializer, actions.deliver_order)

    @extend_schema(request=CancelSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._do(request, CancelSerializer, actions.cancel_order)

    @extend_schema(request=OrderReturnSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"], url_path="return")
    def return_(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._do(request, OrderReturnSerializer, actions.record_return)


api_routes.register("orders", OrderViewSet, basename="order")
