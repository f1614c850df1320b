"""Results in words and charts, for the page."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.directory.enums import PartnerType
from partners.surveys.enums import Measure, QuestionKind, Segment
from partners.surveys.models import Survey
from partners.surveys.queries import waves_of
from partners.surveys.questions import Question
from partners.surveys.results import (
    Figure,
    ItemResult,
    Narrowed,
    Results,
    Tally,
    figure,
    figures,
    results,
    split,
    trend,
)
from partners.surveys.themes import Found, themes
from partners.surveys.waves import FEWEST
from portal.shell.formats import DASH, number, percent
from portal.shell.registry import segment_choices, segment_label

MEASURE_NAMES = {
    Measure.NPS: gettext_lazy("Net promoter score"),
    Measure.CSAT: gettext_lazy("Customer satisfaction"),
    Measure.PARTNER: gettext_lazy("Partner satisfaction"),
    Measure.ALIGNMENT: gettext_lazy("Strategic alignment"),
}
MEASURE_RULES = {
    Measure.NPS: gettext_lazy("9 and 10 less 0 to 6, of 100"),
    Measure.CSAT: gettext_lazy("4 and 5 of all answers"),
    Measure.PARTNER: gettext_lazy("4 and 5 of all answers"),
    Measure.ALIGNMENT: gettext_lazy("of the steps above the lowest, 0 to 100"),
}
TEXTS_SHOWN = 50


def quarter_label(wave: dt.date) -> str:
    return _("Q%(quarter)s %(year)s") % {"quarter": (wave.month + 2) // 3, "year": wave.year}


def value_text(shown: Figure) -> str:
    if shown.value is None:
        return DASH
    if shown.measure in (Measure.CSAT, Measure.PARTNER):
        return percent(shown.value)
    return number(shown.value, 1)


def page(
    survey: Survey, narrowed: Narrowed, *, theme: str = "", exact_answers: bool = True
) -> dict[str, Any]:
    """Everything that the page of results shows."""
    found = results(survey, narrowed)
    known = figures(found)
    named = {row.name: row.terms for row in survey.themes.all()}
    keys = {row.name: row.pk for row in survey.themes.all()}
    return {
        "found": found,
        "rate": percent(found.rate),
        "figures": [
            {
                "label": MEASURE_NAMES[Measure(one.measure)],
                "value": value_text(one),
                "hint": _("%(count)s answers; %(rule)s")
                % {"count": number(one.answers), "rule": MEASURE_RULES[Measure(one.measure)]},
            }
            for one in known
        ],
        "trends": [chart for one in known if (chart := trend_chart(found, one.measure)) is not None],
        "splits": [table for one in known for table in split_tables(found, one.measure)],
        "questions": _questions(found, named, keys, theme),
        "fewest": FEWEST,
        "exact_answers": exact_answers,
    }


def choices(survey: Survey, narrowed: Narrowed) -> dict[str, Any]:
    """What the page can be narrowed to."""
    waves = [(wave.isoformat(), quarter_label(wave)) for wave in waves_of(survey)]
    segments: list[dict[str, Any]] = []
    if not survey.is_anonymous:
        values = survey.responses.order_by()
        for kind, field, label in (
            ("type", "partner_type", _("Partner type")),
            ("tier", "tier", segment_label() or _("Tier")),
            ("region", "region", _("Region")),
        ):
            options = sorted(set(values.exclude(**{field: ""}).values_list(field, flat=True)))
            if options:
                segments.append(
                    {
                        "name": kind,
                        "label": label,
                        "options": [(value, segment_name(kind, value)) for value in options],
                        "chosen": narrowed.segments.get(kind, ""),
                    }
                )
    return {
        "waves": waves,
        "first": narrowed.first.isoformat() if narrowed.first else "",
        "last": narrowed.last.isoformat() if narrowed.last else "",
        "segments": segments,
        "any": bool(narrowed.first or narrowed.last or narrowed.segments),
    }


def segment_name(kind: str, value: str) -> str:
    """A segment's value in words."""
    if value == "":
        return _("without")
    if kind == Segment.TYPE:
        return str(dict(PartnerType.choices).get(value, value))
    if kind == Segment.TIER:
        return dict(segment_choices()).get(value, value)
    return value


def trend_chart(found: Results, measure: str) -> dict[str, Any] | None:
    """A measure over the quarters. Parameters for the chart component; None while there is one quarter at most."""
    points = trend(found, measure)
    if len(points) < 2:
        return None
    name = str(MEASURE_NAMES[Measure(measure)])
    scale = 100 if measure in (Measure.CSAT, Measure.PARTNER) else 1
    bounds = {"min": -100, "max": 100} if measure == Measure.NPS else {"min": 0, "max": 100}
    return {
        "id": f"trend-{measure}",
        "caption": _("%s by quarter") % name,
        "columns": [_("Quarter"), name, _("Answers")],
        "rows": [[quarter_label(wave), value_text(one), number(one.answers)] for wave, one in points],
        "height": 220,
        "option": {
            "xAxis": {"type": "category", "data": [quarter_label(wave) for wave, _one in points]},
            "yAxis": {"type": "value", **bounds},
            "series": [
                {
                    "type": "line",
                    "name": name,
                    "data": [
                        None if one.value is None else round(one.value * scale, 1) for _wave, one in points
                    ],
                }
            ],
        },
    }


def split_tables(found: Results, measure: str) -> list[dict[str, Any]]:
    """A measure by segment, as tables."""
    labels = {Segment.TYPE: _("Partner type"), Segment.TIER: _("Tier"), Segment.REGION: _("Region")}
    tables = []
    for kind in found.segments:
        rows = split(found, measure, kind)
        if rows and [value for value, _one in rows] != [""]:
            tables.append(
                {
                    "title": MEASURE_NAMES[Measure(measure)],
                    "label": labels[Segment(kind)],
                    "rows": [
                        {
                            "name": segment_name(kind, value),
                            "value": value_text(one),
                            "answers": number(one.answers),
                        }
                        for value, one in rows
                    ],
                }
            )
    return tables


def _questions(
    found: Results, named: Mapping[str, list[str]], keys: Mapping[str, Any], theme: str
) -> list[dict[str, Any]]:
    """Each question with its answers, a matrix with all its lines."""
    by_key: dict[str, list[ItemResult]] = {}
    for item in found.items:
        by_key.setdefault(item.question.key, []).append(item)
    return [_question(items, named, keys, theme) for items in by_key.values()]


def _question(
    items: list[ItemResult], named: Mapping[str, list[str]], keys: Mapping[str, Any], theme: str
) -> dict[str, Any]:
    question = items[0].question
    shown: dict[str, Any] = {
        "question": question,
        "people": max(item.total.people for item in items),
        "held": max(item.held for item in items),
        "is_text": question.kind == QuestionKind.TEXT,
    }
    if question.kind == QuestionKind.TEXT:
        groups = themes(items[0].texts, named)
        chosen = next((group for group in groups if group.name == theme), None)
        texts = [items[0].texts[place] for place in chosen.texts] if chosen else items[0].texts
        return {
            **shown,
            "themes": [_theme(group, keys) for group in groups],
            "texts": texts[:TEXTS_SHOWN],
            "more": max(0, len(texts) - TEXTS_SHOWN),
        }
    if question.kind == QuestionKind.MATRIX:
        return {**shown, "lines": [_line(item) for item in items if item.total.people]}
    return {**shown, "bars": bars(question, items[0].total), "mean": _mean(question, items[0].total)}


def _theme(group: Found, keys: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": group.name,
        "count": group.count,
        "terms": ", ".join(group.terms),
        "pk": keys.get(group.name),
    }


def _line(item: ItemResult) -> dict[str, Any]:
    shown = figure(item.measure, [(item.question, item.total)]) if item.measure else None
    return {
        "label": item.label,
        "people": number(item.total.people),
        "mean": _mean(item.question, item.total),
        "value": value_text(shown) if shown else "",
        "bars": bars(item.question, item.total),
    }


def _mean(question: Question, tally: Tally) -> str:
    return number(tally.mean, 1) if tally.mean is not None else ""


def bars(question: Question, tally: Tally) -> list[dict[str, Any]]:
    """How often each answer was given, with its share of the people."""
    if question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        pairs = [(option.shown, tally.options[option.code]) for option in question.choices]
    else:
        pairs = [(str(step), tally.numbers[step]) for step in question.scale]
    return [
        {
            "label": label,
            "count": times,
            "percent": round(100 * times / tally.people) if tally.people else 0,
        }
        for label, times in pairs
    ]


def answer_lines(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One person's answers, question by question."""
    lines = []
    for question in questions:
        value = answers.get(question.key)
        if value is None:
            continue
        if isinstance(value, Mapping):
            rows = [(row.shown, value.get(row.code)) for row in question.rows]
            lines.append(
                {"question": question, "rows": [(label, given) for label, given in rows if given is not None]}
            )
        else:
            lines.append({"question": question, "text": answer_text(question, value)})
    return lines


def answer_text(question: Question, value: Any) -> str:
    """An answer in words."""
    if question.is_number:
        return f"{value} / {question.high}"
    labels = {option.code: option.shown for option in question.choices}
    if question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        codes = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(code, code) for code in codes)
    return str(value)
