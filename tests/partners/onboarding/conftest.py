"""A programme that is open for applications, and the form as a person fills it in."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from partners.onboarding.models import ApplicationPolicy
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.partners.onboarding.builders import FORM


@pytest.fixture
def is_open(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        ApplicationPolicy.objects.create(is_open=True)


@pytest.fixture
def sending(tenant: Tenant, client: Client) -> Callable[..., Any]:
    """Fill in the form as a person does: `sending(company=...)`."""

    def send(path: str = "/acme/apply/", **changes: Any) -> Any:
        page = client.get(path)
        stamp = re.search(r'name="stamp" value="([^"]+)"', page.content.decode())
        with time_machine.travel(timezone.now() + timedelta(seconds=30)):
            return client.post(path, {**FORM, "stamp": stamp and stamp[1], **changes})

    return send
