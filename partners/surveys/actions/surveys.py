"""A survey's own life: made, changed, opened, closed, copied."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.surveys.enums import SURVEY_TRANSITIONS, InvitationStatus, Segment, SurveyStatus, Withheld
from partners.surveys.models import Survey, SurveyInvitation, SurveyPolicy, SurveyVersion, snapshot
from partners.surveys.questions import as_data, problems, read
from partners.surveys.ready import READY
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

SURVEY_FIELDS = (
    "title",
    "introduction",
    "thanks",
    "audience",
    "roles",
    "types",
    "tiers",
    "regions",
    "trigger",
    "delay_days",
    "expires_days",
    "remind_days",
    "reminders",
    "is_anonymous",
    "segment",
)
# What people were promised, and whom the survey is about, stays from the moment it is open.
PROMISED = ("audience", "is_anonymous", "segment")


def create_survey(*, by: Membership, ready: str = "empty", **fields: Any) -> Survey:
    """A draft with the questions of a ready-made survey (`ready.READY`)."""
    check(by, "surveys.change_survey")
    template = READY[ready]
    values = {"audience": template.audience} | {
        name: fields[name] for name in SURVEY_FIELDS if name in fields
    }
    survey = Survey(**values)
    _tidy(survey)
    survey.save()
    SurveyVersion.objects.create(
        survey=survey, number=1, questions=[as_data(question) for question in template.questions()]
    )
    record("survey.created", subject=survey, by=by, data={"new": snapshot(survey)})
    return survey


def update_survey(survey: Survey, *, by: Membership, **fields: Any) -> Survey:
    """Change what a survey says and whom it asks. Questions have a version of their own."""
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    if survey.status == SurveyStatus.CLOSED:
        raise ActionRefused(_("This survey is closed. Copy it to ask again."), code="closed")
    changed = {
        name: fields[name]
        for name in SURVEY_FIELDS
        if name in fields and getattr(survey, name) != fields[name]
    }
    promised = [name for name in PROMISED if name in changed]
    if survey.is_open and promised:
        raise ActionRefused(
            _("People have been promised this already. Close the survey and copy it to ask otherwise."),
            field=promised[0],
            code="promised",
        )
    old = {name: getattr(survey, name) for name in changed}
    for name, value in changed.items():
        setattr(survey, name, value)
    _tidy(survey)
    if changed:
        survey.save()
        record("survey.updated", subject=survey, by=by, data={"old": old, "new": changed})
    return survey


def publish(survey: Survey, *, by: Membership) -> Survey:
    """Open a draft, or have an open survey ask its changed questions from now on."""
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    if survey.status == SurveyStatus.CLOSED:
        raise ActionRefused(_("This survey is closed. Copy it to ask again."), code="closed")
    version = survey.versions.select_for_update(of=("self",)).filter(published_at=None).first()
    if version is None:
        return survey
    questions = read(version.questions)
    wrong = problems(questions)
    if not questions or wrong:
        raise ActionRefused(wrong[0][1] if wrong else _("Add at least one question first."))
    now = timezone.now()
    version.published_at, version.published_by = now, by
    version.save(update_fields=["published_at", "published_by"])
    if survey.status == SurveyStatus.DRAFT:
        survey.status, survey.opened_at = SurveyStatus.OPEN, now
        survey.save(update_fields=["status", "opened_at", "updated_at"])
    data = {"new": {**snapshot(survey), "version": version.number}}
    record("survey.published", subject=survey, by=by, data=data)
    return survey


def close(survey: Survey, *, by: Membership) -> Survey:
    """Take no answers any more, for good. What waits to be sent stays behind."""
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    if survey.status == SurveyStatus.CLOSED:
        return survey
    assert SurveyStatus.CLOSED in SURVEY_TRANSITIONS[SurveyStatus(survey.status)]
    survey.status, survey.closed_at = SurveyStatus.CLOSED, timezone.now()
    survey.save(update_fields=["status", "closed_at", "updated_at"])
    SurveyInvitation.objects.filter(survey=survey, status=InvitationStatus.WAITING).update(
        status=InvitationStatus.WITHHELD, withheld=Withheld.CLOSED
    )
    record("survey.closed", subject=survey, by=by, data={"new": snapshot(survey)})
    return survey


def copy(survey: Survey, *, by: Membership) -> Survey:
    """A draft with the same questions and audience, and no answers."""
    check(by, "surveys.change_survey")
    twin = Survey(**{name: getattr(survey, name) for name in SURVEY_FIELDS})
    twin.title = _("%s (copy)") % survey.title[:180]
    twin.save()
    newest = survey.versions.first()
    SurveyVersion.objects.create(survey=twin, number=1, questions=newest.questions if newest else [])
    record("survey.created", subject=twin, by=by, data={"new": snapshot(twin)})
    return twin


def change_policy(*, by: Membership, **fields: Any) -> SurveyPolicy:
    """Set what holds for all surveys."""
    check(by, "surveys.change_policy")
    SurveyPolicy.objects.get_or_create()
    policy = SurveyPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(policy, name) for name in fields}
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save(update_fields=list(fields))
    record("surveys.policy_changed", subject=policy, by=by, data={"old": old, "new": fields})
    return policy


def lock_survey(survey: Survey) -> Survey:
    return Survey.objects.select_for_update(of=("self",)).get(pk=survey.pk)


def _tidy(survey: Survey) -> None:
    """Only an anonymous survey is bound to one way of splitting; of the others everything is known."""
    if not survey.is_anonymous:
        survey.segment = Segment.NONE
