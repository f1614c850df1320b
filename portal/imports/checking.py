"""From a table of text to rows that are ready to be written, and to all that is wrong with the rest."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import polars as pl
from django.utils.translation import gettext as _

from portal.imports.columns import UNIT, Answer, Column, Unknown, distinct, read_column, vocabulary_of
from portal.imports.enums import Outcome
from portal.imports.parsing import DateEvidence, DateOrder, key_of
from portal.imports.reading import ROW, Table
from portal.imports.targets import DTYPES, Context, Field, Kind, Known, Problem, Target
from portal.money import SHARED_SIGNS, digits


@dataclass(frozen=True)
class DateQuestion:
    """A column whose dates can be read in two ways; `suggested` comes from the file's other columns."""

    field: str
    examples: list[str]
    suggested: str | None
    answer: str | None


@dataclass
class Checked:
    """`frame` has a row for each row of the file: `row`, `outcome`, `id` of the record it changes, the
    fields' values, `problems` (JSON list) and the cells `c0`, `c1`, ... as they stand in the file."""

    frame: pl.DataFrame
    counts: dict[str, int]
    unknown: dict[str, list[Unknown]] = field(default_factory=dict)
    dates: list[DateQuestion] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    missing_rates: list[str] = field(default_factory=list)
    create: dict[str, dict[str, UUID]] = field(default_factory=dict)
    problem_counts: dict[str, int] = field(default_factory=dict)


def check_table(
    table: Table,
    target: Target,
    *,
    mapping: Mapping[str, int],
    answers: Mapping[str, Mapping[str, Answer]],
    orders: Mapping[str, DateOrder],
    context: Context,
) -> Checked:
    """Read, complete, compare. Reads the database once for each lookup and once for the existing records."""
    checker = _Checker(table, target, mapping, context)
    checker.read_columns(answers, orders)
    checker.settle_currency()
    checker.find_key()
    checker.refine()
    return checker.compare()


class _Checker:
    def __init__(self, table: Table, target: Target, mapping: Mapping[str, int], context: Context):
        self.table, self.target, self.mapping, self.context = table, target, mapping, context
        self.columns: dict[str, Column] = {}
        self.problems: list[pl.DataFrame] = []
        self.frame = table.frame.select(ROW)
        self.narrowed: dict[str, pl.Series] = {}
        self.repeated = pl.Series(ROW, [], dtype=pl.UInt32)
        self.result = Checked(frame=self.frame, counts={})

    def text(self, spec: Field) -> pl.Series:
        if spec.name in self.narrowed:
            return self.narrowed[spec.name]
        return self.table.frame[f"c{self.mapping[spec.name]}"]

    def heading(self, name: str) -> str:
        if name in self.mapping:
            return self.table.headers[self.mapping[name]]
        return str(self.target.field(name).label)

    def refuse(self, rows: pl.DataFrame, name: str, code: str) -> None:
        """`rows` has `row`, and optionally `found` and `params` (JSON)."""
        if rows.is_empty():
            return
        if "found" not in rows.columns:
            found = (
                self.table.frame.select(ROW, pl.col(f"c{self.mapping[name]}").alias("found"))
                if (name in self.mapping)
                else self.table.frame.select(ROW, found=pl.lit(None, pl.String))
            )
            rows = rows.join(found, on=ROW, how="left")
        if "params" not in rows.columns:
            rows = rows.with_columns(params=pl.lit(None, pl.String))
        self.problems.append(
            rows.select(
                pl.col(ROW).cast(pl.UInt32),
                pl.lit(self.heading(name)).alias("column"),
                pl.col("found").str.slice(0, 200),
                pl.lit(code).alias("code"),
                "params",
            )
        )

    # --- columns -------------------------------------------------------------------------------

    def read_columns(
        self, answers: Mapping[str, Mapping[str, Answer]], orders: Mapping[str, DateOrder]
    ) -> None:
        mapped = [spec for spec in self.target.fields if spec.name in self.mapping]
        # What narrows another column is read before it.
        for spec in sorted(mapped, key=lambda spec: bool(spec.lookup and spec.lookup.within)):
            known = spec.lookup.known() if spec.lookup else None
            if known is not None:
                self._narrow(spec, known)
            column = read_column(
                self.text(spec),
                spec,
                answers=answers.get(spec.name, {}),
                order=orders.get(spec.name),
                vocabulary=vocabulary_of(spec, known),
            )
            self.columns[spec.name] = column
            self.frame = self.frame.with_columns(column.values.alias(spec.name))
            self._note_column(spec, column)
            if known is not None:
                self._hold_within(spec, known)
        clear = {
            str(column.evidence)
            for column in self.columns.values()
            if column.evidence in (DateEvidence.DAY_FIRST, DateEvidence.MONTH_FIRST)
        }
        suggested = clear.pop() if len(clear) == 1 else None
        for spec in mapped:
            column = self.columns[spec.name]
            if column.evidence == DateEvidence.AMBIGUOUS:
                answer = orders.get(spec.name)
                self.result.dates.append(
                    DateQuestion(spec.name, column.examples[:5], suggested, str(answer) if answer else None)
                )

    def _narrow(self, spec: Field, known: list[Known]) -> None:
        """A name is that of the record which belongs to what the row says; it then stands for itself by its id."""
        within = spec.lookup.within if spec.lookup else ""
        if not within or within not in self.frame.columns:
            return
        ids: dict[tuple[str, str], str | None] = {}
        # Where nothing of that name belongs to it, another of the name stands for what `_hold_within` refuses.
        anyones = {key_of(record.name): record.id for record in known}
        for record in known:
            place = record.within, key_of(record.name)
            ids[place] = None if place in ids else record.id
        pairs = pl.DataFrame({"owner": self.frame[within], "text": self.text(spec)})
        distinct_pairs = pairs.drop_nulls().unique()
        places = [(owner, key_of(text)) for owner, text in distinct_pairs.iter_rows()]
        found = [ids[place] if place in ids else anyones.get(place[1]) for place in places]
        names = distinct_pairs.with_columns(pl.Series("id", found, pl.String))
        joined = pairs.join(names, on=["owner", "text"], how="left", maintain_order="left")
        self.narrowed[spec.name] = joined.select(pl.coalesce("id", "text")).to_series()

    def _hold_within(self, spec: Field, known: list[Known]) -> None:
        """Who says both says them of one record."""
        within = spec.lookup.within if spec.lookup else ""
        if not within or within not in self.frame.columns:
            return
        owners = {record.id: record.within for record in known}
        owner = pl.col(spec.name).replace_strict(owners, default=None, return_dtype=pl.String)
        wrong = self.frame.filter(pl.col(within) != owner).select(ROW)
        params = json.dumps({"other": self.heading(within)})
        self.refuse(wrong.with_columns(params=pl.lit(params)), spec.name, "not_within")

    def _note_column(self, spec: Field, column: Column) -> None:
        text = self.text(spec)
        cells = self.table.frame.select(ROW, text.alias("found"))
        by_code: dict[tuple[str, str | None], list[str]] = {}
        for cell, (code, params) in column.bad.items():
            if code == "ambiguous_name" and spec.lookup and spec.lookup.within:
                code, params = "ambiguous_within", {"other": self.heading(spec.lookup.within)}
            by_code.setdefault((code, json.dumps(params) if params else None), []).append(cell)
        for (code, as_json), bad in by_code.items():
            rows = cells.filter(pl.col("found").is_in(bad)).with_columns(params=pl.lit(as_json, pl.String))
            self.refuse(rows, spec.name, code)
        if spec.required:
            self.refuse(cells.filter(pl.col("found").is_null()), spec.name, "required")
        if column.unknown:
            self.result.unknown[spec.name] = column.unknown
        if column.create:
            self.result.create[spec.name] = column.create

    # --- money ---------------------------------------------------------------------------------

    def settle_currency(self) -> None:
        """The row's currency is its own column's, else that in the amount, else the run's. Amounts become
        minor units of it."""
        if not self.target.has_amounts:
            return
        amounts = [f for f in self.target.fields if f.kind == Kind.AMOUNT and f.name in self.columns]
        in_cells = [self.columns[f.name].currencies for f in amounts]
        said = [series for series in in_cells if series is not None]
        if "currency" not in self.frame.columns:
            self.frame = self.frame.with_columns(currency=pl.lit(None, pl.String))
        named = {code for series in (self.frame["currency"], *said) for code in distinct(series)}
        for sign in sorted(named & SHARED_SIGNS.keys()):
            self._settle_sign(sign, "currency", self.frame["currency"], named)
        for spec in amounts:
            own = self.columns[spec.name].currencies
            if own is None:
                continue
            for sign in sorted(set(distinct(own)) & SHARED_SIGNS.keys()):
                own = self._settle_sign(sign, spec.name, own, named)
            frame = self.frame.with_columns(own=own)
            other = pl.col("own").is_not_null() & (pl.col("own") != pl.coalesce("currency", "own"))
            mixed = frame.filter(other).select(ROW, params=pl.col("currency"))
            mixed = mixed.with_columns(
                params=pl.col("params").map_elements(
                    lambda c: json.dumps({"currency": c}), return_dtype=pl.String
                )
            )
            self.refuse(mixed, spec.name, "currency_mixed")
            self.frame = frame.with_columns(currency=pl.coalesce("currency", "own")).drop("own")
        default = pl.lit(self.context.currency)
        if said or "currency" in self.mapping:
            self.frame = self.frame.with_columns(pl.col("currency").fill_null(default))
        else:
            self.frame = self.frame.with_columns(currency=default)
        currencies = distinct(self.frame["currency"])
        rates = self.context.rates
        missing = [c for c in currencies if c != self.context.tenant_currency and c not in rates]
        if missing and self.target.converts:
            self.result.missing_rates = missing
            blame = (
                "currency"
                if "currency" in self.mapping
                else (amounts[0].name if amounts else self.target.fields[0].name)
            )
            for code in missing:
                rows = self.frame.filter(pl.col("currency") == code).select(ROW)
                self.refuse(
                    rows.with_columns(params=pl.lit(json.dumps({"currency": code}))), blame, "no_rate"
                )
        self._to_minor([spec.name for spec in amounts], currencies)

    def _settle_sign(self, sign: str, name: str, said: pl.Series, named: set[str]) -> pl.Series:
        """What a sign stands for that several currencies share: the currency of its row where that is one of them,
        then the run's, else the usual one. A file that names another of them leaves it open, and is asked."""
        currencies, usual = SHARED_SIGNS[sign]
        default = self.context.currency if self.context.currency in currencies else usual
        signed = (said == sign).fill_null(False)
        if name == "currency":
            settled = said.set(signed, default)
            self.frame = self.frame.with_columns(settled.alias("currency"))
            open_rows = signed
        else:
            rows = self.frame["currency"]
            of_row = rows.is_in(list(currencies)).fill_null(False)
            settled = said.zip_with(~signed, rows.set(~of_row, default))
            open_rows = signed & rows.is_null()
        others = named & currencies - {default}
        if others and default != self.context.currency:
            refused = self.frame.filter(open_rows).select(ROW)
            codes = ", ".join(sorted(others | {default}))
            self.refuse(
                refused.with_columns(params=pl.lit(json.dumps({"sign": sign, "codes": codes}))),
                name,
                "currency_sign",
            )
        return settled

    def _to_minor(self, names: list[str], currencies: list[str]) -> None:
        step = pl.lit(None, pl.Int64)
        for decimals in {digits(code) for code in currencies}:
            codes = [code for code in currencies if digits(code) == decimals]
            step = (
                pl.when(pl.col("currency").is_in(codes))
                .then(pl.lit(UNIT // 10**decimals, pl.Int64))
                .otherwise(step)
            )
        for name in names:
            value = pl.col(name)
            # Whole numbers only: half up, away from zero.
            minor = (value.abs() + step // 2) // step * value.sign()
            self.frame = self.frame.with_columns(minor.cast(pl.Int64).alias(name))

    # --- keys ----------------------------------------------------------------------------------

    def find_key(self) -> None:
        key_field, natural = self.target.key_field, self.target.natural_key
        if key_field in self.frame.columns:
            key = pl.col(key_field)
        elif natural is not None:
            key = pl.col(natural)
        else:
            # No column names the rows: what stands in them does, and how often it did before.
            cells = pl.concat_str([pl.col(c).fill_null("") for c in self.table.columns], separator="\x1f")
            content = self.table.frame.select(cells.alias("content")).to_series()
            seen: Counter[str] = Counter()
            keys = []
            for text in content:
                seen[text] += 1
                keys.append(f"row:{_digest(text)}:{seen[text]}")
            self.frame = self.frame.with_columns(pl.Series("key", keys, dtype=pl.String))
            return
        self.frame = self.frame.with_columns(key=key)
        if natural is not None and key_field not in self.frame.columns:
            self.frame = self.frame.with_columns(
                _match=pl.col("key").str.to_lowercase().str.replace_all(r"\s+", " ")
            )
        else:
            self.frame = self.frame.with_columns(_match=pl.col("key"))
        self._find_repeated()
        self.frame = self.frame.drop("_match")

    def _find_repeated(self) -> None:
        repeats = self.frame.filter(pl.col("_match").is_not_null() & ~pl.col("_match").is_first_distinct())
        if repeats.is_empty():
            return
        names = [c for c in self.frame.columns if c not in (ROW, "key", "_match")]
        first = self.frame.filter(pl.col("_match").is_first_distinct())
        pairs = repeats.join(first, on="_match", how="left", suffix="_first")
        same = pl.all_horizontal([pl.col(n).eq_missing(pl.col(f"{n}_first")) for n in names])
        other = pairs.filter(~same).select(ROW, params=pl.col(f"{ROW}_first"))
        other = other.with_columns(
            params=pl.col("params").map_elements(lambda row: json.dumps({"row": row}), return_dtype=pl.String)
        )
        name = (
            self.target.key_field if self.target.key_field in self.mapping else str(self.target.natural_key)
        )
        self.refuse(other, name, "repeated")
        self.repeated = pairs.filter(same)[ROW]

    # --- rows ----------------------------------------------------------------------------------

    def refine(self) -> None:
        missing = [
            pl.lit(None, DTYPES[f.kind]).alias(f.name)
            for f in self.target.fields
            if f.name not in self.frame.columns
        ]
        self.frame = self.target.refine(self.frame.with_columns(missing), self.context)
        self._refuse_all(self.frame, self.target.problems(self.frame))

    def _refuse_all(self, frame: pl.DataFrame, problems: Iterable[Problem]) -> None:
        for problem in problems:
            rows = frame.filter(problem.where.fill_null(False))
            if rows.is_empty():
                continue
            params = None
            if problem.params:
                params = [
                    json.dumps({name: str(row[column]) for name, column in problem.params})
                    for row in rows.iter_rows(named=True)
                ]
            bad = rows.select(ROW).with_columns(
                params=pl.Series(params or [None] * len(rows), dtype=pl.String)
            )
            self.refuse(bad, problem.field, problem.code)

    def compare(self) -> Checked:
        target, frame = self.target, self.frame
        existing = target.existing(frame)
        values = [f.name for f in target.fields if f.name in existing.columns]
        if "currency" in existing.columns and "currency" not in values:
            values.append("currency")
        joined = frame.join(existing, on=ROW, how="left", suffix="_now", maintain_order="left")
        changed = pl.any_horizontal(
            [
                pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"{name}_now"))
                for name in values
                if name in frame.columns
            ]
            or [pl.lit(False)]
        )
        outcome = (
            pl.when(pl.col("id").is_null())
            .then(pl.lit(str(Outcome.CREATE)))
            .when(changed)
            .then(pl.lit(str(Outcome.CHANGE)))
            .otherwise(pl.lit(str(Outcome.SKIP)))
        )
        joined = joined.with_columns(outcome=outcome)
        written = joined.filter(pl.col("outcome") != Outcome.SKIP.value).with_columns(
            pl.coalesce(name, f"{name}_now").alias(name) for name in values if name in frame.columns
        )
        self._refuse_all(written, target.contradictions(written))
        if "locked" in existing.columns:
            locked = joined.filter((pl.col("outcome") == Outcome.CHANGE.value) & pl.col("locked"))
            key = target.key_field if target.key_field in self.mapping else str(target.natural_key)
            self.refuse(locked.select(ROW), key, "locked")
        if len(self.repeated):
            again = pl.col(ROW).is_in(self.repeated.to_list())
            joined = joined.with_columns(
                outcome=pl.when(again).then(pl.lit(Outcome.SKIP.value)).otherwise(pl.col("outcome"))
            )
        return self._finish(joined.select(*frame.columns, "id", "outcome"))

    def _finish(self, frame: pl.DataFrame) -> Checked:
        result, faults = self.result, self.table.faults
        problems = self._problems_by_row()
        frame = frame.join(problems, on=ROW, how="left", maintain_order="left")
        if faults:
            # What is wrong with the row as a whole comes alone: its cells cannot be trusted.
            numbers = pl.Series(list(faults), dtype=pl.UInt32)
            whole = pl.DataFrame({ROW: numbers, "fault": [json.dumps([fault]) for fault in faults.values()]})
            frame = frame.join(whole, on=ROW, how="left", maintain_order="left")
            frame = frame.with_columns(problems=pl.coalesce("fault", "problems")).drop("fault")
        refused = pl.col("problems").is_not_null()
        frame = frame.with_columns(
            outcome=pl.when(refused).then(pl.lit(Outcome.REFUSE.value)).otherwise(pl.col("outcome"))
        )
        counted = dict(frame["outcome"].value_counts().iter_rows())
        result.counts = {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}
        taken = frame.filter(~refused)
        for warning in self.target.warnings(frame):
            if rows := taken.select(warning.where.fill_null(False).sum()).item():
                result.warnings.append({"text": str(warning.text), "count": rows})
        if self.target.key_field not in self.mapping and self.target.natural_key is None:
            result.warnings.append({"text": self._how_recognised(), "count": 0})
        result.frame = frame.hstack(self.table.frame.select(self.table.columns))
        self._keep_only_needed(taken)
        return result

    def _how_recognised(self) -> str:
        names = [self.heading(name) for name in self.target.recognised_by if name in self.mapping]
        if not names:
            return _("No column names the rows, so a row is recognised by all it holds.")
        return _("A row is recognised by these columns together: %(columns)s.") % {
            "columns": ", ".join(names)
        }

    def _problems_by_row(self) -> pl.DataFrame:
        if not self.problems:
            return pl.DataFrame(schema={ROW: pl.UInt32, "problems": pl.String})
        every = pl.concat(self.problems).unique(maintain_order=True)
        codes = every.group_by("column", "code").len().sort("len", descending=True)
        self.result.problem_counts = {f"{column}\x1f{code}": n for column, code, n in codes.iter_rows()}
        by_row: dict[int, list[dict[str, Any]]] = {}
        for row, column, found, code, params in every.iter_rows():
            problem = {"column": column, "found": found or "", "code": code}
            if params:
                problem["params"] = json.loads(params)
            by_row.setdefault(row, []).append(problem)
        return pl.DataFrame(
            {ROW: list(by_row), "problems": [json.dumps(p, ensure_ascii=False) for p in by_row.values()]},
            schema={ROW: pl.UInt32, "problems": pl.String},
        )

    def _keep_only_needed(self, taken: pl.DataFrame) -> None:
        """A record that only refused rows name is not made."""
        for name, made in self.result.create.items():
            used = set(taken[name].drop_nulls().unique())
            self.result.create[name] = {text: pk for text, pk in made.items() if str(pk) in used}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
