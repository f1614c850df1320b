"""The verbs of partners' documents."""

from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.models import Partner
from partners.onboarding.documents.models import DocumentKind, PartnerDocument
from partners.onboarding.enums import DocumentStatus
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.files.actions import attach
from portal.tenancy.scope import current_tenant_id, tenant_scope

S = DocumentStatus


def save_kind(kind: DocumentKind, *, by: Membership) -> DocumentKind:
    """Write a new or changed kind of document."""
    check(by, "onboarding.change_plans")
    try:
        with transaction.atomic():
            kind.save()
    except IntegrityError as error:
        raise ActionRefused(_("Another kind of document has this name."), field="name") from error
    record("document.kind_saved", subject=kind, by=by, data={"new": {"name": kind.name}})
    return kind


def send(
    kind: DocumentKind,
    partner: Partner,
    upload: UploadedFile,
    *,
    by: Membership,
    expires_on: date | None = None,
) -> PartnerDocument:
    """Hand a document in; it counts once somebody of the vendor's has accepted it.

    Raises ActionRefused where it is not wanted of this partner, has no end or a passed one, or the file is refused.
    """
    check(by, "onboarding.send_document", partner)
    if not partner.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s, so nothing can be handed in now.")
            % {"partner": partner.name, "status": partner.get_status_display().lower()},
            code="partner_status",
        )
    if not kind.is_for(partner):
        raise ActionRefused(_("This document is not asked of this partner."), code="state")
    if kind.expires and expires_on is None:
        raise ActionRefused(_("Say until when it is valid."), field="expires_on")
    if kind.expires and expires_on is not None and expires_on < timezone.localdate():
        raise ActionRefused(_("This document has run out already."), field="expires_on")
    with tenant_scope(current_tenant_id()):
        document = PartnerDocument.objects.create(
            kind=kind, partner=partner, expires_on=expires_on if kind.expires else None, sent_by=by
        )
        document.file = attach(document, upload, by=by, purpose="document", partner_id=partner.pk)
        document.save(update_fields=["file"])
        record(
            "document.sent",
            subject=document,
            by=by,
            partner_id=partner.pk,
            data={"new": {"name": kind.name, "expires_on": _plain(document.expires_on)}},
        )
    return document


def accept_document(
    document: PartnerDocument, *, by: Membership, expires_on: date | None = None
) -> PartnerDocument:
    """Say that it is what it should be. `expires_on` corrects the day that the partner gave."""
    document = _waiting(document, by)
    if document.kind.expires and expires_on is not None:
        document.expires_on = expires_on
    return _checked(document, S.ACCEPTED, by, "document.accepted")


def refuse_document(document: PartnerDocument, *, by: Membership, reason: str) -> PartnerDocument:
    """Say what is wrong with it; the partner hands in another one."""
    document = _waiting(document, by)
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the partner will read it."), field="reason")
    document.reason = reason.strip()
    return _checked(document, S.REFUSED, by, "document.refused")


def warn_of_ends(today: date, *, limit: int = 500) -> int:
    """Tell of documents that run out within their days of warning, and of those that have; how many were told of."""
    rows = (
        PartnerDocument.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("kind", "partner")
        .filter(status=S.ACCEPTED, kind__is_active=True, expires_on__isnull=False)
        .filter(Q(told__lt=2, expires_on__lt=today) | Q(told=0, expires_on__lte=_warned_until(today)))
        .order_by("pk")[:limit]
    )
    told = list(rows)
    newest = _newest_accepted(told)
    drafts = []
    for document in told:
        document.told = 2 if document.expires_on is not None and document.expires_on < today else 1
        # A newer one has taken its place: nobody need hear of this one.
        if newest.get((document.partner_id, document.kind_id)) != document.pk:
            continue
        drafts.append(
            EventDraft(
                "document.expired" if document.told == 2 else "document.expiring",
                document,
                partner_id=document.partner_id,
                data={"new": {"name": document.kind.name, "expires_on": _plain(document.expires_on)}},
            )
        )
    PartnerDocument.objects.bulk_update(told, ["told"], batch_size=500)
    record_many(drafts)
    return len(told)


def _warned_until(today: date) -> ExpressionWrapper:
    """Until when a document of a kind is warned about now."""
    return ExpressionWrapper(
        Value(today, output_field=DateField()) + F("kind__warn_days"), output_field=DateField()
    )


def _newest_accepted(documents: list[PartnerDocument]) -> dict[tuple[object, object], object]:
    rows = PartnerDocument.objects.filter(
        partner_id__in={document.partner_id for document in documents},
        kind_id__in={document.kind_id for document in documents},
        status=S.ACCEPTED,
    )
    return {
        (partner, kind): pk
        for partner, kind, pk in rows.order_by("created_at", "pk").values_list("partner_id", "kind_id", "pk")
    }


def _waiting(document: PartnerDocument, by: Membership) -> PartnerDocument:
    found = (
        PartnerDocument.objects.select_for_update(of=("self",))
        .select_related("kind", "partner")
        .get(pk=document.pk)
    )
    check(by, "onboarding.check_document", found.partner)
    if found.status != S.SENT:
        raise ActionRefused(
            _("This document has been checked already: %s.") % found.get_status_display().lower(), code="done"
        )
    return found


def _checked(
    document: PartnerDocument, status: DocumentStatus, by: Membership, event: str
) -> PartnerDocument:
    document.status, document.checked_by, document.checked_at = status, by, _now()
    document.save(update_fields=["status", "reason", "expires_on", "checked_by", "checked_at"])
    data = {"new": {"name": document.kind.name, "status": status}, "reason": document.reason}
    record(event, subject=document, by=by, partner_id=document.partner_id, data=data)
    return document


def _now() -> datetime:
    return timezone.now()


def _plain(day: date | None) -> str | None:
    return day.isoformat() if day else None
