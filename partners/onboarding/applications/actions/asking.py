"""What the programme asks its applicants and judges them by."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.onboarding.applications.models import (
    ApplicationPolicy,
    ApplicationQuestion,
    ScoringCriterion,
)
from partners.onboarding.enums import WITH_CHOICES, QuestionKind
from partners.onboarding.ordering import close_gap, last_place, swap
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

MOST_QUESTIONS = 50
MOST_FILES = 5


def change_policy(*, by: Membership, **fields: Any) -> ApplicationPolicy:
    """Set how applications are taken."""
    check(by, "onboarding.change_form")
    ApplicationPolicy.objects.get_or_create()
    found = ApplicationPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(found, name) for name in fields if getattr(found, name) != fields[name]}
    for name, value in fields.items():
        setattr(found, name, value)
    found.save(update_fields=list(fields))
    if old:
        data = {"old": old, "new": {name: fields[name] for name in old}}
        record("onboarding.policy_changed", subject=found, by=by, data=data)
    return found


def save_question(question: ApplicationQuestion, *, by: Membership) -> ApplicationQuestion:
    """Write a new or changed question; a new one comes last. Applications keep what they were asked."""
    check(by, "onboarding.change_form")
    lock("onboarding.questions", current_tenant_id())
    if question.kind in WITH_CHOICES:
        question.choices = list(
            dict.fromkeys(choice.strip() for choice in question.choices if choice.strip())
        )
        if len(question.choices) < 2:
            raise ActionRefused(_("Give at least two answers to choose from."), field="choices")
    else:
        question.choices = []
    others = ApplicationQuestion.objects.exclude(pk=question.pk)
    if question.kind == QuestionKind.FILE and others.filter(kind=QuestionKind.FILE).count() >= MOST_FILES:
        raise ActionRefused(_("Ask for at most %s files.") % MOST_FILES, field="kind")
    if question._state.adding:
        if others.count() >= MOST_QUESTIONS:
            raise ActionRefused(_("Ask at most %s questions.") % MOST_QUESTIONS)
        question.position = last_place(others)
    question.save()
    data = {"new": {"text": question.text, "kind": question.kind, "required": question.is_required}}
    record("onboarding.question_saved", subject=question, by=by, data=data)
    return question


def move_question(question: ApplicationQuestion, *, up: bool, by: Membership) -> None:
    """Change places with the question before or after."""
    check(by, "onboarding.change_form")
    if swap(ApplicationQuestion.objects.all(), question, up=up) is not None:
        data = {"new": {"text": question.text}}
        record("onboarding.question_moved", subject=question, by=by, data=data)


def remove_question(question: ApplicationQuestion, *, by: Membership) -> None:
    """Ask it no more. What was answered stays with the applications."""
    check(by, "onboarding.change_form")
    lock("onboarding.questions", current_tenant_id())
    found = ApplicationQuestion.objects.filter(pk=question.pk).first()
    if found is None:
        return
    record("onboarding.question_removed", subject=found, by=by, data={"old": {"text": found.text}})
    found.delete()
    close_gap(ApplicationQuestion.objects.all(), found.position)


def save_criterion(criterion: ScoringCriterion, *, by: Membership) -> ScoringCriterion:
    """Write a new or changed criterion; a new one comes last. Decisions keep the sheet they were taken with."""
    check(by, "onboarding.change_form")
    lock("onboarding.criteria", current_tenant_id())
    if criterion._state.adding:
        criterion.position = last_place(ScoringCriterion.objects.all())
    try:
        with transaction.atomic():
            criterion.save()
    except IntegrityError as error:
        raise ActionRefused(_("Another criterion has this name."), field="name") from error
    data = {"new": {"name": criterion.name, "weight": criterion.weight}}
    record("onboarding.criterion_saved", subject=criterion, by=by, data=data)
    return criterion


def move_criterion(criterion: ScoringCriterion, *, up: bool, by: Membership) -> None:
    """Change places with the criterion before or after."""
    check(by, "onboarding.change_form")
    if swap(ScoringCriterion.objects.all(), criterion, up=up) is not None:
        data = {"new": {"name": criterion.name}}
        record("onboarding.criterion_moved", subject=criterion, by=by, data=data)


def remove_criterion(criterion: ScoringCriterion, *, by: Membership) -> None:
    """Judge by it no more; the points that open applications had for it go, decisions keep theirs."""
    check(by, "onboarding.change_form")
    lock("onboarding.criteria", current_tenant_id())
    found = ScoringCriterion.objects.filter(pk=criterion.pk).first()
    if found is None:
        return
    record("onboarding.criterion_removed", subject=found, by=by, data={"old": {"name": found.name}})
    found.delete()
    close_gap(ScoringCriterion.objects.all(), found.position)
