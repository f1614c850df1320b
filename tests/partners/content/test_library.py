"""The library: who sees what, what is counted, and a partner's logo in it."""

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pypdf
import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from partners.content import actions, branding, drawing, queries
from partners.content.audience import refresh
from partners.content.enums import AssetStatus, CopyState
from partners.content.models import Asset, AssetAudience, AssetDownload, AssetVersion, BrandedCopy
from partners.content.notices import renewed
from partners.directory.company.actions import set_logo
from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.files import storage
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import do_chunk
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

SignIn = Callable[[Membership], Client]
BOX = {"box_page": 1, "box_left": 50, "box_top": 50, "box_width": 40, "box_height": 40}
pytestmark = pytest.mark.django_db


def picture(colour: str = "white", size: tuple[int, int] = (400, 200), kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, format=kind)
    return target.getvalue()


def pdf(pages: int = 2, *, password: str = "", rotated: bool = False) -> bytes:
    writer = pypdf.PdfWriter()
    for _number in range(pages):
        writer.add_blank_page(width=300, height=200)
    if rotated:
        writer.pages[0].rotate(90)
    if password:
        writer.encrypt(password)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def sent(content: bytes, name: str = "flyer.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def published(
    admin: Membership,
    title: str = "Flyer",
    content: bytes | None = None,
    name: str = "flyer.png",
    **fields: Any,
) -> Asset:
    asset = actions.create_asset(by=admin, upload=sent(content or picture(), name), title=title, **fields)
    return actions.change_status(asset, AssetStatus.PUBLISHED, by=admin)


def own(member: Membership) -> Partner:
    return Partner.objects.get(pk=member.partner_id)


def url(name: str, *args: object) -> str:
    return reverse(f"content:{name}", args=("acme", *args))


# --- who sees what -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({}, True),
        ({"partner_types": [PartnerType.RESELLER]}, True),
        ({"partner_types": [PartnerType.MSP]}, False),
        ({"regions": ["EMEA"]}, True),
        ({"regions": ["APAC"]}, False),
        ({"segments": ["gold"]}, False),
        ({"publish_on": 1}, False),
        ({"publish_on": 0, "expires_on": 1}, True),
        ({"expires_on": 0}, False),
    ],
)
def test_a_partner_gets_what_is_out_and_for_it_and_guessed_ids_lead_nowhere(
    fields: dict[str, Any],
    seen: bool,
    tenant: Tenant,
    admin: Membership,
    partner_owner: Membership,
    client_as: SignIn,
) -> None:
    today = timezone.localdate()
    fields = {
        name: today + timedelta(days=value) if isinstance(value, int) else value
        for name, value in fields.items()
    }
    with tenant_scope(tenant.pk):
        asset = published(admin, **fields)
        actions.set_box(asset, by=admin, **BOX)
        version = AssetVersion.objects.get(asset=asset)
    client = client_as(partner_owner)
    addresses = [
        url("asset", asset.pk),
        url("preview", asset.pk),
        url("download", asset.pk),
        url("version_download", version.pk),
        reverse("api:asset-detail", args=("acme", asset.pk)),
    ]
    assert {client.get(address).status_code for address in addresses} == ({200} if seen else {404})
    assert client.post(url("brand", asset.pk)).status_code == (302 if seen else 404)
    assert ("Flyer" in client.get(url("list")).content.decode()) is seen
    found = client.get("/acme/search/", {"q": "flyer"}).content.decode()
    assert (str(asset.pk) in found) is seen
    with tenant_scope(tenant.pk):
        assert AssetDownload.objects.count() == (2 if seen else 0)


def test_the_database_itself_shows_a_partner_no_asset_that_was_never_for_it(
    tenant: Tenant, admin: Membership, partner_owner: Membership
) -> None:
    with tenant_scope(tenant.pk):
        published(admin, "For others", regions=["APAC"])
        mine = published(admin, "For us")
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert list(Asset.objects.all()) == [mine]


def test_drafts_and_archived_assets_are_the_vendors_alone(
    scoped: Tenant, admin: Membership, partner_owner: Membership
) -> None:
    asset = actions.create_asset(by=admin, upload=sent(picture()), title="Flyer")
    assert not queries.visible_assets(partner_owner).exists()
    asset = actions.change_status(asset, AssetStatus.PUBLISHED, by=admin)
    assert queries.visible_assets(partner_owner).exists()
    actions.change_status(asset, AssetStatus.ARCHIVED, by=admin)
    assert not queries.visible_assets(partner_owner).exists()
    assert queries.visible_assets(admin).exists()
    with pytest.raises(ActionRefused):
        actions.change_status(asset, AssetStatus.DRAFT, by=admin)
    with pytest.raises(PermissionDenied):
        actions.change_status(asset, AssetStatus.PUBLISHED, by=partner_owner)


def test_the_audience_follows_partners_and_keeps_what_was(scoped: Tenant, admin: Membership) -> None:
    partner = PartnerFactory(region="APAC")
    asset = published(admin, regions=["EMEA"])
    assert not AssetAudience.objects.exists()
    Partner.objects.filter(pk=partner.pk).update(region="EMEA")
    assert refresh(partners=[partner.pk]) == 1
    assert refresh() == 0
    row = AssetAudience.objects.get(partner=partner)
    AssetAudience.objects.filter(pk=row.pk).update(since=timezone.localdate() - timedelta(days=9))
    Partner.objects.filter(pk=partner.pk).update(status=PartnerStatus.TERMINATED)
    refresh(partners=[partner.pk])
    row.refresh_from_db()
    assert (row.asset_id, row.until) == (asset.pk, timezone.localdate())


def test_refreshing_costs_the_same_for_one_partner_and_for_many(scoped: Tenant, admin: Membership) -> None:
    published(admin)

    def cost() -> int:
        PartnerFactory()
        with CaptureQueriesContext(connection) as found:
            refresh()
        return len(found)

    one = cost()
    for _number in range(3):
        PartnerFactory()
    assert cost() == one


# --- what comes in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "logo.svg"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "logo.png"),
        (b"MZ\x90\x00", "setup.exe"),
        (b"<html></html>", "page.html"),
        (b"", "empty.pdf"),
        (b"not a pdf", "price.pdf"),
    ],
)
def test_what_is_not_accepted_leaves_nothing(
    content: bytes, name: str, tenant: Tenant, admin: Membership, client_as: SignIn, files_dir: Any
) -> None:
    answer = client_as(admin).post(url("create"), {"title": "New", "upload": sent(content, name)})
    assert answer.status_code == 422
    with tenant_scope(tenant.pk):
        assert not Asset.objects.exists()
    assert [path for path in files_dir.rglob("*") if path.is_file()] == []


def test_a_file_that_is_too_large_or_beyond_the_quota_is_refused(
    scoped: Tenant, admin: Membership, settings: Any
) -> None:
    settings.FILES_MAX_BYTES = 100
    with pytest.raises(ActionRefused, match="larger"):
        actions.create_asset(by=admin, upload=sent(picture()), title="One")
    settings.FILES_MAX_BYTES = 25_000_000
    settings.FILES_QUOTA_BYTES = 10
    with pytest.raises(ActionRefused, match="no room"):
        actions.create_asset(by=admin, upload=sent(picture()), title="Two")


def test_a_path_in_a_name_stays_a_name(
    tenant: Tenant, admin: Membership, client_as: SignIn, files_dir: Any
) -> None:
    with tenant_scope(tenant.pk):
        asset = published(admin, name="..\\..\\etc/passwd\r\nX: y.png")
        version = AssetVersion.objects.get(asset=asset)
        assert "/" not in version.name and "\\" not in version.name and "\n" not in version.name
        assert storage.path_of(tenant.pk, version.stored_as).resolve().is_relative_to(files_dir.resolve())
    answer = client_as(admin).get(url("download", asset.pk))
    assert answer["Content-Disposition"].startswith("attachment")
    assert (answer["X-Content-Type-Options"], answer["Content-Security-Policy"]) == (
        "nosniff",
        "default-src 'none'; sandbox",
    )


# --- counted -----------------------------------------------------------------------------------


def test_each_download_is_a_row_and_an_event_with_who_and_which_version(
    tenant: Tenant, admin: Membership, manager: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        asset = published(admin)
        actions.add_version(asset, by=admin, upload=sent(picture("red")), note="Red now")
    client_as(partner_owner).get(url("download", asset.pk))
    client_as(partner_owner).head(url("download", asset.pk))
    client_as(manager).get(url("download", asset.pk))
    with tenant_scope(tenant.pk):
        rows = list(AssetDownload.objects.order_by("id").values_list("member", "partner", "version__number"))
        assert rows == [(partner_owner.pk, partner_owner.partner_id, 2), (manager.pk, None, 2)]
        own_name = own(partner_owner).name
        event = Event.objects.filter(type="asset.downloaded").order_by("id").first()
        assert (event.partner_id, event.data["version"]) == (partner_owner.partner_id, 2)
        assert queries.use_by_asset().get().downloads_count == 1
        assert [row.downloads_count for row in queries.use_by_partner()] == [1]
    for name in ("use", "use_by_partner", "downloads"):
        shown = client_as(manager).get(url(name), {"sort": "-downloads_count"}).content.decode()
        assert (own_name if name == "use_by_partner" else "Flyer") in shown
        assert client_as(partner_owner).get(url(name)).status_code == 403


def test_who_took_an_old_version_and_may_have_the_new_one_is_told(
    scoped: Tenant, admin: Membership, partner_owner: Membership, partner_member: Membership
) -> None:
    asset = published(admin)
    version = queries.current_version(asset)
    for member in (partner_owner, partner_member, admin):
        actions.note_download(asset, version, by=member)
    Partner.objects.filter(pk=partner_member.partner_id).update(status=PartnerStatus.TERMINATED)
    refresh()
    actions.add_version(asset, by=admin, upload=sent(picture("red")))
    (notice,) = renewed(list(Event.objects.filter(type="asset.version_added")))
    assert (list(notice.members), notice.partner_id) == ([partner_owner.pk], partner_owner.partner_id)


@pytest.mark.django_db(transaction=True)
def test_partners_take_an_asset_while_its_next_version_is_looked_at(
    tenant: Tenant, admin: Membership, partner_owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant.pk):
        asset = published(admin)
        version = queries.current_version(asset)

    def take() -> AssetDownload:
        try:
            with tenant_scope(tenant.pk, partner_owner.partner_id), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                return actions.note_download(asset, version, by=partner_owner)
        finally:
            connection.close()

    def slow(verb: str, *, seconds: float, **what: Any) -> dict[str, Any]:
        with ThreadPoolExecutor(1) as other:
            other.submit(take).result()
        raise drawing.TookTooLong

    monkeypatch.setattr(drawing, "order", slow)
    with tenant_scope(tenant.pk):
        actions.add_version(asset, by=admin, upload=sent(picture("red")))
        assert AssetDownload.objects.get().version == version


# --- with the partner's logo -------------------------------------------------------------------


def logo_for(member: Membership) -> None:
    set_logo(own(member), sent(picture("red", (100, 100)), "logo.png"), by=member)


def test_the_logo_stands_in_the_box_of_a_picture(
    tenant: Tenant, admin: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        asset = published(admin)
        actions.set_box(asset, by=admin, **BOX)
    client = client_as(partner_owner)
    assert client.get(url("branded", asset.pk)).status_code == 404
    client.post(url("brand", asset.pk))
    with tenant_scope(tenant.pk):
        assert not BrandedCopy.objects.exists()  # there is no logo yet
        logo_for(partner_owner)
    client.post(url("brand", asset.pk))
    answer = client.get(url("branded", asset.pk))
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as made:
        # The box is 200..360 x 100..180; the square logo stands in its middle, 80 pixels wide.
        assert made.size == (400, 200)
        colours = {
            point: made.convert("RGB").getpixel(point)
            for point in [(280, 140), (245, 140), (210, 140), (10, 10)]
        }
    assert colours == {
        (280, 140): (255, 0, 0),
        (245, 140): (255, 0, 0),
        (210, 140): (255, 255, 255),
        (10, 10): (255, 255, 255),
    }
    assert client.get(url("branded_preview", asset.pk)).status_code == 200
    with tenant_scope(tenant.pk):
        assert AssetDownload.objects.get().cobranded
        copy = BrandedCopy.objects.get()
        assert branding.ask_for_copy(asset, by=partner_owner).pk == copy.pk  # kept, not made again
        actions.set_box(asset, by=admin, **{**BOX, "box_left": 0})
        assert branding.ask_for_copy(asset, by=partner_owner).pk != copy.pk


@pytest.mark.parametrize("rotated", [False, True])
def test_the_logo_stands_on_the_page_of_a_pdf(
    rotated: bool, scoped: Tenant, admin: Membership, partner_owner: Membership
) -> None:
    asset = published(admin, content=pdf(2, rotated=rotated), name="flyer.pdf")
    assert queries.current_version(asset).pages == 2
    with pytest.raises(ActionRefused, match="2 pages"):
        actions.set_box(asset, by=admin, **{**BOX, "box_page": 3})
    asset = actions.set_box(asset, by=admin, **{**BOX, "box_page": 2})
    logo_for(partner_owner)
    copy = branding.ask_for_copy(asset, by=partner_owner)
    if copy.state == CopyState.WAITING:  # a slow machine gives it to a worker
        do_chunk(scoped.pk, Job.objects.get().pk)
        copy.refresh_from_db()
    assert (copy.state, bool(copy.preview_as)) == (CopyState.READY, True)
    made = pypdf.PdfReader(storage.path_of(scoped.pk, copy.stored_as))
    assert len(made.pages) == 2
    assert [len(page.images) for page in made.pages] == [0, 1]


@pytest.mark.parametrize(
    "content",
    [pdf(password="secret"), pdf()[:200], b"%PDF-1.7\n" + b"<<" * 200_000],
    ids=["encrypted", "cut", "nested"],
)
def test_a_pdf_that_cannot_be_read_is_kept_but_takes_no_logo(
    content: bytes, scoped: Tenant, admin: Membership
) -> None:
    began = time.perf_counter()
    asset = published(admin, content=content, name="odd.pdf")
    assert time.perf_counter() - began < 10
    version = queries.current_version(asset)
    assert (version.pages, version.stampable, version.size) == (None, "", len(content))
    with pytest.raises(ActionRefused):
        actions.set_box(asset, by=admin, **BOX)


def test_what_takes_too_long_is_made_by_a_worker_and_what_never_ends_is_given_up(
    scoped: Tenant, admin: Membership, partner_owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = published(admin)
    asset = actions.set_box(asset, by=admin, **BOX)
    logo_for(partner_owner)

    def slow(verb: str, *, seconds: float, **what: Any) -> dict[str, Any]:
        raise drawing.TookTooLong

    monkeypatch.setattr(drawing, "order", slow)
    copy = branding.ask_for_copy(asset, by=partner_owner)
    assert copy.state == CopyState.WAITING
    assert branding.ask_for_copy(asset, by=partner_owner).pk == copy.pk  # a double click starts no second one
    do_chunk(scoped.pk, Job.objects.get().pk)
    copy.refresh_from_db()
    assert copy.state == CopyState.FAILED and "too complicated" in copy.problem
    monkeypatch.undo()
    assert branding.ask_for_copy(asset, by=partner_owner).state in (CopyState.READY, CopyState.WAITING)


def test_a_copy_whose_work_was_lost_is_made_anew(
    scoped: Tenant, admin: Membership, partner_owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = Asset.objects.get(pk=actions.set_box(published(admin), by=admin, **BOX).pk)
    version = queries.current_version(asset)
    logo_for(partner_owner)

    def slow(verb: str, *, seconds: float, **what: Any) -> dict[str, Any]:
        raise drawing.TookTooLong

    def waits() -> bool:
        return branding.state_for(asset, version, partner_owner.partner_id)["waiting"]

    monkeypatch.setattr(drawing, "order", slow)
    copy = branding.ask_for_copy(asset, by=partner_owner)
    assert waits()
    Job.objects.update(state=JobState.FAILED)
    assert not waits()
    assert branding.ask_for_copy(asset, by=partner_owner) == copy
    assert waits() and Job.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert not waits()
        branding.ask_for_copy(asset, by=partner_owner)
        assert waits() and Job.objects.count() == 3


def test_the_workshop_ends_by_itself_when_its_time_or_memory_is_used_up(tmp_path: Any) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(bomb)
    began = time.perf_counter()
    with pytest.raises((ActionRefused, drawing.TookTooLong)):
        drawing.order("preview", seconds=5, source=str(bomb), target=str(tmp_path / "x"), kind="png", page=1)
    assert time.perf_counter() - began < 6
