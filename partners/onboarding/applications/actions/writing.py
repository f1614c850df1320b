"""What every change of an application does: lock, re-read, check, write, record."""

from typing import Any

from django.utils.translation import gettext as _

from partners.onboarding.applications.letters import write_to
from partners.onboarding.applications.models import Application, Referral, snapshot
from partners.onboarding.enums import (
    APPLICATION_TRANSITIONS,
    ApplicationStatus,
    LetterKind,
    ReferralState,
)
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

_TOLD_AS = {
    ApplicationStatus.APPLIED: ReferralState.APPLIED,
    ApplicationStatus.IN_REVIEW: ReferralState.IN_REVIEW,
    ApplicationStatus.RETURNED: ReferralState.IN_REVIEW,
    ApplicationStatus.APPROVED: ReferralState.APPROVED,
    ApplicationStatus.REJECTED: ReferralState.CLOSED,
    ApplicationStatus.WITHDRAWN: ReferralState.CLOSED,
}


def lock(application: Application, version: int | None = None) -> Application:
    """The application as it is now, held until the end. Refuses one that has changed since `version`."""
    found = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if version is not None and version != found.version:
        raise ActionRefused(
            _("The application has changed since you opened this page. Look at it again first."), code="stale"
        )
    return found


def refuse_unless(application: Application, status: ApplicationStatus) -> None:
    """Whether the transition table knows the way."""
    if status not in APPLICATION_TRANSITIONS[ApplicationStatus(application.status)]:
        raise ActionRefused(
            _("This application is %s, so that cannot be done any more.")
            % application.get_status_display().lower(),
            code="state",
        )


def move(
    application: Application,
    status: ApplicationStatus,
    event: str,
    *,
    by: Membership | None,
    letter: LetterKind | None = None,
    words: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> Application:
    """Write the new status and what goes with it, tell the applicant, and move the referral along."""
    old = application.status
    application.status = status
    application.version += 1
    for name, value in changes.items():
        setattr(application, name, value)
    application.save(update_fields=["status", "version", *changes])
    Referral.objects.filter(application_id=application.pk).exclude(state=_TOLD_AS[status]).update(
        state=_TOLD_AS[status]
    )
    if letter is not None:
        write_to(application, letter, **(words or {}))
    record(
        event,
        subject=application,
        by=by,
        data={"old": {"status": old}, "new": snapshot(application), **(data or {})},
    )
    return application
