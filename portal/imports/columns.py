"""A column of text to a column of values, each distinct text read once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import polars as pl
from rapidfuzz import fuzz, process
from uuid_utils.compat import uuid7

from portal.imports.enums import Decision
from portal.imports.parsing import (
    DateEvidence,
    DateOrder,
    Unreadable,
    country_keys,
    country_names,
    date_evidence,
    decimal_evidence,
    key_of,
    parse_amount,
    parse_currency,
    parse_date,
    parse_number,
)
from portal.imports.targets import DTYPES, Field, Kind, Known

UNIT = 10_000  # amounts are read as whole ten-thousandths, exact for every currency
SHORT = 3
SUGGESTIONS = 3
LIKELY = 85
LEAD = 5  # points that a suggestion must be ahead of the next

# Whole numbers and those with a point and one, two or four digits behind it need no Python.
_SIMPLE = r"^-?[0-9]{1,14}(?:\.(?:[0-9]{1,2}|[0-9]{4}))?$"


@dataclass(frozen=True)
class Answer:
    """What a person decided about one unknown text of a field."""

    decision: Decision
    value: str = ""


@dataclass
class Unknown:
    """A text of a column that names nothing known."""

    text: str
    rows: int
    suggestions: list[tuple[str, str, int]]  # value, label, likeness 0..100
    answer: Answer | None = None
    hint_only: bool = False  # a likely slip of the pen in a free text; its rows are taken as they are


@dataclass
class Column:
    """`bad` says for each refused text why: (code, parameters)."""

    values: pl.Series
    bad: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    currencies: pl.Series | None = None
    evidence: DateEvidence | None = None
    examples: list[str] = field(default_factory=list)
    create: dict[str, UUID] = field(default_factory=dict)  # name -> id of a record that the commit makes


@dataclass(frozen=True)
class Vocabulary:
    """What a field's texts may name: key -> value, and value -> label in order."""

    keys: Mapping[str, str]
    labels: Mapping[str, str]
    ambiguous: frozenset[str] = frozenset()
    may_create: bool = False
    unasked: bool = False


def read_column(
    text: pl.Series,
    spec: Field,
    *,
    answers: Mapping[str, Answer],
    order: DateOrder | None,
    vocabulary: Vocabulary | None,
) -> Column:
    """`answers` by `key_of` the text; "*" answers for all that have none of their own."""
    if spec.kind == Kind.TEXT:
        return _read_text(text, spec, answers)
    if spec.kind == Kind.AMOUNT:
        return _read_amounts(text, spec)
    if spec.kind == Kind.INTEGER:
        return _read_integers(text, spec)
    if spec.kind == Kind.DATE:
        return _read_dates(text, order)
    if spec.kind == Kind.CURRENCY:
        return _read_each(text, spec, parse_currency)
    if vocabulary is None:
        raise ValueError(f"The field {spec.name!r} needs a vocabulary.")
    return _read_names(text, spec, answers, vocabulary)


def vocabulary_of(spec: Field, known: list[Known] | None = None) -> Vocabulary | None:
    if spec.kind == Kind.COUNTRY:
        return Vocabulary(keys=country_keys(), labels=country_names())
    if spec.kind == Kind.CHOICE:
        labels = {value: str(label) for value, label in spec.labels.items()}
        keys = {key_of(text): value for text, value in spec.choices.items()}
        keys |= {key_of(label): value for value, label in labels.items()} | {key_of(v): v for v in labels}
        return Vocabulary(keys=keys, labels=labels)
    if spec.kind != Kind.LOOKUP or known is None or spec.lookup is None:
        return None
    names: dict[str, str] = {}
    ambiguous: set[str] = set()
    for record in known:
        key = key_of(record.name)
        if names.setdefault(key, record.id) != record.id:
            ambiguous.add(key)
    keys = {key_of(key): record.id for record in known for key in record.keys if key}
    return Vocabulary(
        keys=keys | names,
        labels={record.id: record.name for record in known},
        ambiguous=frozenset(ambiguous),
        may_create=spec.lookup.create is not None,
        unasked=spec.lookup.unasked,
    )


def distinct(text: pl.Series) -> list[str]:
    return text.drop_nulls().unique(maintain_order=True).to_list()


def _mapped(text: pl.Series, values: Mapping[str, Any], dtype: pl.DataType) -> pl.Series:
    if not values:
        return pl.Series(text.name, [None], dtype=dtype).new_from_index(0, len(text))
    return text.replace_strict(
        list(values), pl.Series(list(values.values()), dtype=dtype), default=None, return_dtype=dtype
    )


def _read_each(text: pl.Series, spec: Field, parse: Callable[[str], Any]) -> Column:
    values: dict[str, Any] = {}
    bad: dict[str, tuple[str, dict[str, Any]]] = {}
    for cell in distinct(text):
        try:
            values[cell] = parse(cell)
        except Unreadable as error:
            bad[cell] = (error.code, {})
    return Column(_mapped(text, values, DTYPES[spec.kind]), bad)


def _read_text(text: pl.Series, spec: Field, answers: Mapping[str, Answer]) -> Column:
    bad: dict[str, tuple[str, dict[str, Any]]] = {}
    if (text.str.len_chars() > spec.max_length).any():
        for cell in distinct(text.filter(text.str.len_chars() > spec.max_length)):
            bad[cell] = ("too_long", {"limit": spec.max_length})
    column = Column(text, bad)
    if spec.vocabulary:
        usual = {key_of(word): word for word in spec.vocabulary}
        counts = text.drop_nulls().value_counts(sort=True, name="rows")
        replacements = {}
        for cell, rows in counts.iter_rows():
            suggestions = [s for s in suggest(cell, usual, {w: w for w in usual.values()}) if s[2] >= LIKELY]
            if key_of(cell) in usual or not suggestions:
                continue
            answer = answers.get(key_of(cell))
            column.unknown.append(Unknown(cell, rows, suggestions, answer, hint_only=True))
            if answer and answer.decision == Decision.USE:
                replacements[cell] = answer.value
        if replacements:
            column.values = text.replace(replacements)
    return column


def _read_dates(text: pl.Series, order: DateOrder | None) -> Column:
    cells = distinct(text)
    evidence = date_evidence(cells)
    if evidence in (DateEvidence.DAY_FIRST, DateEvidence.MONTH_FIRST):
        order = DateOrder(evidence)
    elif evidence == DateEvidence.MIXED:
        order = None
    values: dict[str, date] = {}
    column = Column(text, evidence=evidence)
    for cell in cells:
        try:
            values[cell] = parse_date(cell, order)
        except Unreadable as error:
            code = error.code
            if code == "date_order":
                column.examples.append(cell)
                code = "date_mixed" if evidence == DateEvidence.MIXED else code
            column.bad[cell] = (code, {})
    column.values = _mapped(text, values, pl.Date())
    if evidence == DateEvidence.AMBIGUOUS and not column.examples:
        column.examples = [cell for cell in cells if _depends_on_order(cell)][:5]
    return column


def _depends_on_order(cell: str) -> bool:
    try:
        parse_date(cell)
    except Unreadable as error:
        return error.code == "date_order"
    return False


def _read_amounts(text: pl.Series, spec: Field) -> Column:
    """Ten-thousandths, and the currency where the cell itself names one."""
    simple = text.str.contains(_SIMPLE).fill_null(False)
    whole, fraction = "whole", "fraction"
    parts = (
        text.set(~simple, None)
        .to_frame("cell")
        .select(
            pl.col("cell").str.replace(r"\..*$", "").alias(whole),
            pl.col("cell").str.extract(r"\.([0-9]+)$", 1).fill_null("").str.pad_end(4, "0").alias(fraction),
        )
    )
    values = parts.select(pl.concat_str(whole, fraction).cast(pl.Int64)).to_series()
    column = Column(values.rename(text.name))
    rest = text.set(simple, None)
    cells = distinct(rest)
    if cells:
        pointed = text.filter(simple & text.str.contains(".", literal=True)).head(100).to_list()
        mark = decimal_evidence([*cells, *pointed])
        units: dict[str, int] = {}
        codes: dict[str, str] = {}
        for cell in cells:
            try:
                amount = parse_amount(cell, mark)
            except Unreadable as error:
                column.bad[cell] = (error.code, {})
                continue
            units[cell] = int((amount.value * UNIT).quantize(Decimal(1), ROUND_HALF_UP))
            if amount.currency:
                codes[cell] = amount.currency
        column.values = values.zip_with(simple, _mapped(rest, units, pl.Int64())).rename(text.name)
        if codes:
            column.currencies = _mapped(rest, codes, pl.String())
    if spec.non_negative and (column.values < 0).any():
        for cell in distinct(text.filter((column.values < 0).fill_null(False))):
            column.bad[cell] = ("negative", {})
    return column


def _read_integers(text: pl.Series, spec: Field) -> Column:
    mark = decimal_evidence(distinct(text))

    def parse(cell: str) -> int:
        number = parse_number(cell, mark)
        if number != number.to_integral_value():
            raise Unreadable("integer")
        if number < 0 and spec.non_negative:
            raise Unreadable("negative")
        if abs(number) > 2_147_483_647:
            raise Unreadable("number_range")
        return int(number)

    return _read_each(text, spec, parse)


def _read_names(
    text: pl.Series, spec: Field, answers: Mapping[str, Answer], vocabulary: Vocabulary
) -> Column:
    values: dict[str, str] = {}
    column = Column(text)
    created: dict[str, UUID] = {}
    for cell, rows in text.drop_nulls().value_counts(sort=True, name="rows").iter_rows():
        key = key_of(cell)
        if key in vocabulary.ambiguous:
            column.bad[cell] = ("ambiguous_name", {})
            continue
        if key in vocabulary.keys:
            values[cell] = vocabulary.keys[key]
            continue
        if (plain := cell.strip().lower()) in vocabulary.labels:
            values[cell] = plain
            continue
        answer = answers.get(key) or answers.get("*")
        if answer and answer.decision == Decision.USE and answer.value not in vocabulary.labels:
            answer = None  # what it stood for is gone
        if answer and answer.decision == Decision.CREATE and not vocabulary.may_create:
            answer = None
        if vocabulary.unasked and answer is None:
            answer = Answer(Decision.CREATE)
        else:
            suggestions = (
                suggest(cell, vocabulary.keys, vocabulary.labels) if len(column.unknown) < 200 else []
            )
            column.unknown.append(Unknown(cell, rows, suggestions, answer))
        if answer is None:
            column.bad[cell] = ("unknown", {})
        elif answer.decision == Decision.USE:
            values[cell] = answer.value
        elif answer.decision == Decision.CREATE:
            if len(cell) > spec.max_length:
                column.bad[cell] = ("too_long", {"limit": spec.max_length})
                continue
            if key not in created:
                created[key] = uuid7()
                column.create[cell] = created[key]
            values[cell] = str(created[key])
        elif answer.decision == Decision.REFUSE:
            column.bad[cell] = ("refused_value", {})
    column.values = _mapped(text, values, DTYPES[spec.kind])
    return column


def clear_suggestion(suggestions: Sequence[Sequence[Any]]) -> str | None:
    """The value of the best suggestion where it is likely and no other is nearly as likely (Korea is none)."""
    if not suggestions or suggestions[0][2] < LIKELY:
        return None
    rival = suggestions[1][2] if len(suggestions) > 1 else 0
    return suggestions[0][0] if suggestions[0][2] - rival >= LEAD else None


def suggest(text: str, keys: Mapping[str, str], labels: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """The known values that a text is most like: (value, label, likeness)."""
    wanted = key_of(text)
    scores: dict[str, float] = {}
    # Part of a name is no likeness for a text as short as a code: "XX" stands in many names.
    scorer = fuzz.WRatio if len(wanted) > SHORT else fuzz.ratio
    for key, score, _index in process.extract(wanted, keys.keys(), scorer=scorer, limit=8, score_cutoff=60):
        scores[keys[key]] = max(scores.get(keys[key], 0), score - 1)
    squeezed = {key: "".join(filter(str.isalnum, key)) for key in keys}
    bare = "".join(filter(str.isalnum, wanted))
    for _squeezed, score, key in process.extract(bare, squeezed, scorer=fuzz.ratio, limit=8, score_cutoff=60):
        scores[keys[key]] = max(scores.get(keys[key], 0), score)
    best = sorted(scores.items(), key=lambda item: -item[1])[:SUGGESTIONS]
    return [(value, labels[value], round(score)) for value, score in best if value in labels]
