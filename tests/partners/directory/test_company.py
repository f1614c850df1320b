"""What a partner says of itself, and who finds it."""

import io
import os
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from partners.directory.actions import change_partner_status
from partners.directory.company import actions
from partners.directory.company.queries import company_of
from partners.directory.enums import PartnerStatus
from partners.directory.models import CompanyProfile, Competence, Partner, PartnerAddress, PartnerContact
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.files import storage
from portal.files.actions import clean_up
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member

SignIn = Callable[[Membership], Client]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
pytestmark = pytest.mark.django_db


def png(colour: str = "teal") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (900, 300), colour).save(target, format="PNG")
    return target.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def own_partner(member: Membership) -> Partner:
    return Partner.objects.get(pk=member.partner_id)


def url(name: str, *args: object) -> str:
    return reverse(f"directory:{name}", args=("acme", *args))


def list_partner(name: str, admin: Membership, **fields: Any) -> Partner:
    """A partner that agreed, with a public address in Utrecht and a private one in Arnhem."""
    partner = PartnerFactory(name=name, **fields)
    owner = make_member(Role.PARTNER_OWNER, partner=partner)
    actions.save_address(
        partner, by=owner, kind="office", street="Canal 1", city="Utrecht", country="NL", is_public=True
    )
    actions.save_address(partner, by=owner, kind="billing", street="Hidden 9", city="Arnhem", country="NL")
    actions.save_contact(
        partner, by=owner, name="Secret Person", email=f"hidden-{partner.number}@example.com"
    )
    actions.set_listing(partner, by=owner, listed=True)
    return partner


def open_locator(admin: Membership) -> None:
    actions.save_locator(by=admin, is_open=True)


# --- the profile -------------------------------------------------------------------------------


def test_an_owner_completes_the_profile_step_by_step(
    tenant: Tenant, partner_owner: Membership, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        competence = actions.save_competence(by=admin, name="Data migration")
    client, pk = client_as(partner_owner), partner_owner.partner_id
    assert "12%" in client.get(url("company")).content.decode()  # the country is known
    sent = {
        "description": "We move the data of hospitals, and have done so for twenty years, in five countries of Europe.",
        "website": "https://example.com",
        "country": "NL",
        "region": "EMEA",
        "regions": "Benelux\nBavaria\n\nBenelux",
        "competences": [str(competence.pk)],
        "public_email": "info@example.com",
    }
    assert client.post(url("profile", pk), sent).status_code == 302
    place = {"kind": "head", "street": "Road 1", "city": "Ede", "country": "NL", "is_public": "on"}
    assert client.post(url("address_create", pk), place).status_code == 302
    assert client.post(url("contact_create", pk), {"name": "Jo", "phone": "+31 1"}).status_code == 302
    assert client.post(url("logo_edit", pk), {"logo": upload(png())}).status_code == 302
    with tenant_scope(tenant.pk):
        company = company_of(own_partner(partner_owner))
    assert (company.percent, company.missing) == (100, [])
    assert company.profile.regions == ["Benelux", "Bavaria"]
    page = client.get(url("company")).content.decode()
    assert "Data migration" in page and "Road 1" in page and "Jo" in page
    drawn = client.get(url("logo", pk))
    assert (drawn["Content-Type"], drawn["X-Content-Type-Options"]) == ("image/png", "nosniff")
    with Image.open(io.BytesIO(b"".join(drawn.streaming_content))) as found:
        assert found.size == (512, 171)


def test_the_home_region_is_said_once_and_then_the_vendors_to_change(
    tenant: Tenant, partner_owner: Membership, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        Partner.objects.filter(pk=partner_owner.partner_id).update(region="")
        partner = actions.save_profile(own_partner(partner_owner), by=partner_owner, region="EMEA").partner
        with pytest.raises(ActionRefused, match="channel manager"):
            actions.save_profile(partner, by=partner_owner, region="APAC")
    profile = url("profile", partner_owner.partner_id)
    assert client_as(partner_owner).post(profile, {"description": "We", "region": "APAC"}).status_code == 302
    with tenant_scope(tenant.pk):
        assert (own_partner(partner_owner).region, company_of(partner).profile.description) == ("EMEA", "We")
        actions.save_profile(partner, by=admin, region="APAC")
        assert own_partner(partner_owner).region == "APAC"


def test_a_contact_without_address_and_number_is_refused(
    tenant: Tenant, partner_owner: Membership, client_as: SignIn
) -> None:
    answer = client_as(partner_owner).post(url("contact_create", partner_owner.partner_id), {"name": "Jo"})
    assert answer.status_code == 422 and "telephone number" in answer.content.decode()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (SVG, "logo.svg"),
        (SVG, "logo.png"),
        (b"MZ" * 400, "logo.png"),
        (png()[:80], "../../../etc/passwd.png"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * (2 * 1024 * 1024), "logo.png"),
    ],
    ids=["svg", "svg as png", "program", "cut and a path", "too large"],
)
def test_a_logo_that_is_none_is_refused_and_leaves_nothing(
    content: bytes, name: str, tenant: Tenant, partner_owner: Membership, client_as: SignIn, files_dir: Any
) -> None:
    answer = client_as(partner_owner).post(
        url("logo_edit", partner_owner.partner_id), {"logo": upload(content, name)}
    )
    assert answer.status_code == 422
    with tenant_scope(tenant.pk):
        assert not CompanyProfile.objects.exclude(logo="").exists()
    assert [path for path in files_dir.rglob("*") if path.is_file()] == []


def test_a_replaced_logo_goes_with_the_clean_up_and_the_current_one_stays(
    scoped: Tenant, partner_owner: Membership
) -> None:
    partner = own_partner(partner_owner)
    first = actions.set_logo(partner, upload(png()), by=partner_owner).logo
    second = actions.set_logo(partner, upload(png("red")), by=partner_owner).logo
    for name in (first, second):
        os.utime(storage.path_of(scoped.pk, name), (0, 0))
    assert clean_up(scoped.pk, timezone.now()) == 1
    assert not storage.path_of(scoped.pk, first).exists()
    assert storage.path_of(scoped.pk, second).exists()


def test_only_the_company_itself_agrees_to_be_listed(
    scoped: Tenant,
    admin: Membership,
    manager: Membership,
    partner_owner: Membership,
    partner_member: Membership,
) -> None:
    partner = own_partner(partner_owner)
    for member in (admin, manager, partner_member):
        with pytest.raises(PermissionDenied):
            actions.set_listing(partner, by=member, listed=True)
    profile = actions.set_listing(partner, by=partner_owner, listed=True)
    assert (profile.listed, profile.listed_by_id) == (True, partner_owner.pk)


def test_rows_of_another_partner_are_out_of_reach(
    tenant: Tenant, partner_owner: Membership, partner_member: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        other = own_partner(partner_member)
        place = PartnerAddress.objects.create(partner=other, street="Road 1", city="Ede", country="NL")
        person = PartnerContact.objects.create(partner=other, name="Jo", email="jo@example.com")
    client = client_as(partner_owner)
    seen = {
        client.post(url(name, pk), {}).status_code
        for name, pk in [
            ("profile", other.pk),
            ("logo_edit", other.pk),
            ("address_create", other.pk),
            ("address", place.pk),
            ("address_remove", place.pk),
            ("contact", person.pk),
            ("contact_remove", person.pk),
        ]
    }
    assert seen == {404}


# --- the public locator ------------------------------------------------------------------------


def test_the_locator_shows_those_who_agreed_and_nothing_else(
    tenant: Tenant, admin: Membership, client: Client
) -> None:
    with tenant_scope(tenant.pk):
        open_locator(admin)
        shown = list_partner("Shown", admin)
        quiet = PartnerFactory(name="Quiet")
        CompanyProfile.objects.create(partner=quiet, description="Secret plans", listed=False)
        paused = list_partner("Paused", admin)
        left = list_partner("Gone", admin)
        new = list_partner("Starting", admin)
        Partner.objects.filter(pk=paused.pk).update(status=PartnerStatus.SUSPENDED)
        Partner.objects.filter(pk=left.pk).update(status=PartnerStatus.TERMINATED)
        Partner.objects.filter(pk=new.pk).update(status=PartnerStatus.ONBOARDING)
    page = client.get(url("locator")).content.decode()
    detail = client.get(url("locator_company", shown.pk)).content.decode()
    assert "Shown" in page and "Canal 1" in detail
    for word in (
        "Quiet",
        "Secret plans",
        "Paused",
        "Gone",
        "Starting",
        "Hidden 9",
        "Secret Person",
        "hidden-",
    ):
        assert word not in page + detail
    for partner in (quiet, paused, left, new):
        assert client.get(url("locator_company", partner.pk)).status_code == 404
        assert client.get(url("locator_logo", partner.pk)).status_code == 404


def test_the_locator_is_closed_until_an_admin_opens_it(
    tenant: Tenant, admin: Membership, client: Client
) -> None:
    with tenant_scope(tenant.pk):
        partner = list_partner("Shown", admin)
    for address in (url("locator"), url("locator_company", partner.pk), url("locator_logo", partner.pk)):
        assert client.get(address).status_code == 404
    with tenant_scope(tenant.pk):
        open_locator(admin)
    assert client.get(url("locator")).status_code == 200


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"place": "utre"}, {"Dutch"}),
        ({"place": "Arnhem"}, set()),
        ({"place": "netherlands"}, {"Dutch"}),
        ({"place": "Bavaria"}, {"German"}),
        ({"place": "Germany"}, {"German"}),
        ({"competence": "COMPETENCE"}, {"German"}),
        ({"competence": "nonsense"}, set()),
        ({"tier": "nonsense"}, set()),
        ({"place": "'; DROP TABLE --"}, set()),
        ({"place": "%"}, set()),
    ],
)
def test_search_by_place_and_competence(
    asked: dict[str, str], found: set[str], tenant: Tenant, admin: Membership, client: Client
) -> None:
    with tenant_scope(tenant.pk):
        open_locator(admin)
        competence = Competence.objects.create(name="Migration")
        list_partner("Dutch", admin)
        german = PartnerFactory(name="German", country="DE")
        owner = make_member(Role.PARTNER_OWNER, partner=german)
        actions.save_profile(german, by=owner, regions=["Bavaria"], competences=[competence.pk])
        actions.set_listing(german, by=owner, listed=True)
    asked = {name: str(competence.pk) if value == "COMPETENCE" else value for name, value in asked.items()}
    page = client.get(url("locator"), asked).content.decode()
    assert {name for name in ("Dutch", "German") if f">{name}</a>" in page} == found


def test_pages_of_the_locator_cost_the_same_however_many_there_are(
    tenant: Tenant, admin: Membership, client: Client
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url("locator")).status_code == 200
        return len(queries)

    with tenant_scope(tenant.pk):
        open_locator(admin)
        list_partner("First", admin)
    one = cost()
    with tenant_scope(tenant.pk):
        for number in range(13):
            list_partner(f"More {number:02}", admin)
    assert cost() == one
    second = client.get(url("locator"), {"page": "2"}).content.decode()
    assert ">More 12</a>" in second and ">First</a>" not in second
    assert client.get(url("locator"), {"page": "999"}).status_code == 200


def test_the_public_does_not_have_all_partners_read_again_and_again(
    tenant: Tenant, admin: Membership, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant.pk):
        actions.save_locator(by=admin, is_open=True, show_tier=True)
        listed = [list_partner(f"Gold {number:02}", admin) for number in range(13)]
        list_partner("Silver", admin)
    gold, asked = {partner.pk for partner in listed}, []

    def codes(standings: Iterable[tuple[UUID, date]]) -> dict[tuple[UUID, date], str]:
        wanted = list(standings)
        asked.append(len(wanted))
        return {key: "gold" if key[0] in gold else "silver" for key in wanted}

    monkeypatch.setattr("partners.directory.locator.queries.segment_codes", codes)
    monkeypatch.setattr(
        "partners.directory.locator.queries.segment_choices", lambda: [("gold", "Gold"), ("silver", "Silver")]
    )
    found = [client.get(url("locator"), {"tier": "gold", "page": page}).content.decode() for page in (1, 2)]
    assert ">Gold 11</a>" in found[0] and ">Gold 12</a>" in found[1] and ">Silver</a>" not in "".join(found)
    client.get(url("locator"))
    assert asked == [14, 12, 1, 12]
    with tenant_scope(tenant.pk):
        CompanyProfile.objects.filter(partner=listed[12]).update(listed=False)
    assert ">Gold 12</a>" not in client.get(url("locator"), {"tier": "gold", "page": "2"}).content.decode()


def test_a_partner_that_is_signed_in_finds_what_the_public_finds(
    tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        open_locator(admin)
        list_partner("Shown", admin)
    assert "Shown" in client_as(partner_owner).get(url("locator")).content.decode()


# --- suspended, terminated, back ---------------------------------------------------------------


def test_a_suspended_partner_reads_and_is_told_why_it_cannot_write(
    tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    client, pk = client_as(partner_owner), partner_owner.partner_id
    with tenant_scope(tenant.pk):
        change_partner_status(own_partner(partner_owner), PartnerStatus.SUSPENDED, by=admin, reason="Unpaid")
    page = client.get(url("company"))
    assert page.status_code == 200 and "Your company is suspended" in page.content.decode()
    assert url("profile", pk) not in page.content.decode()
    refused = client.post(url("profile", pk), {"description": "Changed"})
    assert refused.status_code == 403 and "Your company is suspended" in refused.content.decode()
    with tenant_scope(tenant.pk), pytest.raises(PermissionDenied):
        actions.save_profile(own_partner(partner_owner), by=partner_owner, description="Changed")
    with tenant_scope(tenant.pk):
        change_partner_status(own_partner(partner_owner), PartnerStatus.ACTIVE, by=admin)
    assert client.post(url("profile", pk), {"description": "Changed"}).status_code == 302


def test_termination_ends_sessions_keys_and_invitations_and_coming_back_restores_the_people(
    tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        partner = own_partner(partner_owner)
        removed = make_member(Role.PARTNER_MEMBER, partner=partner, is_active=False)
    client = client_as(partner_owner)
    assert client.get(url("company")).status_code == 200
    with tenant_scope(tenant.pk):
        with pytest.raises(ActionRefused, match="reason"):
            change_partner_status(partner, PartnerStatus.TERMINATED, by=admin)
        change_partner_status(partner, PartnerStatus.TERMINATED, by=admin, reason="Agreed")
    assert client.get(url("company")).status_code in (302, 404)
    with tenant_scope(tenant.pk):
        assert Partner.objects.get(pk=partner.pk).left_on is not None
        with pytest.raises(ActionRefused, match="reason"):
            change_partner_status(partner, PartnerStatus.ACTIVE, by=admin)
        change_partner_status(partner, PartnerStatus.ACTIVE, by=admin, reason="Back again")
        assert Partner.objects.get(pk=partner.pk).left_on is None
    assert Membership.objects.get(pk=partner_owner.pk).is_active
    assert not Membership.objects.get(pk=removed.pk).is_active
