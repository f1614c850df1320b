"""Checked rows, kept as Parquet in parts of some thousand rows."""

import io
from collections.abc import Iterator
from typing import Any

import polars as pl

from portal.imports.enums import Outcome
from portal.imports.models import ImportPart, ImportRun

PART_ROWS = 5_000


def write_parts(run: ImportRun, frame: pl.DataFrame) -> None:
    """Replace the run's parts by these rows."""
    ImportPart.objects.filter(run=run).delete()
    parts = []
    for position, rows in enumerate(frame.iter_slices(PART_ROWS)):
        buffer = io.BytesIO()
        rows.write_parquet(buffer, compression="lz4", statistics=False)
        counts = dict(rows["outcome"].value_counts().iter_rows())
        parts.append(ImportPart(run=run, position=position, counts=counts, content=buffer.getvalue()))
    ImportPart.objects.bulk_create(parts, batch_size=4)


def read_part(run: ImportRun, position: int) -> pl.DataFrame | None:
    """The rows of a part; None behind the last."""
    part = ImportPart.objects.filter(run=run, position=position).first()
    return None if part is None else _frame(part)


def read_rows(run: ImportRun, outcome: Outcome, *, start: int, count: int) -> pl.DataFrame | None:
    """A window of the rows with one outcome. Reads only the parts that hold it: two queries."""
    sizes = list(ImportPart.objects.filter(run=run).order_by("position").values_list("position", "counts"))
    wanted: list[int] = []
    offset = 0
    before = 0
    for position, counts in sizes:
        size = counts.get(outcome.value, 0)
        if size and before + size > start and before < start + count:
            if not wanted:
                offset = start - before
            wanted.append(position)
        before += size
    if not wanted:
        return None
    parts = ImportPart.objects.filter(run=run, position__in=wanted).order_by("position")
    frames = [_frame(part).filter(pl.col("outcome") == outcome.value) for part in parts]
    return pl.concat(frames).slice(offset, count)


def refused_rows(run: ImportRun) -> Iterator[dict[str, Any]]:
    """Every refused row, part by part."""
    position = 0
    while (frame := read_part(run, position)) is not None:
        yield from frame.filter(pl.col("outcome") == Outcome.REFUSE.value).iter_rows(named=True)
        position += 1


def _frame(part: ImportPart) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(part.content))
