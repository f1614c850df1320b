"""Answering: by whoever holds the link. One link, one answer."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.models import Partner
from partners.surveys.enums import ANSWERABLE, InvitationStatus, Measure, QuestionKind, Segment, SurveyStatus
from partners.surveys.models import (
    OptOut,
    Survey,
    SurveyAnswer,
    SurveyDraft,
    SurveyInvitation,
    SurveyResponse,
    random_key,
)
from partners.surveys.questions import Question, Value, cleaned, read
from partners.surveys.waves import wave_of
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.registry import segment_codes
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope


class AnswerRefused(ActionRefused):
    """The link takes no answer any more; `code` says why: answered, expired, closed or left."""


class AnswerIncomplete(ActionRefused):
    """Something is missing or wrong; `wrong` has the sentences by question."""

    def __init__(self, wrong: dict[str, str]):
        super().__init__(_("Some questions still need an answer."), code="incomplete")
        self.wrong = wrong


def state_of(invitation: SurveyInvitation) -> str:
    """open, answered, expired, closed or left. The invitation comes with its survey and member."""
    if invitation.status == InvitationStatus.ANSWERED:
        return "answered"
    if invitation.survey.status == SurveyStatus.CLOSED:
        return "closed"
    member = invitation.member
    if member is not None and not (member.is_active and member.user.is_active):
        return "left"
    if invitation.status not in ANSWERABLE or invitation.version_id is None or invitation.has_expired:
        return "expired"
    return "open"


def asked_of(invitation: SurveyInvitation) -> list[Question]:
    """The questions of its version; none before it is sent."""
    return read(invitation.version.questions) if invitation.version else []


def answer(invitation_id: UUID, given: Mapping[str, Any]) -> None:
    """Keep the answer of whoever has the link. Raises AnswerRefused or AnswerIncomplete; nothing is kept then."""
    with tenant_scope(current_tenant_id()):
        invitation = _locked(invitation_id)
        survey = invitation.survey
        questions = asked_of(invitation)
        values, wrong = cleaned(questions, given)
        if wrong:
            raise AnswerIncomplete(wrong)
        if not values:
            raise AnswerIncomplete({"": _("Please answer at least one question.")})
        response = _response(invitation, survey)
        SurveyAnswer.objects.bulk_create(_answers(response, questions, values))
        if survey.is_anonymous:
            _forget_when(response)
        invitation.status = InvitationStatus.ANSWERED
        invitation.save(update_fields=["status"])
        SurveyDraft.objects.filter(invitation=invitation).delete()
        if not survey.is_anonymous:
            # Of an anonymous answer there is no event: its moment and order would lead to who gave it.
            record(
                "survey.answered",
                subject=response,
                by=invitation.member,
                partner_id=invitation.partner_id,
                data={"new": {"survey": survey.title, "on": response.answered_on.isoformat()}},
            )


def keep_draft(invitation_id: UUID, given: Mapping[str, Any]) -> SurveyDraft:
    """Keep what has been answered so far, whether it is complete or not. Raises AnswerRefused."""
    with tenant_scope(current_tenant_id()):
        invitation = _locked(invitation_id)
        questions = asked_of(invitation)
        values, _wrong = cleaned(questions, given)
        draft, _new = SurveyDraft.objects.update_or_create(
            invitation=invitation, defaults={"answers": values}
        )
    return draft


def opt_out(invitation: SurveyInvitation) -> None:
    """No more surveys to this address, from any survey of this vendor."""
    with tenant_scope(current_tenant_id()):
        OptOut.objects.get_or_create(email=invitation.email)


def _locked(invitation_id: UUID) -> SurveyInvitation:
    invitation = (
        SurveyInvitation.objects.select_for_update(of=("self",))
        .select_related("survey", "version", "member__user")
        .get(pk=invitation_id)
    )
    # Closing locks the survey; an answer that has begun is counted, and one that comes later sees that it is closed.
    invitation.survey = Survey.objects.select_for_update(of=("self",), no_key=True).get(
        pk=invitation.survey_id
    )
    state = state_of(invitation)
    if state != "open":
        raise AnswerRefused(_("This link takes no answer any more."), code=state)
    return invitation


def _response(invitation: SurveyInvitation, survey: Survey) -> SurveyResponse:
    today = timezone.localdate(timezone=current_tenant().zone)
    known = _segments(invitation.partner_id, today)
    wave = wave_of(today)
    if not survey.is_anonymous:
        return SurveyResponse.objects.create(
            survey=survey,
            version=invitation.version,
            invitation=invitation,
            partner_id=invitation.partner_id,
            customer_id=invitation.customer_id,
            member=invitation.member,
            answered_on=today,
            wave=wave,
            **known,
        )
    kept = {name: value for name, value in known.items() if name == _FIELDS.get(Segment(survey.segment))}
    return SurveyResponse.objects.create(
        id=random_key(),
        survey=survey,
        version=invitation.version,
        is_anonymous=True,
        answered_on=wave,
        wave=wave,
        **kept,
    )


_FIELDS = {Segment.TYPE: "partner_type", Segment.TIER: "tier", Segment.REGION: "region"}


def _segments(partner_id: UUID | None, day: dt.date) -> dict[str, str]:
    """Where the partner stands now: results are split by what it was when the answer came."""
    if partner_id is None:
        return {}
    partner = Partner.objects.get(pk=partner_id)
    return {
        "partner_type": partner.type,
        "region": partner.region,
        "tier": segment_codes([(partner.pk, day)]).get((partner.pk, day), ""),
    }


def _answers(
    response: SurveyResponse, questions: list[Question], values: Mapping[str, Value]
) -> Iterator[SurveyAnswer]:
    for question in questions:
        value = values.get(question.key)
        if value is not None:
            for row in _rows(question, value):
                if response.is_anonymous:
                    row.id = random_key()
                row.response = response
                yield row


def _rows(question: Question, value: Value) -> Iterator[SurveyAnswer]:
    measure = question.measure or Measure.NONE
    scale = {"low": question.low, "high": question.high}
    if isinstance(value, dict):
        topics = {row.code: row.topic for row in question.rows}
        for code, number in value.items():
            yield SurveyAnswer(
                key=question.key, row=code, number=number, measure=measure, topic=topics[code], **scale
            )
    elif isinstance(value, list):
        for code in value:
            yield SurveyAnswer(key=question.key, option=code)
    elif isinstance(value, int):
        yield SurveyAnswer(key=question.key, number=value, measure=measure, topic=question.topic, **scale)
    elif question.kind == QuestionKind.TEXT:
        yield SurveyAnswer(key=question.key, text=value)
    else:
        yield SurveyAnswer(key=question.key, option=value)


def _forget_when(response: SurveyResponse) -> None:
    """The moment of writing would lead to the person whose link was used then."""
    moment = dt.datetime.combine(response.wave, dt.time(), dt.UTC)
    SurveyResponse.objects.filter(pk=response.pk).update(created_at=moment)
    SurveyAnswer.objects.filter(response=response).update(created_at=moment)
