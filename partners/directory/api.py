"""Partners, customers and products in the API: to read, and since when a customer buys and until when."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.directory import actions, queries
from partners.directory.filters import CustomerFilter, PartnerFilter, ProductFilter
from partners.directory.models import (
    CompanyProfile,
    Competence,
    Customer,
    Partner,
    PartnerAddress,
    PartnerContact,
    Product,
)
from portal.shell.api import TenantViewSet, api_routes
from portal.shell.api_schema import either_side


class CompanyProfileSerializer(serializers.ModelSerializer):
    """What a partner says of itself; `competences` are ids of the programme's list."""

    class Meta:
        model = CompanyProfile
        fields = ("description", "regions", "competences", "public_email", "public_phone", "listed")
        read_only_fields = fields


class PartnerAddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = PartnerAddress
        fields = ("id", "kind", "street", "postal_code", "city", "country", "is_public")
        read_only_fields = fields


class PartnerContactSerializer(serializers.ModelSerializer):
    """Somebody to speak to who does not sign in."""

    class Meta:
        model = PartnerContact
        fields = ("id", "name", "job_title", "email", "phone", "about")
        read_only_fields = fields


class CompetenceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Competence
        fields = ("id", "name", "is_active")
        read_only_fields = fields


class PartnerSerializer(serializers.ModelSerializer):
    profile = serializers.SerializerMethodField()
    addresses = PartnerAddressSerializer(many=True, read_only=True)
    contacts = PartnerContactSerializer(many=True, read_only=True)

    @extend_schema_field(CompanyProfileSerializer(allow_null=True))
    def get_profile(self, partner: Partner) -> Any:
        """Null while the company has said nothing of itself."""
        rows = list(partner.profiles.all())
        return CompanyProfileSerializer(rows[0]).data if rows else None

    class Meta:
        model = Partner
        fields = (
            "id",
            "number",
            "name",
            "type",
            "status",
            "region",
            "country",
            "website",
            "manager",
            "joined_on",
            "left_on",
            "merged_into",
            "profile",
            "addresses",
            "contacts",
            "external_id",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class CustomerSerializer(serializers.ModelSerializer):
    """What a partner sees of a customer that it serves."""

    class Meta:
        model = Customer
        fields: tuple[str, ...] = ("id", "number", "name", "country", "domain", "industry", "created_at")
        read_only_fields = fields


class VendorCustomerSerializer(CustomerSerializer):
    """What the vendor's people see of a customer."""

    class Meta(CustomerSerializer.Meta):
        fields = (
            *CustomerSerializer.Meta.fields,
            "employees",
            "parent_name",
            "started_on",
            "ended_on",
            "external_id",
            "updated_at",
        )
        read_only_fields = fields


class CustomerStartSerializer(serializers.Serializer):
    started_on = serializers.DateField(help_text="Since when it is a customer, whoever serves it.")


class CustomerEndSerializer(serializers.Serializer):
    ended_on = serializers.DateField(help_text="Its last day as a customer.")
    reason = serializers.CharField(max_length=300)


class CustomerResumeSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300)


class ProductSerializer(serializers.ModelSerializer):
    """The price is an integer in the minor unit of `currency`."""

    family_name = serializers.CharField(source="family.name", read_only=True)

    class Meta:
        model = Product
        fields = ("id", "name", "sku", "family", "family_name", "price", "currency", "is_active")
        read_only_fields = fields


class PartnerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Partner companies: a partner's members see their own."""

    serializer_class = PartnerSerializer
    filterset_class = PartnerFilter
    queryset = Partner.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "directory.view_partner",
        "retrieve": "directory.view_partner",
    }

    def get_queryset(self) -> QuerySet[Partner]:
        rows = queries.visible_partners(self.membership)
        return rows.prefetch_related("profiles", "addresses", "contacts")


class CompetenceViewSet(mixins.ListModelMixin, TenantViewSet):
    """The programme's list of what partners can be good at."""

    serializer_class = CompetenceSerializer
    queryset = Competence.objects.none()
    permissions: ClassVar[dict[str, str]] = {"list": "directory.view_partner"}

    def get_queryset(self) -> QuerySet[Competence]:
        return Competence.objects.all()


@either_side("CustomerOfSide", CustomerSerializer, VendorCustomerSerializer)
class CustomerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Customers: a partner's members see those that the partner serves. The vendor's people say since when and until
    when one buys."""

    filterset_class = CustomerFilter
    queryset = Customer.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "directory.view_customer",
        "retrieve": "directory.view_customer",
        "start": "directory.change_customer",
        "end": "directory.change_customer",
        "resume": "directory.change_customer",
    }

    def get_queryset(self) -> QuerySet[Customer]:
        return queries.visible_customers(self.membership)

    @extend_schema(request=CustomerStartSerializer, responses=VendorCustomerSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say since when it is a customer."""
        customer, given = self.get_object(), CustomerStartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._answer(actions.update_customer(customer, by=self.membership, **given.validated_data))

    @extend_schema(request=CustomerEndSerializer, responses=VendorCustomerSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Say that it buys no longer: it counts as lost from its last day on."""
        customer, given = self.get_object(), CustomerEndSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._answer(actions.end_business(customer, by=self.membership, **given.validated_data))

    @extend_schema(request=CustomerResumeSerializer, responses=VendorCustomerSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take the end back: it buys again, and counts as if it had never left."""
        customer, given = self.get_object(), CustomerResumeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._answer(actions.resume_business(customer, by=self.membership, **given.validated_data))

    def _answer(self, customer: Customer) -> Response:
        return Response(VendorCustomerSerializer(customer, context=self.get_serializer_context()).data)

    def get_serializer_class(self) -> type[CustomerSerializer]:
        membership = getattr(getattr(self.request, "_request", None), "membership", None)
        is_partner = membership is not None and membership.is_partner
        return CustomerSerializer if is_partner else VendorCustomerSerializer


class ProductViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Products: partners see what is sold now."""

    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    queryset = Product.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "directory.view_product",
        "retrieve": "directory.view_product",
    }

    def get_queryset(self) -> QuerySet[Product]:
        return queries.products() if self.membership.is_vendor else queries.products_on_sale()


api_routes.register("partners", PartnerViewSet, basename="partner")
api_routes.register("competences", CompetenceViewSet, basename="competence")
api_routes.register("customers", CustomerViewSet, basename="customer")
api_routes.register("products", ProductViewSet, basename="product")
