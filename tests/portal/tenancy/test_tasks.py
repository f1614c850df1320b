import pytest
from celery import current_app, shared_task

from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id
from portal.tenancy.tasks import TenantTask, for_each_tenant


@shared_task(base=TenantTask, name="tests.whose_scope")
def whose_scope(*, tenant_id: str) -> str:
    return str(current_tenant_id())


def test_a_tenant_task_runs_in_its_tenants_scope(tenant: Tenant):
    assert whose_scope(tenant_id=str(tenant.pk)) == str(tenant.pk)


def test_a_tenant_task_needs_a_tenant(tenant: Tenant):
    with pytest.raises(TypeError, match="tenant_id"):
        whose_scope()


def test_beat_fans_out_one_message_a_tenant(
    tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs: sent.append((name, kwargs)))
    for_each_tenant("deals.expire")
    assert sent == [
        ("deals.expire", {"tenant_id": str(tenant.pk)}),
        ("deals.expire", {"tenant_id": str(other_tenant.pk)}),
    ]
