"""Lists that an admin puts in order: questions, criteria, steps."""

from typing import Any

from django.db import models
from django.db.models import F, Max


def last_place(rows: models.QuerySet[Any]) -> int:
    """The place after the last of the rows."""
    last = rows.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def swap(rows: models.QuerySet[Any], row: Any, *, up: bool) -> Any | None:
    """Change places with the row before or after, under a lock of all; the other row, None at the end of the list."""
    in_order = list(rows.select_for_update(of=("self",)).order_by("position"))
    place = next((i for i, other in enumerate(in_order) if other.pk == row.pk), None)
    if place is None:
        return None
    other_place = place - 1 if up else place + 1
    if not 0 <= other_place < len(in_order):
        return None
    mine, other = in_order[place], in_order[other_place]
    mine.position, other.position = other.position, mine.position
    type(mine)._default_manager.bulk_update([mine, other], ["position"])
    return other


def close_gap(rows: models.QuerySet[Any], position: int) -> None:
    """Move up what came after a row that is gone."""
    rows.filter(position__gt=position).update(position=F("position") - 1)
