"""What files hang on here. Applicants' files are the vendor's alone."""

from uuid import UUID

from partners.onboarding.applications.models import Application
from partners.onboarding.applications.queries import visible_applications
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
