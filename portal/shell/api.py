"""The API's framework: who calls, what they may, pages, errors, repeated POSTs, limits.

A room's `api.py` subclasses `TenantViewSet` (with DRF's mixins) and registers it in `AppConfig.ready()`:

    class DealViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, TenantViewSet):
        serializer_class = DealSerializer
        filterset_class = DealFilter
        queryset = Deal.objects.none()  # names the model to the schema, which is written outside any scope
        permissions = {"list": "deals.view_deal", "retrieve": "deals.view_deal", "create": "deals.create_deal"}

        def get_queryset(self):
            return queries.visible_deals(self.membership)

        def perform_create(self, serializer):
            serializer.instance = actions.create_deal(by=self.membership, **serializer.validated_data)

    api_routes.register("deals", DealViewSet, basename="deal")
"""

import hashlib
import json
from typing import Any, ClassVar

import redis
import structlog
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, routers, status, throttling, viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import Membership
from portal.shell.models import IdempotencyKey
from portal.tenancy.db import try_lock

log = structlog.get_logger(__name__)

KEY_HEADER = "Idempotency-Key"


class ApiRouter(routers.SimpleRouter):
    """Addresses with a trailing slash, objects by UUID."""

    def __init__(self) -> None:
        super().__init__(use_regex_path=False)


api_routes = ApiRouter()


class MembershipAuthenticationScheme(OpenApiAuthenticationExtension):
    target_class = "portal.shell.api_access.MembershipAuthentication"
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": force_str(_("An API key of this programme.")),
        }


class MemberThrottle(throttling.SimpleRateThrottle):
    """600 calls a minute for each API key, and for each member without one. No cache, no limit: the API stays up."""

    rate = "600/min"
    scope = "member"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        key = request._request.api_key or request._request.membership
        return f"throttle:{key.pk}" if key else None

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except redis.RedisError:
            log.warning("throttle_without_cache")
            return True


class TenantViewSet(viewsets.GenericViewSet):
    """Base of all viewsets: named permissions, and POSTs that may be repeated safely.

    With the header `Idempotency-Key` a repeated POST gets the first one's answer (for a day), another body under
    the same key is 422, and a repetition while the first is still at work is 409. Only successful answers are
    kept: what was refused changed nothing and may be tried again.
    """

    permissions: ClassVar[dict[str, str]] = {}
    throttle_classes = (MemberThrottle,)
    lookup_value_converter = "uuid"

    @property
    def membership(self) -> Membership:
        return self.request._request.membership

    def get_queryset(self) -> models.QuerySet[Any]:
        raise NotImplementedError

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._idempotency: tuple[str, str] | None = None
        self._replayed = False
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get(KEY_HEADER, "")
        if request.method != "POST" or not key:
            return
        if len(key) > 200:
            raise exceptions.ValidationError(_("An idempotency key has at most 200 characters."))
        if not try_lock("idempotency", self.membership.pk, key):
            raise Conflict(_("A request with this idempotency key is still at work."))
        digest = hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
        self._idempotency = (key, digest)
        stored = IdempotencyKey.objects.filter(membership=self.membership, key=key).first()
        if stored is None:
            return
        if stored.request_digest != digest:
            raise Unprocessable(_("This idempotency key was used for another request."))
        raise _Replay(stored)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._idempotency and not self._replayed and 200 <= response.status_code < 300:
            key, digest = self._idempotency
            IdempotencyKey.objects.create(
                membership=self.membership,
                partner_id=self.membership.partner_id,
                key=key,
                request_digest=digest,
                status=response.status_code,
                body=_as_json(response.data),
            )
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Replay):
            self._replayed = True
            headers = {"Idempotent-Replay": "true"}
            return Response(exc.stored.body, status=exc.stored.status, headers=headers)
        return super().handle_exception(exc)


class Conflict(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unprocessable(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class _Replay(Exception):
    def __init__(self, stored: IdempotencyKey):
        self.stored = stored


IDEMPOTENCY_PARAMETER = OpenApiParameter(
    KEY_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Repeat a POST safely: the same key and body get the first answer again.",
)


def _as_json(data: Any) -> Any:
    """The answer as plain JSON values, as the renderer would write them."""
    return json.loads(JSONRenderer().render(data)) if data is not None else None
