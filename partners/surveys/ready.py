"""Ready-made surveys, to begin with and change as one likes."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.surveys import ready_texts as words
from partners.surveys.enums import Audience, Comparison, Measure, QuestionKind, Topic
from partners.surveys.questions import Condition, Option, Question


@dataclass(frozen=True)
class Ready:
    key: str
    title: str | Promise
    text: str | Promise
    audience: Audience
    questions: Callable[[], list[Question]]


def _nps() -> list[Question]:
    return [
        Question(
            "q1",
            QuestionKind.NPS,
            words.NPS,
            low=0,
            high=10,
            low_label=words.NPS_LOW,
            high_label=words.NPS_HIGH,
            measure=Measure.NPS,
        ),
        Question("q2", QuestionKind.TEXT, words.WHY, required=False),
        Question(
            "q3",
            QuestionKind.TEXT,
            words.BETTER,
            required=False,
            condition=Condition("q1", Comparison.AT_MOST, number=8),
        ),
    ]


def _csat() -> list[Question]:
    return [
        Question(
            "q1",
            QuestionKind.CSAT,
            words.CSAT,
            low_label=words.DISSATISFIED,
            high_label=words.SATISFIED,
            measure=Measure.CSAT,
        ),
        Question(
            "q2",
            QuestionKind.TEXT,
            words.BETTER,
            required=False,
            condition=Condition("q1", Comparison.AT_MOST, number=3),
        ),
        Question("q3", QuestionKind.TEXT, words.WISH, required=False),
    ]


def _partner_satisfaction() -> list[Question]:
    return [
        Question(
            "q1",
            QuestionKind.MATRIX,
            words.TOGETHER,
            low_label=words.DISSATISFIED,
            high_label=words.SATISFIED,
            measure=Measure.PARTNER,
            rows=(
                Option("response", words.RESPONSE, Topic.RESPONSE),
                Option("support", words.SUPPORT, Topic.SUPPORT),
                Option("communication", words.COMMUNICATION, Topic.COMMUNICATION),
            ),
        ),
        Question("q2", QuestionKind.TEXT, words.CHANGE, required=False),
    ]


def _alignment() -> list[Question]:
    return [
        Question(
            "q1",
            QuestionKind.MATRIX,
            words.ALIGNED,
            low_label=words.DISAGREE,
            high_label=words.AGREE,
            measure=Measure.ALIGNMENT,
            rows=(
                Option("innovation", words.INNOVATION, Topic.INNOVATION),
                Option("projects", words.PROJECTS, Topic.PROJECTS),
                Option("initiatives", words.INITIATIVES, Topic.INITIATIVES),
                Option("brand", words.BRAND, Topic.BRAND),
            ),
        ),
        Question("q2", QuestionKind.TEXT, words.NEXT, required=False),
    ]


READY: dict[str, Ready] = {
    ready.key: ready
    for ready in [
        Ready(
            "nps",
            _("Net promoter score"),
            _("Whether customers would recommend you, and why."),
            Audience.CUSTOMERS,
            _nps,
        ),
        Ready(
            "csat",
            _("Customer satisfaction"),
            _("How satisfied customers are with what they got, from 1 to 5."),
            Audience.CUSTOMERS,
            _csat,
        ),
        Ready(
            "partner",
            _("Partner satisfaction"),
            _("How partners find your response times, your support and communicating with you."),
            Audience.MEMBERS,
            _partner_satisfaction,
        ),
        Ready(
            "alignment",
            _("Strategic alignment"),
            _("Shared innovation, joint projects, strategic initiatives and brand."),
            Audience.MEMBERS,
            _alignment,
        ),
        Ready(
            "empty",
            _("Questions of your own"),
            _("Begin with an empty sheet."),
            Audience.MEMBERS,
            list,
        ),
    ]
}
