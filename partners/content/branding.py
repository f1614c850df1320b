"""A partner's logo in the vendor's material: made once for each content, logo and box, and kept."""

import datetime as dt
import hashlib
import io
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.content import drawing
from partners.content.enums import CopyState
from partners.content.models import Asset, AssetVersion, BrandedCopy
from partners.content.queries import copy_of, current_version
from partners.directory.company.queries import profile_of
from partners.directory.models import CompanyProfile
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files import storage
from portal.files.actions import refuse_if_no_room
from portal.jobs import runner
from portal.jobs.actions import create_job
from portal.jobs.enums import ENDED
from portal.jobs.models import Job
from portal.tenancy.scope import current_tenant_id, tenant_scope

JOB = "content.brand"
WAITS_AT_MOST = dt.timedelta(minutes=10)


def digest_of(asset: Asset, version: AssetVersion, profile: CompanyProfile) -> str:
    """What a copy is made of. Another content, logo or box is another copy."""
    box = [str(getattr(asset, f"box_{side}")) for side in ("page", "left", "top", "width", "height")]
    return hashlib.sha256("|".join([version.sha256, profile.logo, *box]).encode()).hexdigest()


def state_for(asset: Asset, version: AssetVersion | None, partner_id: UUID) -> dict[str, Any]:
    """What a partner is shown of co-branding: whether it can be done, its logo, and the copy as it is."""
    if version is None or not asset.has_box or not version.stampable:
        return {"possible": False}
    profile = profile_of(partner_id)
    if profile is None or not profile.logo:
        return {"possible": True, "logo": False}
    copy = copy_of(version, partner_id, digest_of(asset, version, profile))
    waits = copy is not None and copy.state == CopyState.WAITING and _is_being_made(copy)
    return {"possible": True, "logo": True, "copy": copy, "waiting": waits}


def ask_for_copy(asset: Asset, *, by: Membership) -> BrandedCopy:
    """The asset with the logo of the member's company, made at once where that is quick and by a worker otherwise.

    Whoever calls this has found the asset among those that the member sees.
    """
    check(by, "content.brand_asset")
    assert by.partner_id is not None
    with tenant_scope(current_tenant_id()):
        asset = Asset.objects.get(pk=asset.pk)
        version, profile = current_version(asset), profile_of(by.partner_id)
        if version is None or not asset.has_box or not version.stampable:
            raise ActionRefused(_("No logo goes into this asset."), code="state")
        if profile is None or not profile.logo:
            raise ActionRefused(_("Add your company's logo first."), code="logo")
        copy, is_new = BrandedCopy.objects.get_or_create(
            version=version, partner_id=by.partner_id, digest=digest_of(asset, version, profile)
        )
        copy = BrandedCopy.objects.select_for_update(of=("self",)).get(pk=copy.pk)
        if copy.state == CopyState.READY:
            return copy
        if copy.state == CopyState.WAITING and not is_new and _is_being_made(copy):
            return copy
        copy.state, copy.problem = CopyState.WAITING, ""
        copy.save(update_fields=["state", "problem"])
        try:
            return make(copy, seconds=drawing.AT_ONCE)
        except drawing.TookTooLong:
            job = create_job(
                JOB, title=_("Logo in “%s”") % asset.title, by=None, payload={"copy": str(copy.pk)}
            )
            runner.start(job)
        return copy


def _is_being_made(copy: BrandedCopy) -> bool:
    """Whether a worker will bring it: one that has not within ten minutes, or whose job has ended, never will."""
    with tenant_scope(current_tenant_id()):
        jobs = Job.objects.filter(
            kind=JOB, payload__copy=str(copy.pk), created_at__gt=timezone.now() - WAITS_AT_MOST
        )
        return jobs.exclude(state__in=ENDED).exists()


def make(copy: BrandedCopy, *, seconds: float) -> BrandedCopy:
    """Put the logo in and keep the result. Raises TookTooLong; a file that cannot be worked with is written down."""
    version = copy.version
    asset, profile = version.asset, profile_of(copy.partner_id)  # type: ignore[attr-defined]
    if profile is None or not profile.logo or copy.digest != digest_of(asset, version, profile):
        return _failed(copy, _("The logo or the asset has changed meanwhile. Ask again."))
    tenant_id = current_tenant_id()
    with tempfile.TemporaryDirectory() as folder:
        target, small = Path(folder, "copy"), Path(folder, "small.png")
        form = version.stampable
        try:
            drawing.order(
                "stamp",
                seconds=seconds,
                source=str(storage.path_of(tenant_id, version.stored_as)),
                target=str(target),
                kind=form,
                logo=str(storage.path_of(tenant_id, profile.logo)),
                box={
                    side: float(getattr(asset, f"box_{side}")) for side in ("left", "top", "width", "height")
                },
                page=asset.box_page,
            )
            content = target.read_bytes()
            refuse_if_no_room(len(content), copy.partner_id)  # type: ignore[attr-defined]
        except ActionRefused as refusal:
            return _failed(copy, str(refusal.message))
        copy.stored_as, _digest, copy.size = storage.save(tenant_id, io.BytesIO(content))
        try:
            drawing.order(
                "preview",
                seconds=max(seconds, 2.0),
                source=str(target),
                target=str(small),
                kind=form,
                page=asset.box_page,
            )
            copy.preview_as = storage.save(tenant_id, io.BytesIO(small.read_bytes()))[0]
        except (ActionRefused, drawing.TookTooLong):
            copy.preview_as = ""
    copy.state = CopyState.READY
    copy.save(update_fields=["state", "stored_as", "preview_as", "size"])
    _say("asset.branded", copy, asset)
    return copy


def _failed(copy: BrandedCopy, problem: str) -> BrandedCopy:
    copy.state, copy.problem = CopyState.FAILED, problem[:300]
    copy.save(update_fields=["state", "problem"])
    _say("asset.branding_failed", copy, copy.version.asset)
    return copy


def _say(event: str, copy: BrandedCopy, asset: Asset) -> None:
    data = {"title": asset.title, "problem": copy.problem}
    record(event, subject=asset, partner_id=copy.partner_id, data=data)  # type: ignore[attr-defined]


@runner.job_handler(JOB)
def brand(job: Job) -> bool:
    copy = BrandedCopy.objects.select_for_update(of=("self",)).filter(pk=job.payload["copy"]).first()
    if copy is not None and copy.state == CopyState.WAITING:
        try:
            make(copy, seconds=drawing.IN_A_JOB)
        except drawing.TookTooLong:
            _failed(copy, _("The file is too large or too complicated, so no logo can be put into it."))
    return False
