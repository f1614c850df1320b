"""Deals in the API: the same reads, rules and verbs as the pages."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.deals import actions, queries
from partners.deals.approvals.models import RejectionReason
from partners.deals.approvals.queries import rejection_reasons
from partners.deals.enums import OPEN_STAGES, Missing, RegistrationStatus, SalesStage
from partners.deals.filters import DealFilter, VendorDealFilter
from partners.deals.models import Deal, DealPolicy
from partners.deals.offers import offered
from partners.deals.product_lines import MOST_LINES
from partners.directory.models import Customer, Partner, Product
from partners.directory.queries import products_on_sale, trading_partners, visible_customers
from portal.accounts.models import Membership
from portal.shell.api import IDEMPOTENCY_PARAMETER, TenantViewSet, api_routes

STAGES = [(stage.value, stage.label) for stage in OPEN_STAGES]


@extend_schema_field(serializers.UUIDField())
class CustomerChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[Customer]:
        return visible_customers(self.context["view"].membership)


@extend_schema_field(serializers.UUIDField())
class ProductChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[Product]:
        return products_on_sale()


class PartnerChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[Partner]:
        return trading_partners(self.context["view"].membership)


class DealSerializer(serializers.ModelSerializer):
    """Amounts are integers in the minor unit of `currency`; `*_base` in the programme's currency."""

    customer = CustomerChoice(required=False, allow_null=True)
    product = ProductChoice(required=False, allow_null=True)
    partner = PartnerChoice(
        required=False, help_text=_("Needed when the vendor's people register for a partner.")
    )
    amount = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10**15)
    stage = serializers.ChoiceField(choices=SalesStage.choices, required=False)
    protected_until = serializers.SerializerMethodField()
    verbs = serializers.SerializerMethodField(help_text=_("What you can do with the deal now."))

    class Meta:
        model = Deal
        fields = (
            "id",
            "number",
            "title",
            "partner",
            "customer",
            "product",
            "family",
            "origin",
            "status",
            "stage",
            "currency",
            "amount",
            "amount_base",
            "revenue",
            "revenue_base",
            "cost",
            "cost_base",
            "engaged_on",
            "expected_close",
            "forecast",
            "next_step",
            "next_step_on",
            "shared_percent",
            "closed_on",
            "submitted_at",
            "decided_at",
            "decision_reason",
            "missing",
            "rule_name",
            "decision_asked",
            "conflict_seen",
            "request",
            "waiting_since",
            "answer_due_at",
            "extensions",
            "protected_until",
            "resubmissions",
            "loss_reason",
            "competitor",
            "notes",
            "version",
            "created_at",
            "updated_at",
            "verbs",
        )
        read_only_fields = tuple(
            name
            for name in fields
            if name
            not in ("title", "partner", "customer", "product", "amount", "stage", "expected_close", "notes")
            and name not in ("forecast", "next_step", "next_step_on")
        )

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_protected_until(self, deal: Deal) -> Any:
        return deal.protection.upper if deal.protection else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_verbs(self, deal: Deal) -> list[str]:
        return offered(self.context["view"].membership, deal, self._rules)

    @cached_property
    def _rules(self) -> DealPolicy:
        return queries.policy()

    def validate_stage(self, value: str) -> SalesStage:
        if value not in OPEN_STAGES:
            raise serializers.ValidationError(_("Report the deal won or lost to close it."))
        return SalesStage(value)


class SeenSerializer(serializers.Serializer):
    """`version` is the version you decided on; an older one is refused. Leave it out to act on what there is."""

    version = serializers.IntegerField(required=False)


class NoteSerializer(SeenSerializer):
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class ReasonSerializer(SeenSerializer):
    reason = serializers.CharField(max_length=2000)


class OptionalReasonSerializer(SeenSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class ReturnSerializer(OptionalReasonSerializer):
    """What is missing: picked from the list, in words, or both."""

    missing = serializers.MultipleChoiceField(choices=Missing.choices, required=False)

    def validate_missing(self, value: set[str]) -> tuple[str, ...]:
        return tuple(sorted(value))


@extend_schema_field(serializers.UUIDField())
class RejectionChoice(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[RejectionReason]:
        return rejection_reasons()


class RejectSerializer(OptionalReasonSerializer):
    """A reason from the programme's list, words of your own, or both."""

    choice = RejectionChoice(required=False, allow_null=True)


class AppealSerializer(SeenSerializer):
    grounds = serializers.CharField(max_length=2000)


class LineSerializer(serializers.Serializer):
    """A product that was sold; `unit_price` in the minor unit of the deal's currency."""

    product = ProductChoice()
    quantity = serializers.IntegerField(required=False, min_value=1, max_value=1_000_000, default=1)
    unit_price = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=10**15, default=None
    )


class WinSerializer(SeenSerializer):
    revenue = serializers.IntegerField(min_value=1, max_value=10**15)
    won_on = serializers.DateField()
    cost = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=10**15)
    customer = CustomerChoice(required=False, allow_null=True)
    lines = LineSerializer(
        many=True, required=False, help_text=_("What was sold; left out, what the deal says.")
    )

    def validate_lines(self, value: list[dict[str, Any]]) -> list[actions.Line]:
        if len(value) > MOST_LINES:
            raise serializers.ValidationError(_("At most %s products.") % MOST_LINES)
        return [actions.Line(**line) for line in value]


class LoseSerializer(SeenSerializer):
    reason = serializers.CharField(max_length=200)
    competitor = serializers.CharField(required=False, allow_blank=True, max_length=200)
    lost_on = serializers.DateField(required=False)


class ReverseSerializer(ReasonSerializer):
    to = serializers.ChoiceField(
        choices=[(s.value, s.label) for s in (RegistrationStatus.APPROVED, RegistrationStatus.LOST)]
    )


class DealViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    TenantViewSet,
):
    """Deals that you may see: a partner's own, the vendor's people all."""

    serializer_class = DealSerializer
    queryset = Deal.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "deals.view_deal",
        "retrieve": "deals.view_deal",
        "create": "deals.add_deal",
        "partial_update": "deals.change_deal",
        "submit": "deals.submit_deal",
        "withdraw": "deals.withdraw_deal",
        "win": "deals.win_deal",
        "lose": "deals.lose_deal",
        "start_review": "deals.review_deal",
        "approve": "deals.approve_deal",
        "return_": "deals.return_deal",
        "reject": "deals.reject_deal",
        "cancel": "deals.cancel_deal",
        "confirm_win": "deals.confirm_win_deal",
        "decline_win": "deals.confirm_win_deal",
        "appeal": "deals.appeal_deal",
        "grant_appeal": "deals.grant_appeal_deal",
        "uphold": "deals.uphold_deal",
        "ask_extension": "deals.ask_extension_deal",
        "extend": "deals.extend_deal",
        "decline_extension": "deals.decline_extension_deal",
        "reverse": "deals.reverse_deal",
    }

    @property
    def filterset_class(self) -> type[DealFilter]:
        request = getattr(self, "request", None)
        membership = getattr(getattr(request, "_request", None), "membership", None)
        return DealFilter if membership is None or membership.is_partner else VendorDealFilter

    def get_queryset(self) -> QuerySet[Deal]:
        return queries.visible_deals(self.membership).select_related("tenant")

    def perform_create(self, serializer: Any) -> None:
        fields = dict(serializer.validated_data)
        partner = fields.pop("partner", None)
        if self.membership.is_partner:
            partner = Partner.objects.get(pk=self.membership.partner_id)
        elif partner is None:
            raise serializers.ValidationError({"partner": [_("Say for which partner.")]})
        serializer.instance = actions.create_draft(partner, by=self.membership, **fields)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a draft or a returned registration, or the forecast of an open deal.

        Send the `version` that you read: where someone has changed the deal since, yours is refused.
        """
        deal = self.get_object()
        seen = SeenSerializer(data=request.data)
        seen.is_valid(raise_exception=True)
        version = seen.validated_data.get("version")
        serializer = self.get_serializer(deal, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        fields.pop("partner", None)
        if not deal.is_editable and "stage" in fields:
            deal = actions.move_stage(deal, fields.pop("stage"), by=self.membership, version=version)
            version = None
        deal = actions.update_deal(deal, by=self.membership, version=version, **fields)
        return Response(self.get_serializer(deal).data)

    def _act(self, verb: Any, serializer_class: type[SeenSerializer]) -> Response:
        deal = self.get_object()
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        deal = verb(deal, by=self.membership, **serializer.validated_data)
        return Response(self.get_serializer(deal).data, status=status.HTTP_200_OK)


def _verb(name: str, act: Any, serializer_class: type[SeenSerializer]) -> Any:
    """A POST route `deals/<id>/<name>/` for one action."""

    def route(self: DealViewSet, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._act(act, serializer_class)

    route.__name__ = "return_" if name == "return" else name.replace("-", "_")
    route.__doc__ = (act.__doc__ or "").strip()
    schema = extend_schema(
        request=serializer_class, responses=DealSerializer, parameters=[IDEMPOTENCY_PARAMETER]
    )
    return schema(action(detail=True, methods=["post"], url_path=name)(route))


def submit(deal: Deal, *, by: Membership, version: int | None = None) -> Deal:
    """Ask the vendor to decide. A deal with products of several families becomes a registration for each."""
    return actions.submit_each(deal, by=by, version=version)[0]


for _name, _action, _serializer in (
    ("submit", submit, SeenSerializer),
    ("withdraw", actions.withdraw, OptionalReasonSerializer),
    ("win", actions.win, WinSerializer),
    ("lose", actions.lose, LoseSerializer),
    ("start-review", actions.start_review, SeenSerializer),
    ("approve", actions.approve, NoteSerializer),
    ("return", actions.return_for_changes, ReturnSerializer),
    ("reject", actions.reject, RejectSerializer),
    ("appeal", actions.appeal, AppealSerializer),
    ("grant-appeal", actions.grant_appeal, ReasonSerializer),
    ("uphold", actions.uphold_rejection, ReasonSerializer),
    ("ask-extension", actions.ask_extension, ReasonSerializer),
    ("extend", actions.extend, NoteSerializer),
    ("decline-extension", actions.decline_extension, ReasonSerializer),
    ("cancel", actions.cancel, ReasonSerializer),
    ("confirm-win", actions.confirm_win, SeenSerializer),
    ("decline-win", actions.decline_win, ReasonSerializer),
    ("reverse", actions.reverse, ReverseSerializer),
):
    _route = _verb(_name, _action, _serializer)
    setattr(DealViewSet, _route.__name__, _route)

api_routes.register("deals", DealViewSet, basename="deal")
