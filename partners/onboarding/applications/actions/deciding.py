"""What the vendor's people do with an application."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.actions import admit_partner
from partners.directory.enums import PartnerStatus
from partners.onboarding.applications.actions.writing import lock, move, refuse_unless
from partners.onboarding.applications.models import (
    MOST_POINTS,
    Application,
    ApplicationScore,
    ScoringCriterion,
    snapshot,
)
from partners.onboarding.applications.queries import policy
from partners.onboarding.applications.scoring import as_data, sheet_of, total
from partners.onboarding.enums import ApplicationStatus, LetterKind
from partners.onboarding.plans.actions import start
from partners.onboarding.plans.queries import plan_for
from portal.accounts.access import check
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.people.actions import issue_invitation

S = ApplicationStatus


def start_review(application: Application, *, by: Membership) -> Application:
    """Begin to look at it; the applicant is told, and a manager who begins takes it on."""
    application = lock(application)
    check(by, "onboarding.decide_application", application)
    if application.status == S.IN_REVIEW:
        return application
    refuse_unless(application, S.IN_REVIEW)
    return move(
        application,
        S.IN_REVIEW,
        "application.review_started",
        by=by,
        letter=LetterKind.IN_REVIEW,
        review_started_at=application.review_started_at or timezone.now(),
        manager_id=application.manager_id or (by.pk if by.is_manager else None),
    )


def assign(application: Application, manager: Membership | None, *, by: Membership) -> Application:
    """Say who looks after it: an admin anybody or nobody, a manager oneself or, of one's own, a colleague."""
    application = lock(application)
    check(by, "onboarding.assign_application", application)
    if manager is not None and not (
        manager.is_vendor and manager.is_active and manager.tenant_id == by.tenant_id
    ):
        raise ActionRefused(_("Choose a channel manager of this programme."), field="manager")
    if application.manager_id == (manager.pk if manager else None):
        return application
    application.manager = manager
    application.version += 1
    application.save(update_fields=["manager", "version"])
    data = {
        "new": {**snapshot(application), "manager": manager.name if manager else ""},
        "manager": str(manager.pk) if manager else "",
    }
    record("application.assigned", subject=application, by=by, data=data)
    return application


def score(
    application: Application, criterion: ScoringCriterion, *, points: int, by: Membership, note: str = ""
) -> ApplicationScore:
    """Give points for a criterion; the last one to do so counts."""
    application = lock(application)
    check(by, "onboarding.decide_application", application)
    if not application.is_open:
        raise ActionRefused(_("The decision has been taken; the sheet stays as it was."), code="state")
    if not 0 <= points <= MOST_POINTS:
        raise ActionRefused(_("Give 0 to %s points.") % MOST_POINTS, field="points")
    found = ApplicationScore.objects.filter(application=application, criterion=criterion).first()
    if found is not None and (found.points, found.note) == (points, note.strip()):
        return found
    scored = found or ApplicationScore(application=application, criterion=criterion)
    old = scored.points
    scored.points, scored.note, scored.scored_by = points, note.strip(), by
    scored.save()
    data = {
        "old": {"points": old},
        "new": {**snapshot(application), "criterion": criterion.name, "points": points, "note": scored.note},
    }
    record("application.scored", subject=application, by=by, data=data)
    return scored


def ask_for_more(
    application: Application, *, by: Membership, question: str, version: int | None = None
) -> Application:
    """Ask the applicant for what is missing."""
    application = lock(application, version)
    check(by, "onboarding.decide_application", application)
    refuse_unless(application, S.RETURNED)
    if not question.strip():
        raise ActionRefused(_("Say what is missing; the applicant will read it."), field="question")
    return move(
        application,
        S.RETURNED,
        "application.returned",
        by=by,
        letter=LetterKind.MORE,
        words={"question": question.strip()},
        data={"reason": question.strip()},
        more_asked=question.strip(),
        more_given="",
    )


def approve(
    application: Application,
    *,
    by: Membership,
    partner_type: str = "",
    region: str = "",
    manager: Membership | None = None,
    email: str = "",
    message: str = "",
    note: str = "",
    version: int | None = None,
) -> Application:
    """Make the company a partner: its record, its owner's invitation and the plan that fits its type, at once.

    `partner_type`, `email` and `manager` are the application's own unless given; `message` goes to the applicant, `note`
    stays with colleagues. Raises ActionRefused where the person is a member already.
    """
    application = lock(application, version)
    check(by, "onboarding.decide_application", application)
    refuse_unless(application, S.APPROVED)
    sheet = _complete_sheet(application)
    if manager is None:
        manager = application.manager or (by if by.is_manager else None)
    kind = partner_type or application.type
    plan = plan_for(kind)
    partner = admit_partner(
        by=by,
        status=PartnerStatus.ONBOARDING if plan else PartnerStatus.ACTIVE,
        name=application.company,
        type=kind,
        region=region.strip(),
        country=application.country,
        website=application.website,
        manager=manager,
    )
    issue_invitation(
        by=by,
        email=email or application.email,
        name=application.person,
        role=Role.PARTNER_OWNER,
        partner_id=partner.pk,
    )
    if plan is not None:
        start(partner, plan, by=by)
    return move(
        application,
        S.APPROVED,
        "application.approved",
        by=by,
        letter=LetterKind.APPROVED,
        words={"message": message.strip()},
        data={"partner": str(partner.pk), "reason": message.strip()},
        partner=partner,
        manager=manager,
        reason=message.strip(),
        note=note.strip(),
        **_decided(by, sheet),
    )


def reject(
    application: Application, *, by: Membership, reason: str, note: str = "", version: int | None = None
) -> Application:
    """Say no, with the reason that the applicant reads; final."""
    application = lock(application, version)
    check(by, "onboarding.decide_application", application)
    refuse_unless(application, S.REJECTED)
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the applicant will read it."), field="reason")
    sheet = _complete_sheet(application)
    return move(
        application,
        S.REJECTED,
        "application.rejected",
        by=by,
        letter=LetterKind.REJECTED,
        words={"reason": reason.strip()},
        data={"reason": reason.strip()},
        reason=reason.strip(),
        note=note.strip(),
        **_decided(by, sheet),
    )


def _complete_sheet(application: Application) -> list[dict[str, Any]]:
    """The sheet as it is kept with the decision; refuses where the programme wants all of it filled in."""
    lines = sheet_of(application)
    if policy().needs_scores and not total(lines).is_complete:
        raise ActionRefused(_("Score every criterion before you decide."), code="scores")
    return as_data(lines)


def _decided(by: Membership, sheet: list[dict[str, Any]]) -> dict[str, Any]:
    return {"decided_at": timezone.now(), "decided_by": by, "sheet": sheet}
