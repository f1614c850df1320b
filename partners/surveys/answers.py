"""From rows of answers back to what somebody answered."""

from typing import Any

from partners.surveys.models import SurveyAnswer, SurveyResponse


def answers_of(response: SurveyResponse) -> dict[str, Any]:
    """A response's answers by question, as `questions` speaks of them. One query, or none where they are prefetched."""
    return gathered(response.answers.all())


def gathered(rows: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        value = _value(row)
        if row.row:
            found.setdefault(row.key, {})[row.row] = value
        elif row.option:
            known = found.get(row.key)
            found[row.key] = row.option if known is None else [*_listed(known), row.option]
        else:
            found[row.key] = value
    return found


def _value(row: SurveyAnswer) -> int | str:
    return row.number if row.number is not None else row.text


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
