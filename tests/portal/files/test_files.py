"""Files of a deal: who may add, see, delete and bring back, and what becomes of the content."""

import hashlib
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.files import actions, storage
from portal.files.models import Attachment
from portal.files.queries import files_of
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member
from tests.portal.files.builders import PDF, upload

SignIn = Callable[[Membership], Client]


@pytest.fixture
def deal(tenant: Tenant, partner_owner: Membership) -> Deal:
    with tenant_scope(tenant.pk):
        return DealFactory(partner=Partner.objects.get(pk=partner_owner.partner_id))


@pytest.fixture
def stranger(tenant: Tenant) -> Membership:
    """Of another partner."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=PartnerFactory())


def attached(deal: Deal, by: Membership, **fields: object) -> Attachment:
    with tenant_scope(by.tenant_id, by.partner_id):
        return actions.attach(deal, upload(), by=by, **fields)


def stored(attachment: Attachment) -> Path:
    return storage.path_of(attachment.tenant_id, attachment.stored_as)


def test_a_file_is_kept_under_a_random_name_with_its_digest_and_an_event(
    deal: Deal, partner_owner: Membership, files_dir: Path
):
    attachment = attached(deal, partner_owner)
    assert (attachment.name, attachment.size, attachment.content_type) == (
        "offer.pdf",
        len(PDF),
        "application/pdf",
    )
    assert attachment.sha256 == hashlib.sha256(PDF).hexdigest()
    assert stored(attachment).read_bytes() == PDF
    assert "offer" not in str(stored(attachment).relative_to(files_dir))
    with tenant_scope(deal.tenant_id):
        event = Event.objects.get(type="file.attached")
    assert (event.subject_id, event.partner_id) == (deal.pk, deal.partner_id)


def test_the_owner_downloads_it_as_something_to_save_in_a_sandbox(
    deal: Deal, partner_owner: Membership, client_as: SignIn
):
    attachment = attached(deal, partner_owner)
    response = client_as(partner_owner).get(f"/acme/files/{attachment.pk}/")
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


def test_another_partner_sees_nothing_of_it(
    deal: Deal, partner_owner: Membership, stranger: Membership, client_as: SignIn
):
    attachment = attached(deal, partner_owner)
    client = client_as(stranger)
    assert client.get(f"/acme/files/{attachment.pk}/").status_code == 404
    assert client.post(f"/acme/files/{attachment.pk}/delete/").status_code == 404
    answer = client.post(f"/acme/files/deals.deal/{deal.pk}/", {"uploads": upload()})
    assert answer.status_code == 404
    with tenant_scope(deal.tenant_id, stranger.partner_id):
        assert Attachment.objects.count() == 0
    with tenant_scope(deal.tenant_id):
        assert Attachment.objects.count() == 1


def test_what_the_vendor_keeps_to_itself_is_hidden_from_the_partner_by_the_database(
    deal: Deal, manager: Membership, partner_owner: Membership, client_as: SignIn
):
    attachment = attached(deal, manager, internal=True)
    assert client_as(partner_owner).get(f"/acme/files/{attachment.pk}/").status_code == 404
    assert client_as(manager).get(f"/acme/files/{attachment.pk}/").status_code == 200
    with tenant_scope(deal.tenant_id, deal.partner_id), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM files_attachment")
        assert cursor.fetchone() == (0,)
    assert b"offer.pdf" not in client_as(partner_owner).get(f"/acme/deals/{deal.pk}/").content


def test_pages_add_delete_and_bring_back(deal: Deal, partner_owner: Membership, client_as: SignIn):
    client = client_as(partner_owner)
    client.post(f"/acme/files/deals.deal/{deal.pk}/", {"uploads": [upload(), upload("order.csv", b"a;b")]})
    page = client.get(f"/acme/deals/{deal.pk}/").content.decode()
    assert "offer.pdf" in page and "order.csv" in page
    with tenant_scope(deal.tenant_id):
        attachment = Attachment.objects.get(name="order.csv")
    client.post(f"/acme/files/{attachment.pk}/delete/")
    assert client.get(f"/acme/files/{attachment.pk}/").status_code == 404
    client.post(f"/acme/files/{attachment.pk}/restore/")
    assert client.get(f"/acme/files/{attachment.pk}/").status_code == 200


def test_a_disguised_page_is_refused_with_a_sentence_and_nothing_is_kept(
    deal: Deal, partner_owner: Membership, client_as: SignIn, files_dir: Path
):
    address = f"/acme/files/deals.deal/{deal.pk}/"
    sent = [upload(), upload("invoice.pdf", b"<html><script>alert(1)</script>")]
    answer = client_as(partner_owner).post(address, {"uploads": sent}, follow=True)
    assert "invoice.pdf” does not hold what its name says" in answer.content.decode()
    with tenant_scope(deal.tenant_id):
        assert Attachment.objects.count() == 0
    assert list(files_dir.glob("*/*/*")) == []


def test_only_who_uploaded_it_or_an_admin_deletes(
    deal: Deal, partner_owner: Membership, manager: Membership, admin: Membership
):
    attachment = attached(deal, partner_owner)
    with tenant_scope(deal.tenant_id):
        with pytest.raises(PermissionDenied):
            actions.delete(attachment, deal, by=manager)
        assert actions.delete(attachment, deal, by=admin).deleted_by == admin


def test_a_suspended_partner_reads_but_does_not_add(deal: Deal, partner_owner: Membership, client_as: SignIn):
    attachment = attached(deal, partner_owner)
    with tenant_scope(deal.tenant_id):
        Partner.objects.filter(pk=deal.partner_id).update(status=PartnerStatus.SUSPENDED)
    client = client_as(partner_owner)
    assert client.get(f"/acme/files/{attachment.pk}/").status_code == 200
    assert client.post(f"/acme/files/deals.deal/{deal.pk}/", {"uploads": upload()}).status_code == 403


@pytest.mark.parametrize(("quota", "size"), [(len(PDF) * 5 - 1, 10**6), (10**6, len(PDF) - 1)])
def test_sizes_and_quotas_are_held(
    deal: Deal, partner_owner: Membership, settings: Any, quota: int, size: int
):
    settings.FILES_QUOTA_BYTES, settings.FILES_MAX_BYTES = quota, size
    with pytest.raises(ActionRefused):
        attached(deal, partner_owner)


def test_the_night_removes_what_was_deleted_long_ago_and_what_no_row_knows(
    deal: Deal, partner_owner: Membership, admin: Membership
):
    kept, deleted, recent = (attached(deal, partner_owner) for _ in range(3))
    orphan = storage.path_of(deal.tenant_id, storage.save(deal.tenant_id, upload())[0])
    new = storage.path_of(deal.tenant_id, storage.save(deal.tenant_id, upload())[0])
    old = time.time() - 2 * 86_400
    for path in (orphan, stored(kept), stored(deleted)):
        os.utime(path, (old, old))
    now = timezone.now()
    with tenant_scope(deal.tenant_id):
        for attachment in (deleted, recent):
            actions.delete(attachment, deal, by=admin)
        Attachment.objects.filter(pk=deleted.pk).update(deleted_at=now - timedelta(days=31))
        assert actions.clean_up(deal.tenant_id, now) == 2
        assert actions.clean_up(deal.tenant_id, now) == 0
        with pytest.raises(ActionRefused):
            actions.restore(deleted, deal, by=admin)
    assert [path.exists() for path in (stored(kept), stored(deleted), stored(recent), orphan, new)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_rolled_back_upload_leaves_no_row(deal: Deal, partner_owner: Membership):
    with pytest.raises(RuntimeError), tenant_scope(deal.tenant_id, deal.partner_id):
        actions.attach(deal, upload(), by=partner_owner)
        raise RuntimeError
    with tenant_scope(deal.tenant_id):
        assert Attachment.objects.count() == 0


def test_the_list_costs_one_query_however_many_files(deal: Deal, partner_owner: Membership):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            attached(deal, partner_owner)
        with (
            tenant_scope(deal.tenant_id),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            assert [row.uploaded_by.name for row in files_of(partner_owner, deal)]
        counts.append(len(queries))
    assert counts[0] == counts[1]
