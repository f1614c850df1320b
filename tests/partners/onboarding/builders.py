"""An application as people send it, and what it makes the portal write to whom."""

import re
from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from partners.directory.enums import PartnerType
from partners.onboarding.applications.letters import post_due
from partners.onboarding.enums import ApplicationStatus
from partners.onboarding.models import Application
from portal.accounts.models import Membership
from portal.notifications.queries import lines, shown_to
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

FORM = {
    "company": "Zonneveld IT B.V.",
    "website": "https://zonneveld-it.example",
    "country": "NL",
    "type": PartnerType.MSP,
    "person": "Iris de Wit",
    "email": "iris@zonneveld-it.example",
}


def an_application(**fields: Any) -> Application:
    count = Application.objects.count()
    return Application.objects.create(
        **{
            "number": f"AP-2026-{count + 1:05d}",
            "status": ApplicationStatus.APPLIED,
            "company": "Zonneveld IT B.V.",
            "normalised_name": "zonneveld it",
            "domain": "zonneveld-it.example",
            "website": "https://zonneveld-it.example",
            "country": "NL",
            "type": PartnerType.MSP,
            "person": "Iris de Wit",
            "email": f"iris{count}@zonneveld-it.example",
            "submitted_at": timezone.now(),
            **fields,
        }
    )


def told(member: Membership) -> list[str]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return [line["text"] for line in lines(shown_to(member), "acme")]


def post(tenant: Tenant) -> None:
    """Post what is due, also what was written a moment ahead."""
    with time_machine.travel(timezone.now() + timedelta(seconds=40)):
        post_due(tenant.pk)


def letters(application: Application) -> list[str]:
    return list(application.letters.order_by("created_at", "pk").values_list("kind", flat=True))


def path_in(letter: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", letter.body)
    assert found
    return found[1]
