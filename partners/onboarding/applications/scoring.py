"""The scoring sheet: points per criterion, weighed."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from partners.onboarding.applications.models import MOST_POINTS, Application, ScoringCriterion


@dataclass(frozen=True)
class Line:
    """A criterion and what the application got for it; None while nobody has said."""

    criterion: str
    weight: int
    points: int | None
    note: str = ""


@dataclass(frozen=True)
class Total:
    """`percent` of what the scored criteria could give, rounded half up; None while none is scored."""

    percent: int | None
    scored: int
    of: int

    @property
    def is_complete(self) -> bool:
        return self.scored == self.of


def total(lines: Iterable[Line]) -> Total:
    """What is not scored is left out of the sum, and shown as missing."""
    every = list(lines)
    scored = [(line.weight, line.points) for line in every if line.points is not None]
    if not scored:
        return Total(None, 0, len(every))
    share = Fraction(
        sum(weight * points for weight, points in scored), MOST_POINTS * sum(weight for weight, _ in scored)
    )
    return Total(int(share * 100 + Fraction(1, 2)), len(scored), len(every))


def sheet_of(application: Application) -> list[Line]:
    """The sheet: as it stands now, or as it stood at the decision. Two queries at most."""
    if application.decided_at is not None:
        return [Line(**line) for line in application.sheet]
    scores = {score.criterion_id: score for score in application.scores.all()}
    return [
        Line(
            criterion.name,
            criterion.weight,
            scores[criterion.pk].points if criterion.pk in scores else None,
            scores[criterion.pk].note if criterion.pk in scores else "",
        )
        for criterion in ScoringCriterion.objects.all()
    ]


def as_data(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The sheet as the application keeps it."""
    return [
        {"criterion": line.criterion, "weight": line.weight, "points": line.points, "note": line.note}
        for line in lines
    ]
