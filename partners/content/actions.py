"""The verbs of the library. Each locks the asset, decides on what it then reads, writes, and records an event."""

import io
import tempfile
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.content import drawing
from partners.content.audience import refresh
from partners.content.enums import STAMPABLE, TRANSITIONS, AssetKind, AssetStatus
from partners.content.models import Asset, AssetCategory, AssetDownload, AssetVersion
from partners.content.queries import current_version
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files import storage
from portal.files.actions import kind_of, refuse_if_no_room

FIELDS = frozenset(
    {
        "title",
        "summary",
        "category",
        "tags",
        "language",
        "partner_types",
        "segments",
        "regions",
        "publish_on",
        "expires_on",
    }
)
AUDIENCE = ("partner_types", "segments", "regions")
BOX = ("box_page", "box_left", "box_top", "box_width", "box_height")
MOST_VERSIONS = 200
LOOKED_AT = 4.0


def save_category(category: AssetCategory | None = None, *, by: Membership, name: str) -> AssetCategory:
    """Add a category, or rename one."""
    check(by, "content.change_asset")
    if category is None:
        category = AssetCategory()
    else:
        category = AssetCategory.objects.select_for_update(of=("self",)).get(pk=category.pk)
    category.name = " ".join(name.split())
    try:
        with transaction.atomic():
            category.save()
    except IntegrityError as error:
        raise ActionRefused(
            _("Another category has this name already."), field="name", code="taken"
        ) from error
    record("asset.category_saved", subject=category, by=by, data={"new": {"name": category.name}})
    return category


def create_asset(
    *, by: Membership, upload: UploadedFile | None = None, url: str = "", **fields: Any
) -> Asset:
    """A new asset with its first version: a file, or a link. Nobody sees it before it is published."""
    check(by, "content.change_asset")
    kind = AssetKind.FILE if upload is not None else AssetKind.LINK
    asset = Asset(kind=kind, **_known(fields))
    _refuse_wrong_dates(asset)
    _save_once(asset, insert=True)
    record("asset.created", subject=asset, by=by, data={"new": {"title": asset.title}})
    _add(asset, by, upload, url, "")
    return asset


def update_asset(asset: Asset, *, by: Membership, **fields: Any) -> Asset:
    """Change what is said of an asset, and whom it is for."""
    asset = _begin(asset, by)
    changed = [name for name, value in _known(fields).items() if getattr(asset, name) != value]
    if not changed:
        return asset
    for name in changed:
        setattr(asset, name, fields[name])
    _refuse_wrong_dates(asset)
    _save_once(asset, only=changed)
    record("asset.updated", subject=asset, by=by, data={"fields": changed, "title": asset.title})
    if any(name in AUDIENCE for name in changed):
        refresh(assets=[asset.pk])
    return asset


def add_version(
    asset: Asset, *, by: Membership, upload: UploadedFile | None = None, url: str = "", note: str = ""
) -> AssetVersion:
    """Replace the content. The versions before stay; who took one is told, once the asset is out."""
    asset = _begin(asset, by)
    if asset.version >= MOST_VERSIONS:
        raise ActionRefused(_("An asset has at most %s versions.") % MOST_VERSIONS)
    version = _add(asset, by, upload, url, note)
    data = {"title": asset.title, "version": version.number, "note": version.note, "out": asset.is_out}
    record("asset.version_added", subject=asset, by=by, data=data)
    return version


def change_status(asset: Asset, status: AssetStatus, *, by: Membership) -> Asset:
    """Publish or archive."""
    asset = _begin(asset, by)
    if status == asset.status:
        return asset
    if status not in TRANSITIONS[AssetStatus(asset.status)]:
        raise ActionRefused(
            _("An asset that is “%s” cannot become that.") % asset.get_status_display(), code="state"
        )
    old, asset.status = asset.status, AssetStatus(status)
    asset.save(update_fields=["status", "updated_at"])
    data = {"old": {"status": old}, "new": {"status": asset.status.value}, "title": asset.title}
    record("asset.status_changed", subject=asset, by=by, data=data)
    refresh(assets=[asset.pk])
    return asset


def set_box(asset: Asset, *, by: Membership, **box: Any) -> Asset:
    """Say where a partner's logo goes: page, left, top, width and height in per cent; all None for nowhere."""
    asset = _begin(asset, by)
    if box["box_width"] is not None:
        version = current_version(asset)
        if version is None or not version.stampable:
            raise ActionRefused(
                _("A logo can be put into a picture or a PDF that can be read, not into this.")
            )
        if version.pages and not 0 < box["box_page"] <= version.pages:
            raise ActionRefused(_("The PDF has %s pages.") % version.pages, field="box_page")
        if box["box_left"] + box["box_width"] > 100:
            raise ActionRefused(_("The box goes beyond the right edge."), field="box_width")
        if box["box_top"] + box["box_height"] > 100:
            raise ActionRefused(_("The box goes beyond the lower edge."), field="box_height")
    for name in BOX:
        setattr(asset, name, box[name] if box[name] is not None or name != "box_page" else 1)
    asset.save(update_fields=[*BOX, "updated_at"])
    event = "asset.box_marked" if asset.has_box else "asset.box_removed"
    record(event, subject=asset, by=by, data={"title": asset.title})
    return asset


def note_download(
    asset: Asset, version: AssetVersion, *, by: Membership, cobranded: bool = False
) -> AssetDownload:
    """Count that somebody takes a version. Whoever calls this has found the asset among those that the member sees."""
    check(by, "content.view_asset")
    taken = AssetDownload.objects.create(
        asset=asset, version=version, partner_id=by.partner_id, member=by, cobranded=cobranded
    )
    data = {"title": asset.title, "version": version.number, "cobranded": cobranded}
    # The subject is the download: whoever follows assets need not look at one again because somebody took it.
    record("asset.downloaded", subject=taken, by=by, partner_id=by.partner_id, data=data)
    return taken


# --- the parts ---------------------------------------------------------------------------------


def _begin(asset: Asset, by: Membership) -> Asset:
    check(by, "content.change_asset")
    # Looking at a file takes seconds, for which who takes the asset, or comes to see it, need not wait.
    return Asset.objects.select_for_update(of=("self",), no_key=True).get(pk=asset.pk)


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise TypeError(f"These fields cannot be written here: {', '.join(unknown)}")
    return fields


def _refuse_wrong_dates(asset: Asset) -> None:
    if asset.publish_on and asset.expires_on and asset.expires_on <= asset.publish_on:
        raise ActionRefused(_("The end must come after the beginning."), field="expires_on")


def _save_once(asset: Asset, *, insert: bool = False, only: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            if insert:
                asset.save(force_insert=True)
            else:
                asset.save(update_fields=[*(only or ()), "updated_at"])
    except IntegrityError as error:
        raise ActionRefused(
            _("Another asset has this title already."), field="title", code="taken"
        ) from error


def _add(asset: Asset, by: Membership, upload: UploadedFile | None, url: str, note: str) -> AssetVersion:
    """Write the next version of the locked asset and make it the current one."""
    version = AssetVersion(asset=asset, number=asset.version + 1, note=note.strip(), added_by=by)
    if asset.kind == AssetKind.LINK:
        if not url:
            raise ActionRefused(_("Give the address."), field="url")
        version.url = url
    else:
        if upload is None:
            raise ActionRefused(_("Choose a file."), field="upload")
        _keep(version, upload, by)
    version.save(force_insert=True)
    asset.version = version.number
    asset.save(update_fields=["version", "updated_at"])
    return version


def _keep(version: AssetVersion, upload: UploadedFile, by: Membership) -> None:
    try:
        kind = kind_of(upload)
    except ActionRefused as refusal:
        raise ActionRefused(refusal.message, field="upload", code=refusal.code) from refusal
    refuse_if_no_room(upload.size or 0, None)
    version.name, version.content_type = kind.name, kind.content_type
    upload.seek(0)
    version.stored_as, version.sha256, version.size = storage.save(by.tenant_id, upload)  # type: ignore[arg-type]
    form = STAMPABLE.get(kind.content_type)
    if form is None:
        return
    source = str(storage.path_of(by.tenant_id, version.stored_as))
    try:
        if form == "pdf":
            version.pages = drawing.order("inspect", seconds=LOOKED_AT, source=source)["pages"]
        version.preview_as = preview_of(source, form, 1, by)
    except (ActionRefused, drawing.TookTooLong):
        # It can be downloaded as it is; without pages no logo is put into it.
        return


def preview_of(source: str, form: str, page: int, by: Membership) -> str:
    """Draw a page of a stored file small; the stored name of the PNG."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "preview.png")
        drawing.order("preview", seconds=LOOKED_AT, source=source, target=str(target), kind=form, page=page)
        return storage.save(by.tenant_id, io.BytesIO(target.read_bytes()))[0]
