"""Writes on what a partner company says of itself. Each locks the partner, so that two who save at once take turns."""

import io
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.actions import update_profile
from partners.directory.models import (
    CompanyProfile,
    Competence,
    LocatorPolicy,
    Partner,
    PartnerAddress,
    PartnerContact,
)
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files import storage
from portal.files.actions import refuse_if_no_room
from portal.files.pictures import drawn_anew

LOGO_BYTES = 2 * 1024 * 1024
LOGO_SIDE = 512
MOST_ROWS = 50
DETAILS = frozenset({"website", "country", "region"})
PROFILE = ("description", "regions", "competences", "public_email", "public_phone")


def save_profile(partner: Partner, *, by: Membership, **fields: Any) -> CompanyProfile:
    """Change what a partner says of itself: the company's details, and the words, regions and competences."""
    details = {name: fields.pop(name) for name in DETAILS & fields.keys()}
    partner = update_profile(partner, by=by, **details)
    profile = _profile(partner)
    if "competences" in fields:
        fields["competences"] = _known_competences(fields["competences"])
    changed = [name for name in PROFILE if name in fields and getattr(profile, name) != fields[name]]
    for name in changed:
        setattr(profile, name, fields[name])
    if changed:
        profile.save(update_fields=[*changed, "updated_at"])
        _say("company.profile_changed", partner, by, fields=changed)
    return profile


def set_logo(partner: Partner, upload: UploadedFile, *, by: Membership) -> CompanyProfile:
    """Keep a logo, drawn anew as a PNG. Refuses what is no picture, whatever its name says."""
    partner = _begin(partner, by)
    if (upload.size or 0) > LOGO_BYTES:
        raise ActionRefused(_("The logo is larger than 2 MB. Send a smaller picture."), field="logo")
    try:
        content = drawn_anew(upload, side=LOGO_SIDE)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ActionRefused(error.messages[0], field="logo", code="file") from error
    refuse_if_no_room(len(content), partner.pk)
    profile = _profile(partner)
    # The picture before stays on disk until the nightly clean-up, for pages that still name it.
    profile.logo, _digest, profile.logo_size = storage.save(by.tenant_id, io.BytesIO(content))
    profile.save(update_fields=["logo", "logo_size", "updated_at"])
    _say("company.logo_changed", partner, by)
    return profile


def remove_logo(partner: Partner, *, by: Membership) -> CompanyProfile:
    partner = _begin(partner, by)
    profile = _profile(partner)
    if profile.logo:
        profile.logo, profile.logo_size = "", 0
        profile.save(update_fields=["logo", "logo_size", "updated_at"])
        _say("company.logo_removed", partner, by)
    return profile


def set_listing(partner: Partner, *, by: Membership, listed: bool) -> CompanyProfile:
    """Agree that the company stands in the public locator, or take that back. Only the company itself agrees."""
    check(by, "directory.agree_to_listing", partner)
    partner = _begin(partner, by)
    profile = _profile(partner)
    if profile.listed != listed:
        profile.listed = listed
        profile.listed_at, profile.listed_by = timezone.now(), by
        profile.save(update_fields=["listed", "listed_at", "listed_by", "updated_at"])
        _say("company.listed" if listed else "company.unlisted", partner, by)
    return profile


def save_address(
    partner: Partner, address: PartnerAddress | None = None, *, by: Membership, **fields: Any
) -> PartnerAddress:
    """A new address of the company, or a change to one of its own."""
    partner = _begin(partner, by)
    row = _row(PartnerAddress, partner, address)
    return _save(row, fields, "company.address_saved", partner, by)


def save_contact(
    partner: Partner, contact: PartnerContact | None = None, *, by: Membership, **fields: Any
) -> PartnerContact:
    """A new person who can be spoken to, or a change to one."""
    partner = _begin(partner, by)
    if not fields.get("email") and not fields.get("phone"):
        raise ActionRefused(_("Give an e-mail address or a telephone number."), field="email")
    row = _row(PartnerContact, partner, contact)
    return _save(row, fields, "company.contact_saved", partner, by)


def remove_address(partner: Partner, address: PartnerAddress, *, by: Membership) -> None:
    partner = _begin(partner, by)
    _remove(_row(PartnerAddress, partner, address), "company.address_removed", partner, by)


def remove_contact(partner: Partner, contact: PartnerContact, *, by: Membership) -> None:
    partner = _begin(partner, by)
    _remove(_row(PartnerContact, partner, contact), "company.contact_removed", partner, by)


def save_competence(
    competence: Competence | None = None, *, by: Membership, name: str, is_active: bool = True
) -> Competence:
    """Add to the programme's list of competences, rename one, or stop offering it."""
    check(by, "directory.change_competences")
    if competence is None:
        competence = Competence()
    else:
        competence = Competence.objects.select_for_update(of=("self",)).get(pk=competence.pk)
    competence.name, competence.is_active = " ".join(name.split()), is_active
    try:
        with transaction.atomic():
            competence.save()
    except IntegrityError as error:
        raise ActionRefused(
            _("Another competence has this name already."), field="name", code="taken"
        ) from error
    record("competence.saved", subject=competence, by=by, data={"new": {"name": competence.name}})
    return competence


def save_locator(*, by: Membership, **fields: Any) -> LocatorPolicy:
    """Open or close the public locator, and say what stands above it."""
    check(by, "directory.change_locator")
    LocatorPolicy.objects.get_or_create()
    policy = LocatorPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(policy, name) for name in fields}
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save(update_fields=list(fields))
    record("locator.changed", subject=policy, by=by, data={"old": old, "new": fields})
    return policy


# --- the parts ---------------------------------------------------------------------------------


def _begin(partner: Partner, by: Membership) -> Partner:
    """The locked partner, once the member may change its profile."""
    found = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    check(by, "directory.change_profile", found)
    if not found.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s: its profile can be read but not changed.")
            % {"partner": found.name, "status": found.get_status_display().lower()},
            code="partner_status",
        )
    return found


def _profile(partner: Partner) -> CompanyProfile:
    profile, _new = CompanyProfile.objects.get_or_create(partner=partner)
    return profile


def _known_competences(wanted: Any) -> list[Any]:
    """Those of the programme's list, each once, in the list's order."""
    keys = {str(getattr(key, "pk", key)) for key in wanted}
    return [pk for pk in Competence.objects.values_list("pk", flat=True) if str(pk) in keys]


def _row(model: type[Any], partner: Partner, row: Any) -> Any:
    """The row as the database has it, of this partner, or a new one."""
    if row is not None:
        return model.objects.get(pk=row.pk, partner=partner)
    if model.objects.filter(partner=partner).count() >= MOST_ROWS:
        raise ActionRefused(_("There are %s already, which is the most. Remove one first.") % MOST_ROWS)
    return model(partner=partner)


def _save(row: Any, fields: dict[str, Any], event: str, partner: Partner, by: Membership) -> Any:
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()
    _say(event, partner, by, name=str(row))
    return row


def _remove(row: models.Model, event: str, partner: Partner, by: Membership) -> None:
    _say(event, partner, by, name=str(row))
    row.delete()


def _say(event: str, partner: Partner, by: Membership, **data: Any) -> None:
    record(event, subject=partner, by=by, partner_id=partner.pk, data=data)
