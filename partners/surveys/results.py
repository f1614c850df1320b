"""What was answered, added up; and of anonymous surveys only what leads to nobody.

How an anonymous survey is kept from giving its people away:

- Its answers count by wave (a quarter), and a wave shows when it is over or the survey is closed for good. What shows
  never changes again, so that comparing two days, or two exports, yields whole waves.
- A question's answers of a wave show where five or more people gave one; the rest stays back for good.
- It is split by one thing alone, chosen before it was opened, and only that thing is kept with an answer. A group shows
  where it has five answers in the wave and what is left over is none or five: else the difference between the whole
  and the groups would be a few people. Sums over waves are sums of what shows.
- Texts come shuffled and without anything beside them.

Pages, exports and the API all read `results`; there is no other way to an anonymous answer.
"""

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.utils import timezone

from partners.surveys.enums import Measure, QuestionKind, Segment, SurveyStatus
from partners.surveys.models import Survey, SurveyAnswer, SurveyResponse
from partners.surveys.questions import Question, read
from partners.surveys.waves import FEWEST, is_over

SEGMENT_FIELDS = {Segment.TYPE: "partner_type", Segment.TIER: "tier", Segment.REGION: "region"}
Wave = dt.date
# A question, or one line of a matrix.
Item = tuple[str, str]


@dataclass(frozen=True)
class Narrowed:
    """What is looked at: answers from one wave up to another and, where the survey is not anonymous, of one segment."""

    first: Wave | None = None
    last: Wave | None = None
    segments: Mapping[str, str] = field(default_factory=dict)

    def has(self, wave: Wave) -> bool:
        return (self.first is None or wave >= self.first) and (self.last is None or wave <= self.last)


@dataclass
class Tally:
    """Answers to an item: how many people gave one, and how often each number or option was given."""

    people: int = 0
    numbers: Counter[int] = field(default_factory=Counter)
    options: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.people += other.people
        self.numbers.update(other.numbers)
        self.options.update(other.options)

    @property
    def mean(self) -> float | None:
        given = sum(self.numbers.values())
        return sum(number * times for number, times in self.numbers.items()) / given if given else None


@dataclass
class ItemResult:
    """An item's answers: all together, by wave, and by the values of each segment. `held` counts the people whose
    answers stay back."""

    question: Question
    row: str = ""
    total: Tally = field(default_factory=Tally)
    waves: dict[Wave, Tally] = field(default_factory=dict)
    segments: dict[str, dict[str, Tally]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    held: int = 0

    @property
    def label(self) -> str:
        words = {option.code: option.shown for option in self.question.rows}
        return words.get(self.row, self.question.shown)

    @property
    def measure(self) -> str:
        return self.question.measure


@dataclass
class Results:
    """A survey's results. `received` is how many answered at all, `shown` how many of them are in the figures."""

    survey: Survey
    items: list[ItemResult]
    received: int
    shown: int
    asked: int
    answered: int
    waves: list[Wave]
    segments: list[str]

    @property
    def rate(self) -> float | None:
        return self.answered / self.asked if self.asked else None

    @property
    def held(self) -> int:
        return self.received - self.shown


def results(survey: Survey, narrowed: Narrowed | None = None, *, today: dt.date | None = None) -> Results:
    """The survey's results, as far as they may be seen. The vendor's side; six queries."""
    narrowed = narrowed or Narrowed()
    today = today or timezone.localdate()
    if survey.is_anonymous:
        narrowed = Narrowed(narrowed.first, narrowed.last)
    kinds = _kinds(survey)
    responses = _responses(survey, narrowed)
    tallies = _tallies(responses, [SEGMENT_FIELDS[kind] for kind in kinds])
    released = _Release(survey, today, kinds)
    items = [
        released.item(question, row, tallies.get((question.key, row), {}), narrowed)
        for question in questions_of(survey)
        for row in ([option.code for option in question.rows] or [""])
    ]
    _fill_texts(responses, items, survey)
    waves = sorted({wave for item in items for wave in item.waves})
    counts = dict(responses.order_by().values_list("wave").annotate(n=Count("pk")))
    received = sum(number for wave, number in counts.items() if narrowed.has(wave))
    shown = sum(counts[wave] for wave in waves if wave in counts) if survey.is_anonymous else received
    asked, answered = _asked(survey)
    return Results(survey, items, received, shown, asked, answered, waves, [str(kind) for kind in kinds])


def questions_of(survey: Survey) -> list[Question]:
    """The questions of all published versions, as they were worded last; those that are no longer asked at the end."""
    found: dict[str, Question] = {}
    for version in survey.versions.exclude(published_at=None).order_by("-number"):
        for question in read(version.questions):
            if question.key not in found:
                found[question.key] = question
            elif question.rows or question.choices:
                found[question.key] = _with_older_options(found[question.key], question)
    return list(found.values())


def _with_older_options(question: Question, older: Question) -> Question:
    values = {name: getattr(question, name) for name in question.__dataclass_fields__}
    for part in ("rows", "choices"):
        known = {option.code for option in values[part]}
        values[part] = (
            *values[part],
            *(option for option in getattr(older, part) if option.code not in known),
        )
    return Question(**values)


def shown_people(cells: Mapping[str, int]) -> set[str]:
    """The groups of which something may be shown: five or more, and with none or five and more left over.

    >>> sorted(shown_people({"a": 9, "b": 6, "c": 1}))
    ['a']
    """
    total = sum(cells.values())
    shown = {name for name, people in cells.items() if people >= FEWEST}
    while shown:
        rest = total - sum(cells[name] for name in shown)
        if rest == 0 or rest >= FEWEST:
            break
        shown.remove(min(shown, key=lambda name: (cells[name], name)))
    return shown


class _Release:
    """What of the answers may be seen."""

    def __init__(self, survey: Survey, today: dt.date, kinds: list[Segment]):
        self.survey, self.today, self.kinds = survey, today, kinds

    def item(
        self,
        question: Question,
        row: str,
        cells: Mapping[tuple[Wave, tuple[str, ...]], Tally],
        narrowed: Narrowed,
    ) -> ItemResult:
        result = ItemResult(question, row, segments={str(kind): {} for kind in self.kinds})
        by_wave: dict[Wave, dict[tuple[str, ...], Tally]] = defaultdict(dict)
        for (wave, values), tally in cells.items():
            by_wave[wave][values] = tally
        for wave in sorted(by_wave):
            if not narrowed.has(wave):
                continue
            whole = Tally()
            for tally in by_wave[wave].values():
                whole.add(tally)
            if not self._shows(wave, whole.people):
                result.held += whole.people
                continue
            result.total.add(whole)
            result.waves[wave] = whole
            self._split(result, by_wave[wave])
        return result

    def _shows(self, wave: Wave, people: int) -> bool:
        if not self.survey.is_anonymous:
            return True
        over = self.survey.status == SurveyStatus.CLOSED or is_over(wave, self.today)
        return over and people >= FEWEST

    def _split(self, result: ItemResult, cells: Mapping[tuple[str, ...], Tally]) -> None:
        for place, kind in enumerate(self.kinds):
            groups: dict[str, Tally] = defaultdict(Tally)
            for values, tally in cells.items():
                groups[values[place]].add(tally)
            names = set(groups)
            if self.survey.is_anonymous:
                names = shown_people({name: tally.people for name, tally in groups.items()})
            for name in names:
                result.segments[str(kind)].setdefault(name, Tally()).add(groups[name])


def _kinds(survey: Survey) -> list[Segment]:
    """What the results are split by."""
    if not survey.is_anonymous:
        return list(SEGMENT_FIELDS)
    return [Segment(survey.segment)] if survey.segment else []


def _responses(survey: Survey, narrowed: Narrowed) -> QuerySet[SurveyResponse]:
    responses = SurveyResponse.objects.filter(survey=survey, is_anonymous=survey.is_anonymous)
    filters = {
        SEGMENT_FIELDS[Segment(kind)]: value for kind, value in narrowed.segments.items() if value != ""
    }
    return responses.filter(**filters)


def _tallies(
    responses: QuerySet[SurveyResponse], fields: list[str]
) -> dict[Item, dict[tuple[Wave, tuple[str, ...]], Tally]]:
    """Counts by item, wave and the values of the fields. Two queries, grouped by the database."""
    found: dict[Item, dict[tuple[Wave, tuple[str, ...]], Tally]] = defaultdict(lambda: defaultdict(Tally))
    answers = SurveyAnswer.objects.filter(response__in=responses).order_by()
    by = [f"response__{name}" for name in ("wave", *fields)]
    people = answers.values_list("key", "row", *by).annotate(n=Count("response", distinct=True))
    for key, row, wave, *values, number in people:
        found[key, row][wave, tuple(values)].people = number
    values_given = answers.values_list("key", "row", "number", "option", *by).annotate(n=Count("pk"))
    for key, row, number, option, wave, *values, times in values_given:
        tally = found[key, row][wave, tuple(values)]
        if number is not None:
            tally.numbers[number] += times
        elif option:
            tally.options[option] += times
    return found


def _fill_texts(responses: QuerySet[SurveyResponse], items: Iterable[ItemResult], survey: Survey) -> None:
    """Give text items their texts, of the waves that show."""
    wanted = {item.question.key: item for item in items if item.question.kind == QuestionKind.TEXT}
    if not any(item.waves for item in wanted.values()):
        return
    rows = (
        SurveyAnswer.objects.filter(response__in=responses, key__in=wanted)
        .exclude(text="")
        .order_by("-response__answered_on", "pk")
    )
    for key, wave, text in rows.values_list("key", "response__wave", "text"):
        if wave in wanted[key].waves:
            wanted[key].texts.append(text)
    if survey.is_anonymous:
        for item in wanted.values():
            random.SystemRandom().shuffle(item.texts)


def _asked(survey: Survey) -> tuple[int, int]:
    """How many were sent an invitation, and how many of them have answered."""
    counts = dict(survey.invitations.order_by().values_list("status").annotate(n=Count("pk")))
    answered = counts.get("answered", 0)
    return answered + counts.get("sent", 0) + counts.get("sending", 0), answered


# --- figures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """A measure's value as the KPI catalogue has it: NPS in points, the others as a fraction; None without answers."""

    measure: str
    value: float | None
    answers: int


def figure(measure: str, tallies: Sequence[tuple[Question, Tally]]) -> Figure:
    """What the answers come to: by the very rules of the facts that the scorecards count."""
    good = bad = given = 0
    for question, tally in tallies:
        for number, times in tally.numbers.items():
            if measure == Measure.NPS:
                given += times
                good += times if number >= 9 else 0
                bad += times if number <= 6 else 0
            elif measure == Measure.ALIGNMENT:
                given += times * (question.high - question.low)
                good += times * (number - question.low)
            else:
                given += times
                good += times if number >= 4 else 0
    people = sum(sum(tally.numbers.values()) for _question, tally in tallies)
    if not given:
        return Figure(measure, None, 0)
    scale = 100 if measure in (Measure.NPS, Measure.ALIGNMENT) else 1
    return Figure(measure, scale * (good - bad) / given, people)


def figures(found: Results) -> list[Figure]:
    """Of each measure that the survey has."""
    return [figure(measure, tallies) for measure, tallies in _by_measure(found)]


def trend(found: Results, measure: str) -> list[tuple[Wave, Figure]]:
    """A measure by wave."""
    return [
        (wave, figure(measure, _tallies_in(found, measure, wave)))
        for wave in found.waves
        if _tallies_in(found, measure, wave)
    ]


def split(found: Results, measure: str, kind: str) -> list[tuple[str, Figure]]:
    """A measure by the values of a segment, as far as they show."""
    items = [item for item in found.items if item.measure == measure]
    values = sorted({value for item in items for value in item.segments.get(kind, {})})
    return [
        (
            value,
            figure(
                measure,
                [
                    (item.question, item.segments[kind][value])
                    for item in items
                    if value in item.segments[kind]
                ],
            ),
        )
        for value in values
    ]


def _tallies_in(found: Results, measure: str, wave: Wave) -> list[tuple[Question, Tally]]:
    return [
        (item.question, item.waves[wave])
        for item in found.items
        if item.measure == measure and wave in item.waves
    ]


def _by_measure(found: Results) -> Iterator[tuple[str, list[tuple[Question, Tally]]]]:
    for measure in (Measure.NPS, Measure.CSAT, Measure.PARTNER, Measure.ALIGNMENT):
        tallies = [(item.question, item.total) for item in found.items if item.measure == measure]
        if tallies:
            yield str(measure), tallies
