"""The verbs of agreements."""

import hashlib
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.directory.models import Partner
from partners.onboarding.agreements.models import Agreement, AgreementAcceptance, AgreementVersion
from partners.onboarding.agreements.queries import newest_versions
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files.actions import receive
from portal.tenancy.scope import current_tenant_id, tenant_scope


def save_agreement(agreement: Agreement, *, by: Membership) -> Agreement:
    """Write a new or changed agreement. Its wordings are published one by one."""
    check(by, "onboarding.change_plans")
    try:
        with transaction.atomic():
            agreement.save()
    except IntegrityError as error:
        raise ActionRefused(_("Another agreement has this name."), field="name") from error
    data = {"new": {"name": agreement.name, "partner_types": agreement.partner_types}}
    record("agreement.saved", subject=agreement, by=by, data=data)
    return agreement


def publish(
    agreement: Agreement,
    *,
    by: Membership,
    text: str = "",
    file: UploadedFile | None = None,
    changes: str = "",
) -> AgreementVersion:
    """Publish a wording: a text or a PDF, never both. From now on partners are asked for this one."""
    check(by, "onboarding.change_plans")
    agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    text = text.strip().replace("\r\n", "\n")
    if bool(text) == bool(file):
        raise ActionRefused(_("Give either the text or a PDF."), field="text")
    newest = agreement.versions.order_by("-number").first()
    version = AgreementVersion(
        agreement=agreement,
        number=newest.number + 1 if newest else 1,
        text=text,
        changes=changes.strip(),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        published_by=by,
    )
    if file is not None:
        if not (file.name or "").lower().endswith(".pdf"):
            raise ActionRefused(_("Send a PDF."), field="file")
        version.file = receive(version, file, purpose="agreement")
        version.sha256 = version.file.sha256
    if newest and newest.sha256 == version.sha256:
        raise ActionRefused(
            _("This is word for word version %s.") % newest.number, field="text" if text else "file"
        )
    version.save(force_insert=True)
    data = {
        "new": {"name": agreement.name, "version": version.number, "sha256": version.sha256},
        "reason": version.changes,
    }
    record("agreement.published", subject=agreement, by=by, data=data)
    return version


def accept(
    agreement: Agreement, *, by: Membership, sha256: str, address: str = "", browser: str = ""
) -> AgreementAcceptance:
    """Accept the newest wording for the own company. `sha256` is of what the person has read.

    Accepting twice changes nothing. Refuses where a newer wording came out while the person read.
    """
    with tenant_scope(current_tenant_id()):
        partner = Partner.objects.select_for_update(of=("self",)).get(pk=by.partner_id)
        check(by, "onboarding.accept_agreement", partner)
        version = newest_versions([agreement.pk]).get(agreement.pk)
        if version is None or not agreement.is_for(partner):
            raise ActionRefused(_("This agreement is not for your company."), code="state")
        if version.sha256 != sha256:
            raise ActionRefused(
                _("A new version came out while you read. Please read that one."), code="stale"
            )
        accepted, new = AgreementAcceptance.objects.get_or_create(
            version=version,
            partner=partner,
            defaults={
                "member": by,
                "person": by.name[:150],
                "email": by.user.email,
                "address": address or None,
                "browser": browser[:300],
                "sha256": sha256,
            },
        )
        if new:
            data: dict[str, Any] = {
                "new": {
                    "name": agreement.name,
                    "version": version.number,
                    "person": by.name,
                    "sha256": sha256,
                    "address": address,
                }
            }
            record("agreement.accepted", subject=agreement, by=by, partner_id=partner.pk, data=data)
    return accepted
