"""Reads of partners' documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from partners.directory.models import Partner
from partners.onboarding.documents.models import DocumentKind, PartnerDocument
from partners.onboarding.enums import DocumentStatus
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared


@dataclass(frozen=True)
class Paper:
    """A kind of document for one partner: the newest of it, and the state in a word.

    missing, sent, refused, valid, expiring or expired. `counting` is the one in force, if another waits.
    """

    kind: DocumentKind
    document: PartnerDocument | None
    counting: PartnerDocument | None
    state: str

    @property
    def is_wanted(self) -> bool:
        """Whether something has to be handed in."""
        return self.state in ("missing", "refused", "expiring", "expired")


def papers(partner: Partner, today: date) -> list[Paper]:
    """What is asked of the partner, and what there is of it. Two queries, where anything is."""
    kinds = [kind for kind in _kinds() if kind.is_for(partner)]
    newest: dict[UUID, PartnerDocument] = {}
    counting: dict[UUID, PartnerDocument] = {}
    for document in _documents_of(partner.pk) if kinds else ():
        newest[document.kind_id] = document
        if document.counts_on(today):
            counting[document.kind_id] = document
    return [
        Paper(
            kind,
            newest.get(kind.pk),
            counting.get(kind.pk),
            _state(newest.get(kind.pk), counting.get(kind.pk), today),
        )
        for kind in kinds
    ]


@prepared
def _kinds() -> QuerySet[DocumentKind]:
    return DocumentKind.objects.filter(is_active=True)


@prepared
def _documents_of(partner_id: UUID) -> QuerySet[PartnerDocument]:
    rows = PartnerDocument.objects.filter(partner_id=partner_id).select_related("kind", "file")
    return rows.order_by("created_at", "pk")


def _state(newest: PartnerDocument | None, counting: PartnerDocument | None, today: date) -> str:
    if newest is None:
        return "missing"
    if newest.status == DocumentStatus.SENT:
        return "sent"
    if counting is not None:
        return "expiring" if counting.ends_soon(today) else "valid"
    return "refused" if newest.status == DocumentStatus.REFUSED else "expired"


def visible_documents(member: Membership) -> QuerySet[PartnerDocument]:
    documents = PartnerDocument.objects.select_related(
        "kind", "partner__manager__user", "file", "sent_by__user"
    )
    return documents.filter(partner_id=member.partner_id) if member.is_partner else documents


def to_check(member: Membership) -> QuerySet[PartnerDocument]:
    """What waits for the member's check, the oldest first."""
    documents = visible_documents(member).filter(status=DocumentStatus.SENT)
    if member.is_manager:
        documents = documents.filter(Q(partner__manager=None) | Q(partner__manager=member))
    return documents.order_by("created_at", "pk")


def held_pairs(partners: Iterable[UUID], today: date) -> set[tuple[UUID, UUID]]:
    """(partner, kind) of those that count today. One query."""
    rows = PartnerDocument.objects.filter(
        Q(expires_on=None) | Q(expires_on__gte=today),
        partner_id__in=list(partners),
        status=DocumentStatus.ACCEPTED,
    )
    return set(rows.values_list("partner_id", "kind_id"))
