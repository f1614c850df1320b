"""What files hang on here. Applicants' files are the vendor's alone; a document is its partner's, too."""

from uuid import UUID

from partners.onboarding.applications.models import Application
from partners.onboarding.applications.queries import visible_applications
from partners.onboarding.documents.models import PartnerDocument
from partners.onboarding.documents.queries import visible_documents
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.shell.subjects import Subject, register


def _find(member: Membership, pk: UUID) -> Application | None:
    return visible_applications(member).filter(pk=pk).first()


def _may_add(member: Membership, application: Application) -> bool:
    return can(member, "onboarding.decide_application", application)


register(
    Subject(
        Application,
        find=_find,
        may_add=_may_add,
        partner_of=lambda application: None,
        url_name="onboarding:application",
        event="application",
    )
)


def _find_document(member: Membership, pk: UUID) -> PartnerDocument | None:
    return visible_documents(member).filter(pk=pk).first()


def _may_add_to_document(member: Membership, document: PartnerDocument) -> bool:
    """A document is one file, sent with it; another one is another document."""
    return document.file_id is None and can(member, "onboarding.send_document", document.partner)


register(
    Subject(
        PartnerDocument,
        find=_find_document,
        may_add=_may_add_to_document,
        partner_of=lambda document: document.partner_id,
        url_name="onboarding:document",
        event="document",
    )
)
