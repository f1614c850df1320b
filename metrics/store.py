"""Reading and writing scorecard rows in bulk."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from uuid_utils.compat import uuid7

from metrics.models import Scorecard, SubjectKind
from metrics.periods import Period
from metrics.rows import AS_WRITTEN, GROUP_COLUMNS, KEYS, OWN, PARTNERS, PERIOD, SUBJECT, Row
from metrics.sources.reading import are_few, fetch_frame
from portal.tenancy.db import run_planned
from portal.tenancy.scope import current_tenant_id

# Type, region and tier of partners.
Audience = tuple[str, str, str]
_TABLE = Scorecard._meta.db_table
_READ = f"""SELECT id::text, subject_kind, subject_key, COALESCE(partner_id::text, '') AS partner_id, partner_type, region,
    COALESCE(manager_id::text, '') AS manager_id, segment, period_kind, period_start::text, period_kind || ':' || period_start,
    {{facts}}::text FROM {_TABLE} WHERE tenant_id = %(tenant)s
    AND (period_kind, period_start) IN (SELECT * FROM unnest(%(kinds)s::text[], %(starts)s::date[]))"""
_SUBJECTS = " AND subject_kind = ANY(%(own)s) AND subject_key = ANY(%(keys)s)"
_PEERS = """ AND subject_kind = %(partner)s
    AND ((partner_type, region) IN (SELECT * FROM unnest(%(types)s::text[], %(regions)s::text[]))
        OR segment = ANY(%(segments)s))"""
_STORED_IN = " UNION ".join(
    f"SELECT '{kind.value}', {column} FROM own" for kind, column in GROUP_COLUMNS.items()
)
_WITH_GROUPS = f"""WITH own AS ({{own}}),
    names AS (SELECT * FROM unnest(%(g_kinds)s::text[], %(g_keys)s::text[]) UNION {_STORED_IN})
    SELECT * FROM own UNION ALL {{everyone}} AND (subject_kind, subject_key) IN (SELECT * FROM names)"""
_READ_COLUMNS = ["id", *SUBJECT, *OWN, *PERIOD, "facts"]

_STAGED = [
    "id",
    "subject_kind",
    "subject_key",
    "partner_id",
    "partner_type",
    "region",
    "manager_id",
    "segment",
    "period_kind",
    "period_start",
    "version_id",
    "score",
    "coverage",
    "passed",
    "facts",
    "breakdown",
]
_LARGE = frozenset({"facts", "breakdown"})
_COLUMNS = ", ".join(f"{name} {'jsonb' if name in _LARGE else 'text'}" for name in _STAGED)
_CASTS = {
    "id": "id::uuid",
    "partner_id": "NULLIF(partner_id, '')::uuid",
    "manager_id": "NULLIF(manager_id, '')::uuid",
    "period_start": "period_start::date",
    "version_id": "NULLIF(version_id, '')::uuid",
    "score": "NULLIF(score, '')::numeric(7, 4)",
    "coverage": "coverage::numeric(5, 4)",
    "passed": "NULLIF(passed, '')::boolean",
    "facts": "facts::jsonb",
    "breakdown": "breakdown::jsonb",
}
_KEPT = [
    "partner_type",
    "region",
    "manager_id",
    "segment",
    "version_id",
    "score",
    "coverage",
    "passed",
    "facts",
    "breakdown",
]
_UPSERT = f"""INSERT INTO {_TABLE} AS old (tenant_id, created_at, computed_at, {", ".join(_STAGED)})
    SELECT %(tenant)s, now(), now(), {", ".join(_CASTS.get(name, name) for name in _STAGED)} FROM {{staged}}
    ON CONFLICT (tenant_id, subject_kind, subject_key, period_kind, period_start) DO UPDATE
    SET computed_at = excluded.computed_at, {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
    WHERE ({", ".join(f"old.{name}" for name in _KEPT)}) IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _KEPT)})
    RETURNING old.partner_id, old.period_kind, old.period_start"""
# A temporary table costs more than it saves on a handful of rows.
_FEW = 500


@dataclass(slots=True)
class Changed:
    """Which partners' scorecards a write changed, and how many rows in all."""

    rows: int = 0
    periods: dict[UUID, list[str]] = field(default_factory=dict)

    def add(self, other: "Changed") -> None:
        self.rows += other.rows
        for partner_id, keys in other.periods.items():
            known = self.periods.setdefault(partner_id, [])
            known.extend(key for key in keys if key not in known)


def read_rows(
    periods: Collection[Period], facts: Sequence[str] = (), *, peers_of: Collection[Audience] | None = None
) -> pl.DataFrame:
    """Stored rows of the periods: of the partners that share type and region, or tier, with any of `peers_of`, or of
    everyone. Columns: `id` and those of `metrics.rows` with these facts; without any `partners` is 0."""
    sql = _READ.format(facts="facts" if facts else "'{}'")
    values = _period_values(periods)
    if peers_of is not None:
        sql += _PEERS
        values |= {
            "types": [kind for kind, _region, _segment in peers_of],
            "regions": [region for _kind, region, _segment in peers_of],
            "segments": sorted({segment for _kind, _region, segment in peers_of if segment}),
        }
    return _fetch_rows(sql, values, facts)


def read_partners_and_groups(
    periods: Collection[Period],
    partner_ids: Collection[UUID],
    groups: Iterable[tuple[str, str]],
    facts: Sequence[str],
    *,
    with_house: bool = False,
) -> tuple[dict[str, Row], dict[str, Row]]:
    """Stored rows of these partners (and those of no partner), and those of these (kind, key) groups and of the groups
    that the partners' stored rows are part of. By id; the columns of `metrics.rows` with these facts."""
    everyone = _READ.format(facts="facts")
    kinds, keys = zip(*sorted(groups), strict=True)
    values: dict[str, Any] = {
        **_period_values(periods),
        "own": [SubjectKind.PARTNER.value, *([SubjectKind.HOUSE.value] if with_house else [])],
        # The house row's key is empty, as no partner's is.
        "keys": [*(str(key) for key in partner_ids), *([""] if with_house else [])],
        "g_kinds": list(kinds),
        "g_keys": list(keys),
    }
    sql = _WITH_GROUPS.format(own=everyone + _SUBJECTS, everyone=everyone)
    few = are_few(partner_ids, periods)
    rows = _few_rows(sql, values, facts) if few else _fetch_rows(sql, values, facts).rows()
    own: dict[str, Row] = {}
    of_groups: dict[str, Row] = {}
    for row_id, *row in rows:
        (own if row[0] in values["own"] else of_groups)[row_id] = tuple(row)
    return own, of_groups


def _few_rows(sql: str, values: dict[str, Any], facts: Sequence[str]) -> Iterator[Row]:
    """What `_fetch_rows` gives, as plain rows."""
    names = [*facts, PARTNERS]
    for *plain, stored in run_planned(sql, values):
        known = json.loads(stored)
        yield (*plain, *(known.get(name, 0) for name in names))


def _fetch_rows(sql: str, values: dict[str, Any], facts: Sequence[str]) -> pl.DataFrame:
    names = [*facts, PARTNERS]
    frame = fetch_frame(sql, values, dict.fromkeys(_READ_COLUMNS, pl.String()))
    texts = [*SUBJECT, *OWN]
    return (
        frame.lazy()
        .with_columns(
            pl.col(texts).fill_null(""),
            pl.col("facts").str.json_decode(pl.Struct(dict.fromkeys(names, pl.Int64))),
        )
        .unnest("facts")
        .with_columns(pl.col(names).fill_null(0))
        .select(pl.col(["id", *KEYS, *names]))
        .collect(optimizations=AS_WRITTEN)
    )


def write_rows(scored: pl.DataFrame) -> Changed:
    """Upsert scored rows; only those that differ are written. One COPY and one statement, or one statement for few."""
    changed = Changed()
    if scored.is_empty():
        return changed
    values: dict[str, Any] = {"tenant": current_tenant_id()}
    with connection.cursor() as cursor:
        if scored.height <= _FEW:
            values["rows"] = _as_json(scored)
            source = f"jsonb_to_recordset(%(rows)s::jsonb) AS staged({_COLUMNS})"
            written = run_planned(_UPSERT.format(staged=source), values)
        else:
            source = "metrics_staged"
            # What is large is parsed and compressed once only.
            cursor.execute(f"CREATE TEMPORARY TABLE {source} ({_COLUMNS}) ON COMMIT DROP")
            ids = pl.Series("id", [str(uuid7()) for _row in range(scored.height)])
            content = BytesIO()
            scored.select(ids, pl.col(_STAGED[1:])).write_csv(
                content, include_header=False, null_value="", quote_style="necessary"
            )
            with cursor.copy(
                f"COPY {source} FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({', '.join(_STAGED)}))"
            ) as copy:
                copy.write(content.getbuffer())
            cursor.execute(_UPSERT.format(staged=source), values)
            written = cursor.fetchall()
            cursor.execute(f"DROP TABLE {source}")
    changed.rows = len(written)
    for partner_id, kind, start in written:
        if partner_id is not None:
            changed.periods.setdefault(partner_id, []).append(f"{kind}:{start}")
    return changed


def _as_json(scored: pl.DataFrame) -> str:
    """The rows as a JSON array; `facts` and `breakdown` are objects in it, so that nothing is quoted twice."""
    rows = []
    for row in scored.iter_rows(named=True):
        plain = {name: row[name] for name in _STAGED if name != "id" and name not in _LARGE}
        text = json.dumps({"id": str(uuid7()), **plain}).removesuffix("}")
        rows.append(f'{text},"facts":{row["facts"]},"breakdown":{row["breakdown"]}}}')
    return f"[{','.join(rows)}]"


def delete_rows(ids: Collection[str]) -> int:
    """Remove rows whose subject no longer has figures in their period."""
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_TABLE} WHERE tenant_id = %s AND id = ANY(%s::uuid[])",
            [current_tenant_id(), list(ids)],
        )
        return cursor.rowcount


def _period_values(periods: Collection[Period]) -> dict[str, object]:
    return {
        "tenant": current_tenant_id(),
        "partner": SubjectKind.PARTNER.value,
        "kinds": [period.kind.value for period in periods],
        "starts": [period.start for period in periods],
    }
