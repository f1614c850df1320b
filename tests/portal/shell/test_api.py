"""The API's framework: repeated POSTs, permissions, errors, pages. A small viewset stands in for the rooms'."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework import mixins, serializers

from portal.accounts.models import ApiKey, Membership
from portal.errors import ActionRefused
from portal.programme.actions import create_key
from portal.shell.api import TenantViewSet
from portal.shell.models import IdempotencyKey
from portal.shell.tasks import ANSWERS_KEPT, forget_idempotency_keys
from portal.tenancy.scope import tenant_scope

SignIn = Callable[[Membership], Client]


class KeySerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiKey
        fields = ["id", "name"]


class KeyViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, TenantViewSet):
    serializer_class = KeySerializer
    permissions = {"list": "accounts.manage_api_keys", "create": "accounts.manage_api_keys"}

    def get_queryset(self) -> Any:
        return ApiKey.objects.all()

    def perform_create(self, serializer: Any) -> None:
        if serializer.validated_data["name"] == "refuse":
            raise ActionRefused("Not now.", field="name", code="busy")
        serializer.instance, _secret = create_key(by=self.membership, **serializer.validated_data)


@pytest.fixture
def call(rf: RequestFactory) -> Callable:
    """Call the viewset as a member, as the middleware would, with a key so that no CSRF token is asked."""

    def send(member: Membership, method: str, body: dict | None = None, *, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        if method == "get":
            request = rf.get("/acme/api/v1/keys/", headers=headers)
        else:
            text = json.dumps(body)
            request = rf.post("/acme/api/v1/keys/", text, content_type="application/json", headers=headers)
        request.membership, request.tenant = member, member.tenant
        request.user, request.api_key = member.user, SimpleNamespace(pk=member.pk)
        with tenant_scope(member.tenant_id, member.partner_id):
            response = KeyViewSet.as_view({"get": "list", "post": "create"})(request, tenant="acme")
            response.render()
        return response

    return send


def test_a_repeated_post_gets_the_first_answer_and_acts_once(admin: Membership, call: Callable) -> None:
    first = call(admin, "post", {"name": "Sync"}, key="k1")
    second = call(admin, "post", {"name": "Sync"}, key="k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert json.loads(first.content) == json.loads(second.content)
    assert second["Idempotent-Replay"] == "true"
    with tenant_scope(admin.tenant_id):
        assert ApiKey.objects.count() == 1


def test_another_body_under_the_same_key_is_422(admin: Membership, call: Callable) -> None:
    call(admin, "post", {"name": "Sync"}, key="k1")
    assert call(admin, "post", {"name": "Other"}, key="k1").status_code == 422
    with tenant_scope(admin.tenant_id):
        assert ApiKey.objects.count() == 1


def test_without_a_key_each_post_acts(admin: Membership, call: Callable) -> None:
    call(admin, "post", {"name": "Sync"})
    call(admin, "post", {"name": "Sync"})
    with tenant_scope(admin.tenant_id):
        assert ApiKey.objects.count() == 2


def test_a_refusal_is_a_409_in_words_and_may_be_tried_again(admin: Membership, call: Callable) -> None:
    refused = call(admin, "post", {"name": "refuse"}, key="k2")
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    assert json.loads(refused.content) == {
        "type": "about:blank",
        "title": "Refused",
        "status": 409,
        "code": "busy",
        "detail": "Not now.",
        "errors": {"name": ["Not now."]},
    }


def test_wrong_input_names_the_field(admin: Membership, call: Callable) -> None:
    answer = call(admin, "post", {"name": ""})
    assert answer.status_code == 400
    assert list(json.loads(answer.content)["errors"]) == ["name"]


def test_who_may_not_gets_403(manager: Membership, partner_owner: Membership, call: Callable) -> None:
    assert call(manager, "get").status_code == 403
    assert call(partner_owner, "post", {"name": "x"}).status_code == 403


def test_an_action_without_a_permission_is_a_mistake(
    admin: Membership, call: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyViewSet, "permissions", {})
    with pytest.raises(ImproperlyConfigured):
        call(admin, "get")


def test_lists_come_in_pages_with_a_cursor(admin: Membership, call: Callable) -> None:
    with tenant_scope(admin.tenant_id):
        for number in range(52):
            create_key(by=admin, name=f"Key {number}")
    answer = json.loads(call(admin, "get").content)
    assert len(answer["results"]) == 50
    assert answer["next"]
    assert answer["previous"] is None


def test_answers_are_forgotten_after_a_day(admin: Membership, call: Callable) -> None:
    call(admin, "post", {"name": "Sync"}, key="k1")
    with tenant_scope(admin.tenant_id):
        IdempotencyKey.objects.update(created_at=timezone.now() - ANSWERS_KEPT * 2)
    forget_idempotency_keys(tenant_id=str(admin.tenant_id))
    with tenant_scope(admin.tenant_id):
        assert not IdempotencyKey.objects.exists()


def test_a_sessions_write_needs_the_csrf_token(admin: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/acme/api/v1/deals/", "{}", content_type="application/json")
    assert answer.status_code == 403


def test_strangers_are_told_to_sign_in(admin: Membership) -> None:
    answer = Client().get("/acme/api/v1/schema/")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_the_documentation_shows_what_is_registered(admin: Membership, client_as: SignIn) -> None:
    page = client_as(admin).get("/acme/api/v1/docs/").content.decode()
    assert "/acme/api/v1/deals/" in page
