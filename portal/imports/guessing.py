"""Which column of a file is which field: by memory, by its heading, and by what its cells hold."""

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz

from portal.imports.parsing import Unreadable, parse_amount, parse_date
from portal.imports.targets import Field, Kind, Target

GOOD_ENOUGH = 86.0


def heading_key(heading: str) -> str:
    """close_date, CloseDate and “Close date” are one heading."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", heading)
    return " ".join(re.sub(r"[\W_]+", " ", spaced).casefold().split())


def guess_mapping(
    target: Target, headings: Sequence[str], samples: Sequence[Sequence[str]], remembered: Mapping[str, str]
) -> dict[str, int]:
    """Field name -> column number. What this tenant chose before for a heading goes first (an empty field
    name means that the column was left out); then the best-fitting pairs, each column and field once."""
    mapping: dict[str, int] = {}
    left_out: set[int] = set()
    names = {field.name for field in target.fields}
    for column, heading in enumerate(headings):
        choice = remembered.get(heading_key(heading))
        if choice == "":
            left_out.add(column)
        elif choice in names and choice not in mapping:
            mapping[choice] = column
    pairs = sorted(
        (
            (_likeness(field, heading, samples[column]), -order, -column, field.name)
            for order, field in enumerate(target.fields)
            for column, heading in enumerate(headings)
            if column not in left_out
        ),
        reverse=True,
    )
    taken = set(mapping.values())
    for likeness, _order, negative_column, name in pairs:
        column = -negative_column
        if likeness >= GOOD_ENOUGH and name not in mapping and column not in taken:
            mapping[name] = column
            taken.add(column)
    return mapping


def _likeness(field: Field, heading: str, sample: Sequence[str]) -> float:
    key = heading_key(heading)
    spellings = [heading_key(field.name), heading_key(str(field.label)), *map(heading_key, field.synonyms)]
    likeness = max(100.0 if key == spelling else fuzz.ratio(key, spelling) - 1 for spelling in spellings)
    return likeness if _fits(field, sample) else 0.0


def _fits(field: Field, sample: Sequence[str]) -> bool:
    """Whether at least half of the sample can be read as the field's kind."""
    values = [value for value in sample if value]
    if not values or field.kind not in {Kind.DATE, Kind.AMOUNT, Kind.INTEGER}:
        return True
    return sum(_readable(field.kind, value) for value in values) * 2 >= len(values)


def _readable(kind: Kind, text: str) -> bool:
    try:
        if kind == Kind.DATE:
            parse_date(text)
        else:
            parse_amount(text)
    except Unreadable as error:
        return error.code == "date_order"
    return True
