"""Partners refer companies: what counts for them, and what they learn."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.onboarding.applications import actions
from partners.onboarding.enums import ApplicationStatus
from partners.onboarding.models import (
    Application,
    Referral,
)
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.partners.onboarding.builders import path_in, post, told

S = ApplicationStatus


def test_a_partner_refers_a_company_and_sees_its_state_alone(
    tenant: Tenant,
    is_open: None,
    sending: Callable[..., Any],
    client: Client,
    client_as: Callable[[Membership], Client],
    admin: Membership,
    manager: Membership,
    partner_owner: Membership,
    partner_member: Membership,
):
    with tenant_scope(tenant.pk):
        Partner.objects.filter(pk=partner_owner.partner_id).update(manager=manager, name="Alpha")
    form = {
        "company": "Zonneveld",
        "person": "Iris",
        "email": "iris@zonneveld-it.example",
        "message": "Do it!",
    }
    owner = client_as(partner_owner)
    assert owner.post("/acme/referrals/new/", form).status_code == 302
    assert owner.post("/acme/referrals/new/", form).status_code == 422  # not twice within a month
    post(tenant)
    [invitation] = mail.outbox
    assert "Do it!" in invitation.body
    assert sending(path_in(invitation)).status_code == 302
    post(tenant)
    client.post(path_in(mail.outbox[1]))
    with tenant_scope(tenant.pk):
        application = Application.objects.get()
        assert application.referred_by_id == partner_owner.partner_id
        assert application.manager_id == manager.pk  # who looks after Alpha looks after whom it sends
        actions.reject(application, by=manager, reason="Our secret reason")
    dispatch_pending(tenant.pk)
    assert sorted(told(partner_owner)) == [
        "Zonneveld, which you referred, has applied",
        "Zonneveld, which you referred, was not accepted",
    ]
    page = owner.get("/acme/referrals/").content.decode()
    assert "Not accepted" in page
    assert "secret" not in page.replace('class="secret"', "")
    assert "Zonneveld" not in client_as(partner_member).get("/acme/referrals/").content.decode()
    with (
        pytest.raises(Exception, match="permission denied"),
        tenant_scope(tenant.pk, partner_owner.partner_id),
    ):
        Application.objects.count()


def test_a_partners_own_link_counts_once_the_address_is_confirmed(
    tenant: Tenant,
    is_open: None,
    sending: Callable[..., Any],
    client: Client,
    client_as: Callable[[Membership], Client],
    partner_owner: Membership,
):
    page = client_as(partner_owner).get("/acme/referrals/").content.decode()
    link = re.search(r"/acme/apply/by/[^<\s]+", page)[0]  # type: ignore[index]
    assert sending(link).status_code == 302
    with tenant_scope(tenant.pk):
        assert not Referral.objects.exists()
    post(tenant)
    client.post(path_in(mail.outbox[0]))
    with tenant_scope(tenant.pk):
        referral = Referral.objects.get()
        assert (referral.partner_id, referral.state) == (partner_owner.partner_id, "applied")
        Partner.objects.update(status=PartnerStatus.SUSPENDED)
    refused = client_as(partner_owner).post(
        "/acme/referrals/new/", {"company": "X", "person": "Y", "email": "y@x.example"}
    )
    assert refused.status_code == 403
