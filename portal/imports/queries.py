"""Reading imports."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.imports.columns import Vocabulary, vocabulary_of
from portal.imports.enums import Outcome, RunState
from portal.imports.models import ImportRun
from portal.imports.parts import read_rows, refused_rows
from portal.imports.problems import expected, sentence
from portal.imports.reading import ROW
from portal.imports.targets import Field, Kind, Target, get_target
from portal.money import format_money

PER_PAGE = 25
SHOWN_CELLS = 8


def runs() -> QuerySet[ImportRun]:
    """The tenant's imports, newest first, without those that were given up."""
    return ImportRun.objects.exclude(state=RunState.DISCARDED).select_related("created_by__user", "job")


def preview(run: ImportRun, outcome: Outcome, page: int) -> dict[str, Any]:
    """One page of the rows with an outcome: what is in the file, what is wrong, what would change."""
    frame = read_rows(run, outcome, start=(page - 1) * PER_PAGE, count=PER_PAGE)
    total = run.counts.get(outcome.value, 0)
    columns = _shown_columns(run)
    rows: list[dict[str, Any]] = []
    if frame is not None:
        changes = _changes(run, frame) if outcome == Outcome.CHANGE else {}
        rows = [
            {
                "number": row[ROW],
                "cells": [(heading, row[f"c{column}"] or "") for column, heading in columns],
                "problems": _problems(row["problems"]),
                "changes": changes.get(row[ROW], []),
            }
            for row in frame.iter_rows(named=True)
        ]
    first = (page - 1) * PER_PAGE + 1
    return {
        "headings": [heading for _column, heading in columns],
        "rows": rows,
        "page": page,
        "total": total,
        "first": first if rows else 0,
        "last": first + len(rows) - 1 if rows else 0,
        "has_next": page * PER_PAGE < total,
    }


def refused_table(run: ImportRun) -> tuple[list[str], Iterator[list[str]]]:
    """Header and rows of the refused rows as they stood in the file, with the reason behind them. The rows
    are read while they are used, in the tenant's scope."""
    headers = run.reading["headers"]
    header = [*headers, _("Row"), _("Reason")]

    def rows() -> Iterator[list[str]]:
        for row in refused_rows(run):
            cells = [row[f"c{i}"] or "" for i in range(len(headers))]
            reason = " ".join(sentence(problem) for problem in json.loads(row["problems"]))
            yield [*cells, str(row[ROW]), reason]

    return header, rows()


def problem_summary(run: ImportRun) -> list[dict[str, Any]]:
    """What the refused rows suffer from, most frequent first."""
    summary = []
    for key, count in run.findings.get("problems", {}).items():
        column, _separator, code = key.partition("\x1f")
        text = expected(code) if "%(" not in expected(code) else ""
        summary.append({"column": column, "expected": text, "count": count})
    return summary


def unknown_values(run: ImportRun) -> list[tuple[Field, Vocabulary | None, list[dict[str, Any]]]]:
    """For each field with texts that name nothing known: the field, what it may name, the texts."""
    target = get_target(run.target)
    found = []
    for name, unknown in run.findings.get("unknown", {}).items():
        field = target.field(name)
        known = field.lookup.known() if field.lookup else None
        found.append((field, vocabulary_of(field, known), unknown))
    return found


def _shown_columns(run: ImportRun) -> list[tuple[int, str]]:
    headers = run.reading["headers"]
    mapped = list(run.options.get("mapping", {}).values())
    others = [column for column in range(len(headers)) if column not in mapped]
    return [(column, headers[column]) for column in sorted([*mapped, *others][:SHOWN_CELLS])]


def _problems(text: str | None) -> list[dict[str, str]]:
    return [
        {
            "column": problem["column"],
            "found": problem["found"],
            "expected": expected(problem["code"], problem.get("params")),
        }
        for problem in json.loads(text or "[]")
    ]


def _changes(run: ImportRun, frame: pl.DataFrame) -> dict[int, list[dict[str, str]]]:
    """By row: field, value now and value in the file, where they differ."""
    target = get_target(run.target)
    now = {row[ROW]: row for row in target.existing(frame).iter_rows(named=True)}
    lookups = {
        field.name: {record.id: record.name for record in field.lookup.known()}
        for field in target.fields
        if field.lookup and frame[field.name].is_not_null().any()
    }
    changes: dict[int, list[dict[str, str]]] = {}
    for row in frame.iter_rows(named=True):
        before = now.get(row[ROW])
        if before is None:
            continue
        changes[row[ROW]] = [
            {
                "field": str(field.label),
                "old": _shown(target, field, before[field.name], before, lookups),
                "new": _shown(target, field, row[field.name], row, lookups),
            }
            for field in target.fields
            if field.name in before and row[field.name] is not None and row[field.name] != before[field.name]
        ]
    return changes


def _shown(
    target: Target, field: Field, value: Any, row: dict[str, Any], lookups: dict[str, dict[str, str]]
) -> str:
    if value is None or value == "":
        return "–"
    if field.kind == Kind.LOOKUP:
        return lookups.get(field.name, {}).get(value, _("new"))
    if field.kind == Kind.CHOICE:
        return str(field.labels.get(value, value))
    if field.kind == Kind.AMOUNT and row.get("currency"):
        return format_money(value, row["currency"])
    return str(value)
