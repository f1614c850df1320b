"""Leads in the API: the same reads, rules and verbs as the pages."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.deals.api import PartnerChoice, ProductChoice
from partners.directory.models import Partner, ProductFamily
from partners.leads import actions, queries
from partners.leads.filters import LeadFilter, VendorLeadFilter
from partners.leads.models import Lead
from partners.leads.qualification import verdict_text
from partners.leads.verbs import possible_verbs
from portal.shell.api import IDEMPOTENCY_PARAMETER, TenantViewSet, api_routes

WRITABLE = (
    "company",
    "domain",
    "person",
    "job_title",
    "email",
    "phone",
    "country",
    "region",
    "industry",
    "employees",
    "budget",
    "product",
    "family",
    "need",
    "source",
    "channel",
    "consent",
    "notes",
    "external_id",
)

VENDORS_OWN = ("region", "external_id")


@extend_schema_field(serializers.UUIDField())
class FamilyChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[ProductFamily]:
        return ProductFamily.objects.all()


class LeadSerializer(serializers.ModelSerializer):
    """The budget is an integer in the minor unit of `currency`. `received_at` is since when the partner has the lead."""

    partner = PartnerChoice(
        required=False,
        allow_null=True,
        help_text="The vendor's people: on whose behalf; without it the lead is the vendor's, to be distributed.",
    )
    product = ProductChoice(required=False, allow_null=True)
    family = FamilyChoice(required=False, allow_null=True)
    budget = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10**15)
    employees = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10**7)
    received_at = serializers.SerializerMethodField()
    qualification = serializers.SerializerMethodField(help_text="Why the lead is qualified or not, in words.")
    verbs = serializers.SerializerMethodField(help_text="What you can do with the lead now.")

    class Meta:
        model = Lead
        fields = (
            "id",
            "number",
            "origin",
            "status",
            "partner",
            *WRITABLE,
            "currency",
            "qualified",
            "marketing_qualified",
            "qualification",
            "received_at",
            "answer_due_at",
            "closed_at",
            "closing_reason",
            "deal",
            "version",
            "verbs",
        )
        read_only_fields = tuple(name for name in fields if name not in (*WRITABLE, "partner"))
        # The database says whether an external id is taken; across partners that may not be told by name.
        validators: ClassVar[list[Any]] = []

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_received_at(self, lead: Lead) -> Any:
        return lead.received_at

    @extend_schema_field(serializers.CharField())
    def get_qualification(self, lead: Lead) -> str:
        return verdict_text(lead)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_verbs(self, lead: Lead) -> list[str]:
        return possible_verbs(self.context["view"].membership, lead)


class LeadSeenSerializer(serializers.Serializer):
    """`version` is the version you decided on; an older one is refused. Leave it out to act on what there is."""

    version = serializers.IntegerField(required=False)


class LeadReasonSerializer(LeadSeenSerializer):
    reason = serializers.CharField(max_length=500)


@extend_schema_field(serializers.UUIDField())
class AssignableChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[Partner]:
        return queries.assignable_partners(self.context["view"].membership)


class OfferSerializer(LeadSeenSerializer):
    partner = AssignableChoice()


class ConvertSerializer(LeadSeenSerializer):
    """What is left out is taken from the lead. `submit` asks for protection at once (own leads only)."""

    customer_name = serializers.CharField(required=False, max_length=200)
    customer_domain = serializers.CharField(required=False, allow_blank=True, max_length=253)
    customer_country = serializers.CharField(required=False, allow_blank=True, max_length=2)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    product = ProductChoice(required=False, allow_null=True)
    amount = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10**15)
    expected_close = serializers.DateField(required=False, allow_null=True)
    notes = serializers.CharField(required=False, allow_blank=True, max_length=5000)
    submit = serializers.BooleanField(required=False)


class TeaserSerializer(serializers.Serializer):
    """What a lead in the pool is about; who it is you see once you have picked it."""

    id = serializers.UUIDField(source="pk")
    industry = serializers.CharField()
    country = serializers.CharField()
    region = serializers.CharField()
    employees = serializers.IntegerField(allow_null=True)
    budget = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    interested_in = serializers.CharField(source="wanted")
    pooled_at = serializers.DateTimeField()


class LeadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, TenantViewSet):
    """Leads that you may see: a partner's own and those it has been offered, the vendor's people all."""

    serializer_class = LeadSerializer
    queryset = Lead.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "leads.view_lead",
        "retrieve": "leads.view_lead",
        "create": "leads.add_lead",
        "partial_update": "leads.change_lead",
        "pool": "leads.pick_lead",
        "pick": "leads.pick_lead",
        "accept": "leads.accept_lead",
        "decline": "leads.decline_lead",
        "convert": "leads.convert_lead",
        "disqualify": "leads.disqualify_lead",
        "reopen": "leads.reopen_lead",
        "offer": "leads.offer_lead",
        "distribute": "leads.distribute_lead",
        "put_in_pool": "leads.put_in_pool_lead",
        "take_back": "leads.take_back_lead",
    }

    @property
    def filterset_class(self) -> type[LeadFilter]:
        request = getattr(self, "request", None)
        membership = getattr(getattr(request, "_request", None), "membership", None)
        return LeadFilter if membership is None or membership.is_partner else VendorLeadFilter

    def get_queryset(self) -> QuerySet[Lead]:
        return queries.visible_leads(self.membership)

    def perform_create(self, serializer: Any) -> None:
        fields = dict(serializer.validated_data)
        partner = fields.pop("partner", None)
        if self.membership.is_partner:
            for name in VENDORS_OWN:
                fields.pop(name, None)
            partner = Partner.objects.get(pk=self.membership.partner_id)
        if partner is not None:
            serializer.instance = actions.submit_lead(partner, by=self.membership, **fields)
        else:
            serializer.instance = actions.enter_lead(by=self.membership, **fields)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change what a lead says; on a lead of the vendor's a partner changes its own notes only.

        Send the `version` that you read: where someone has changed the lead since, yours is refused.
        """
        lead = self.get_object()
        seen = LeadSeenSerializer(data=request.data)
        seen.is_valid(raise_exception=True)
        serializer = self.get_serializer(lead, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        fields.pop("partner", None)
        if self.membership.is_partner:
            # Whether an id of the vendor's system is taken is not for a partner to learn.
            fields.pop("external_id", None)
        version = seen.validated_data.get("version")
        lead = actions.update_lead(lead, by=self.membership, version=version, **fields)
        return Response(self.get_serializer(lead).data)

    @extend_schema(responses=TeaserSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], pagination_class=None)
    def pool(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The leads that you may pick: what they are about."""
        return Response(TeaserSerializer(queries.pickable(self.membership), many=True).data)

    @extend_schema(
        request=None,
        responses=LeadSerializer,
        parameters=[IDEMPOTENCY_PARAMETER, OpenApiParameter("id", UUID, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["post"])
    def pick(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a lead from the pool. The first has it; later ones are refused."""
        lead = actions.pick(UUID(str(kwargs["pk"])), by=self.membership)
        return Response(self.get_serializer(lead).data)

    @extend_schema(request=LeadReasonSerializer, responses={204: None}, parameters=[IDEMPOTENCY_PARAMETER])
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Refuse a lead that was offered, with the reason. You no longer see it then."""
        lead = self.get_object()
        serializer = LeadReasonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        actions.decline(lead, by=self.membership, **serializer.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _act(self, verb: Any, serializer_class: type[LeadSeenSerializer]) -> Response:
        lead = self.get_object()
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        target = (fields.pop("partner"),) if "partner" in fields else ()
        lead = verb(lead, *target, by=self.membership, **fields)
        return Response(self.get_serializer(lead).data)


def _verb(name: str, act: Any, serializer_class: type[LeadSeenSerializer]) -> Any:
    """A POST route `leads/<id>/<name>/` for one action."""

    def route(self: LeadViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._act(act, serializer_class)

    route.__name__ = name.replace("-", "_")
    route.__doc__ = (act.__doc__ or "").strip()
    schema = extend_schema(
        request=serializer_class, responses=LeadSerializer, parameters=[IDEMPOTENCY_PARAMETER]
    )
    return schema(action(detail=True, methods=["post"], url_path=name)(route))


for _name, _action, _serializer in (
    ("accept", actions.accept, LeadSeenSerializer),
    ("convert", actions.convert, ConvertSerializer),
    ("disqualify", actions.disqualify, LeadReasonSerializer),
    ("reopen", actions.reopen, LeadSeenSerializer),
    ("offer", actions.offer, OfferSerializer),
    ("distribute", actions.distribute, LeadSeenSerializer),
    ("put-in-pool", actions.put_in_pool, LeadSeenSerializer),
    ("take-back", actions.take_back, LeadSeenSerializer),
):
    _route = _verb(_name, _action, _serializer)
    setattr(LeadViewSet, _route.__name__, _route)

api_routes.register("leads", LeadViewSet, basename="lead")
