"""A vendor comes into being by a command, and its first admin by the link that it prints."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.accounts.models import Invitation, Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

pytestmark = pytest.mark.django_db


def create(*arguments: str, **options: object) -> str:
    output = StringIO()
    call_command("create_tenant", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_first_admin_joins_by_the_printed_link() -> None:
    link = create("acme", "Acme", "Ada@Example.com", currency="USD", time_zone="Europe/Amsterdam").split()[-1]

    tenant = Tenant.objects.get()
    assert (tenant.slug, tenant.name, tenant.currency, tenant.time_zone) == (
        "acme",
        "Acme",
        "USD",
        "Europe/Amsterdam",
    )
    assert not tenant.is_demo
    with tenant_scope(tenant.pk):
        invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.partner_id) == ("ada@example.com", "admin", None)
    assert Membership.objects.count() == 0
    path = link.split("://", 1)[1].split("/", 1)[1]
    assert Client().get(f"/{path}").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        (("Acme", "Acme", "ada@example.com"), {}, "slug"),
        (("healthz", "Acme", "ada@example.com"), {}, "slug"),
        (("acme", "Acme", "ada"), {}, "admin_email"),
        (("acme", "Acme", "ada@example.com"), {"currency": "EURO"}, "currency"),
        (("acme", "Acme", "ada@example.com"), {"currency": "XQQ"}, "currency"),
        (("acme", "Acme", "ada@example.com"), {"time_zone": "Mars/Base"}, "time_zone"),
        (("acme", "Acme", "ada@example.com"), {"language": "xx"}, "language"),
        (("acme", "Acme", "ada@example.com"), {"fiscal_year_start": 13}, "fiscal_year_start"),
    ],
)
def test_what_a_tenant_may_not_be_is_named_and_nothing_is_made(
    arguments: tuple[str, ...], options: dict[str, object], named: str
) -> None:
    with pytest.raises(CommandError, match=rf"\n{named}: "):
        create(*arguments, **options)

    assert Tenant.objects.count() == 0


def test_a_slug_is_given_once(tenant: Tenant) -> None:
    with pytest.raises(CommandError, match="slug: "):
        create(tenant.slug, "Another", "ada@example.com")
