"""A survey's life, its questions and versions."""

import pytest
from django.core.exceptions import PermissionDenied

from partners.surveys import actions, queries
from partners.surveys.enums import Audience, InvitationStatus, QuestionKind
from partners.surveys.models import SurveyVersion
from partners.surveys.questions import Condition, Question, read
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.partners.surveys.builders import a_survey, answered, asking, text_question

pytestmark = pytest.mark.usefixtures("scoped")


def keys(version: SurveyVersion) -> list[str]:
    return [question.key for question in read(version.questions)]


def test_a_draft_is_changed_in_place_and_what_was_published_is_not(admin: Membership) -> None:
    survey = a_survey(admin, "empty", publish=False)
    actions.save_question(survey, text_question("One?"), by=admin)
    assert actions.save_question(survey, text_question("Two?"), by=admin).number == 1
    actions.publish(survey, by=admin)
    answered(survey, {"q1": "Because", "q2": "Yes"})
    second = actions.save_question(survey, text_question("Three?"), by=admin)
    assert (second.number, keys(second)) == (2, ["q1", "q2", "q3"])
    assert keys(queries.published_version(survey)) == ["q1", "q2"]
    actions.publish(survey, by=admin)
    assert keys(queries.published_version(survey)) == ["q1", "q2", "q3"]
    assert keys(survey.versions.get(number=1)) == ["q1", "q2"]


def test_whoever_was_asked_before_answers_the_version_they_were_sent(admin: Membership) -> None:
    survey = asking(admin, text_question("One?"))
    first = queries.published_version(survey)
    actions.delete_question(survey, "q1", by=admin)
    actions.save_question(survey, text_question("Other?"), by=admin)
    actions.publish(survey, by=admin)
    old = answered(survey, {"q1": "To the first"}, version=first)
    new = answered(survey, {"q2": "To the second"})
    assert [
        row.version.number for row in survey.responses.filter(invitation__in=[old, new]).order_by("pk")
    ] == [1, 2]


def test_a_question_that_becomes_another_kind_does_not_mix_with_its_old_answers(admin: Membership) -> None:
    scale = Question("", QuestionKind.SCALE, "How much?", low=1, high=5)
    why = Question("", QuestionKind.TEXT, "Why?", condition=Condition("q1", "at_most", number=2))
    survey = asking(admin, scale, why)
    reworded = Question("q1", QuestionKind.SCALE, "How much indeed?", low=1, high=5)
    assert keys(actions.save_question(survey, reworded, by=admin)) == ["q1", "q2"]
    wider = Question("q1", QuestionKind.SCALE, "How much?", low=0, high=10)
    version = actions.save_question(survey, wider, by=admin)
    assert keys(version) == ["q3", "q2"]
    assert read(version.questions)[1].condition.key == "q3"


def test_questions_are_moved_but_not_before_what_they_depend_on(admin: Membership) -> None:
    survey = a_survey(admin, "nps", publish=False)
    assert keys(actions.move_question(survey, "q3", up=True, by=admin)) == ["q1", "q3", "q2"]
    with pytest.raises(ActionRefused, match="does not come before it"):
        actions.move_question(survey, "q3", up=True, by=admin)
    with pytest.raises(ActionRefused, match="does not come before it"):
        actions.delete_question(survey, "q1", by=admin)


def test_changes_that_were_not_published_can_be_given_up(admin: Membership) -> None:
    survey = a_survey(admin)
    actions.save_question(survey, text_question(), by=admin)
    actions.discard_changes(survey, by=admin)
    assert queries.newest_version(survey).number == 1


def test_an_empty_survey_is_not_published(admin: Membership) -> None:
    with pytest.raises(ActionRefused, match="at least one question"):
        a_survey(admin, "empty")


def test_what_people_were_promised_stays(admin: Membership) -> None:
    survey = a_survey(admin, is_anonymous=True)
    for change in ({"is_anonymous": False}, {"segment": "type"}, {"audience": Audience.MEMBERS}):
        with pytest.raises(ActionRefused, match="promised"):
            actions.update_survey(survey, by=admin, **change)
    actions.update_survey(survey, by=admin, title="Another title")


def test_closing_is_for_good_and_stops_what_waits(admin: Membership) -> None:
    survey = a_survey(admin)
    actions.invite(survey, [actions.Recipient("a@example.com")], by=admin, occasion="x")
    actions.close(survey, by=admin)
    row = survey.invitations.get()
    assert (row.status, row.withheld) == (InvitationStatus.WITHHELD, "closed")
    for call in (actions.publish, actions.update_survey):
        with pytest.raises(ActionRefused, match="closed"):
            call(survey, by=admin)
    twin = actions.copy(survey, by=admin)
    assert (twin.status, keys(twin.versions.get())) == ("draft", ["q1", "q2", "q3"])


def test_only_admins_make_surveys(manager: Membership, admin: Membership, partner_owner: Membership) -> None:
    survey = a_survey(admin)
    for member in (manager, partner_owner):
        with pytest.raises(PermissionDenied):
            a_survey(member)
        with pytest.raises(PermissionDenied):
            actions.close(survey, by=member)
        with pytest.raises(PermissionDenied):
            actions.invite(survey, [], by=member, occasion="x")


def test_inviting_twice_for_one_occasion_asks_nobody_twice(admin: Membership, tenant: Tenant) -> None:
    survey = a_survey(admin)
    people = [
        actions.Recipient("A@example.com"),
        actions.Recipient("a@example.com"),
        actions.Recipient("b@example.com"),
    ]
    assert actions.invite(survey, people, by=admin, occasion="autumn") == 2
    assert actions.invite(survey, people, by=admin, occasion="autumn") == 0
    assert actions.invite(survey, people, by=admin, occasion="spring") == 2
    assert Event.objects.filter(type="survey.sent").count() == 3
