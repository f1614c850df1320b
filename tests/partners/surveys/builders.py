"""Test data of surveys, in the tenant in scope."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from partners.directory.models import Customer, Partner
from partners.surveys import actions
from partners.surveys.enums import Audience, InvitationStatus, QuestionKind
from partners.surveys.models import Survey, SurveyInvitation, SurveyResponse
from partners.surveys.questions import Question
from portal.accounts.models import Membership

_numbers = iter(range(1_000_000))


def a_survey(by: Membership, ready: str = "nps", *, publish: bool = True, **fields: Any) -> Survey:
    survey = actions.create_survey(by=by, ready=ready, **{"title": "What do you think?", **fields})
    return actions.publish(survey, by=by) if publish else survey


def asking(by: Membership, *questions: Question, **fields: Any) -> Survey:
    """An open survey with these questions."""
    survey = a_survey(by, "empty", publish=False, **fields)
    for question in questions:
        actions.save_question(survey, question, by=by)
    return actions.publish(survey, by=by)


def text_question(text: str = "Why?", **fields: Any) -> Question:
    return Question("", QuestionKind.TEXT, text, **fields)


def an_invitation(
    survey: Survey,
    *,
    partner: Partner | None = None,
    customer: Customer | None = None,
    member: Membership | None = None,
    **fields: Any,
) -> SurveyInvitation:
    """One that was sent to somebody new."""
    now = timezone.now()
    values = {
        "email": member.user.email if member else f"someone-{next(_numbers)}@customer.example",
        "occasion": "test",
        "status": InvitationStatus.SENT,
        "version": survey.versions.exclude(published_at=None).first(),
        "due_at": now,
        "sent_at": now,
        "last_sent_at": now,
        "expires_at": now + timedelta(days=30),
    }
    return SurveyInvitation.objects.create(
        survey=survey, partner=partner, customer=customer, member=member, **{**values, **fields}
    )


def answered(
    survey: Survey, answers: dict[str, Any], *, partner: Partner | None = None, **fields: Any
) -> UUID:
    """Somebody's answer; the invitation's key."""
    invitation = an_invitation(survey, partner=partner, **fields)
    actions.answer(invitation.pk, answers)
    return invitation.pk


def response_to(invitation: UUID) -> SurveyResponse:
    return SurveyResponse.objects.get(invitation_id=invitation)


def for_customers(**fields: Any) -> dict[str, Any]:
    return {"audience": Audience.CUSTOMERS, **fields}
