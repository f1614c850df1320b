"""The base of targets whose rows become rows of one model: matching and writing, set-based."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import polars as pl
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from uuid_utils import uuid7

from portal.imports.reading import ROW
from portal.imports.targets import DTYPES, Context, Kind, Target, Written
from portal.tenancy.models import TenantModel
from portal.tenancy.scope import current_tenant_id

STAGE = "imports_stage"

# Thousands of texts as one parameter: the driver's own arrays cost a regular expression for each item.
_SEPARATOR = "\x1f"
_ARRAY = "string_to_array(%s, E'\\x1f')"

# One expression for both sides of a comparison of names: case and white space do not count.
_NAME_KEY = "lower(regexp_replace({column}, '\\s+', ' ', 'g'))"


class RecordTarget(Target):
    """Field names are the model's field names. `extra` are further model fields that `refine` fills;
    `overrides` replaces the SQL of a column in an update (`s` is the file's row, `t` the record's);
    `update_condition` keeps records from being changed at all, and `name_condition` from being recognised by
    name (`t` is the record)."""

    model: type[TenantModel]
    extra: tuple[str, ...] = ()
    constants: ClassVar[Mapping[str, Any]] = {}  # model field -> value in new rows
    overrides: ClassVar[Mapping[str, str]] = {}
    update_condition = ""
    name_condition = ""
    versioned = False

    # --- matching ------------------------------------------------------------------------------

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        return self._match(frame, lock=False)

    def _value_columns(self) -> list[tuple[str, str, pl.DataType]]:
        """(frame column, SQL, type) of what is compared with the file."""
        columns = []
        for spec in self.fields:
            column = cast(models.Field, self.model._meta.get_field(spec.name)).column
            sql = f'"{column}"::text' if spec.kind in (Kind.LOOKUP, Kind.CHOICE) else f'"{column}"'
            columns.append((spec.name, sql, DTYPES[spec.kind]))
        if self.has_amounts and not any(spec.name == "currency" for spec in self.fields):
            columns.append(("currency", '"currency"', pl.String()))
        return columns

    def _match(self, frame: pl.DataFrame, *, lock: bool) -> pl.DataFrame:
        """The records that the rows name: by external id, else by name where the record has no other one."""
        columns = self._value_columns()
        key = _NAME_KEY.format(column=f'"{self.natural_key}"') if self.natural_key else "''"
        if self.name_condition:
            key = f"CASE WHEN {self.name_condition.format(t='t')} THEN {key} END"
        extras = [f'{key} AS "_name"', '"external_id" AS "_external"']
        if self.update_condition:
            extras.append(f"NOT ({self.update_condition.format(t='t')}) AS locked")
        select = ", ".join(
            ['id::text AS "id"', *(f'{sql} AS "{name}"' for name, sql, _t in columns), *extras]
        )
        external = self._external(frame)
        conditions = [f'"external_id" = ANY({_ARRAY})']
        params: list[Any] = [current_tenant_id(), _joined(external)]
        names = frame.select(ROW, _name=pl.lit(None, pl.String))
        if self.natural_key:
            names = frame.select(
                ROW, _name=pl.col(self.natural_key).str.to_lowercase().str.replace_all(r"\s+", " ")
            )
            conditions.append(f"{key} = ANY({_ARRAY})")
            params.append(_joined(names["_name"]))
        sql = (
            f'SELECT {select} FROM "{self.model._meta.db_table}" t'
            f" WHERE tenant_id = %s AND ({' OR '.join(conditions)}) ORDER BY id{' FOR UPDATE' if lock else ''}"
        )
        schema = {"id": pl.String(), **{name: dtype for name, _sql, dtype in columns}}
        schema |= {"_name": pl.String(), "_external": pl.String()}
        if self.update_condition:
            schema["locked"] = pl.Boolean()
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")
        rows = names.with_columns(_external=external)
        by_id = rows.filter(pl.col("_external").is_not_null()).join(
            found.filter(pl.col("_external") != "").drop("_name"), on="_external", how="inner"
        )
        parts = [by_id.drop("_name", "_external")]
        if self.natural_key:
            rest = rows.join(by_id, on=ROW, how="anti")
            # A record that has an external id is another one than a row with a different external id.
            free = found.join(by_id, on="id", how="anti")
            if self.update_condition:
                # Of several of one name the row means one that may be changed.
                free = free.sort("locked", maintain_order=True)
            free = free.unique("_name", keep="first", maintain_order=True)
            by_name = rest.join(free, on="_name", how="inner", suffix="_now")
            by_name = by_name.filter(pl.col("_external").is_null() | (pl.col("_external_now") == ""))
            parts.append(by_name.drop("_name", "_external", "_external_now"))
        return pl.concat(parts, how="diagonal")

    def _external(self, frame: pl.DataFrame) -> pl.Series:
        """The rows' external ids; where no column holds any and names do not either, the rows' own key."""
        if self.natural_key is None:
            return frame["key"].alias("_external")
        return frame["external_id"].alias("_external")

    # --- writing -------------------------------------------------------------------------------

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        frame = frame.with_columns(external_id=self._external(frame))
        if self.natural_key is None:
            new, old = frame.filter(pl.col("id").is_null()), frame.filter(pl.col("id").is_not_null())
        else:
            # No unique key of the database holds names, so they are matched anew.
            now = self._match(frame, lock=True).select(ROW, "id")
            frame = frame.drop("id")
            new = frame.join(now, on=ROW, how="anti", maintain_order="left")
            old = frame.join(now, on=ROW, how="inner", maintain_order="left")
        new = new.drop("id", strict=False)
        try:
            with transaction.atomic():
                written = self._insert(self.complete(new, context), context)
        except IntegrityError:
            # Something has created some of them since the check: those are changed instead.
            again = new.join(self._match(new, lock=True).select(ROW, "id"), on=ROW, how="inner")
            new = new.join(again, on=ROW, how="anti")
            written = self._insert(self.complete(new, context), context)
            old = pl.concat([old, again], how="diagonal")
        changed = self._update(old, context)
        return Written(created=len(written), changed=len(changed))

    def complete(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Fill what a new record must have and the file does not say."""
        return new

    def created(self, rows: pl.DataFrame, context: Context) -> None:
        """Links and events of new records. The rows have `id`."""

    def changed(self, rows: pl.DataFrame, before: pl.DataFrame, context: Context) -> None:
        """Links and events of changed records. Both have `id`; `before` has the former values."""

    def _columns(self) -> list[models.Field]:
        names = [*(spec.name for spec in self.fields), *self.extra]
        if self.has_amounts and "currency" not in names:
            names.append("currency")
        return [self.model._meta.get_field(name) for name in names]

    def _insert(self, new: pl.DataFrame, context: Context) -> pl.DataFrame:
        if new.is_empty():
            return new
        now = timezone.now()
        new = new.with_columns(pl.Series("id", [str(uuid7()) for _row in range(len(new))]))
        columns = self._columns()
        if self.number_prefix:
            prefix, year = self.numbers_of_new()
            numbers = context.numbers.take(prefix, len(new), year=year)
            new = new.with_columns(pl.Series("number", numbers))
            columns = [*columns, self.model._meta.get_field("number")]
        pk = self.model._meta.pk
        self._stage(new, [pk, *columns])
        staged = {field.name for field in (pk, *columns)}
        targets, expressions, params = [], [], []
        given = {
            "tenant": context.tenant_id,
            "import_id": context.run_id,
            "created_at": now,
            "updated_at": now,
        }
        given |= self.constants
        for field in self.model._meta.concrete_fields:
            targets.append(f'"{field.column}"')
            default = given[field.name] if field.name in given else _default(field)
            if field.name in staged:
                expressions.append(
                    f's."{field.column}"' if default is None else f'COALESCE(s."{field.column}", %s)'
                )
                params += [] if default is None else [default]
            else:
                expressions.append("%s")
                params.append(default)
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{self.model._meta.db_table}" ({", ".join(targets)})'
                f" SELECT {', '.join(expressions)} FROM {STAGE} s",
                params,
            )
        self.created(new, context)
        return new

    def _update(self, old: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Write where something differs; a null leaves what is there. Returns the rows that were written."""
        if old.is_empty():
            return old
        columns = self._columns()
        before = self._before(old)
        self._stage(old, [self.model._meta.pk, *columns], analyze=True)
        values = {
            f.column: self.overrides.get(f.name, f'COALESCE(s."{f.column}", t."{f.column}")') for f in columns
        }
        assignments = ", ".join(f'"{column}" = {value}' for column, value in values.items())
        if self.versioned:
            assignments += ', "version" = t."version" + 1'
        mine = ", ".join(f't."{column}"' for column in values)
        condition = f" AND ({self.update_condition.format(t='t')})" if self.update_condition else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{self.model._meta.db_table}" t SET {assignments}, updated_at = %s, import_id = %s'
                f" FROM {STAGE} s WHERE t.tenant_id = %s AND t.id = s.id{condition}"
                f" AND ({mine}) IS DISTINCT FROM ({', '.join(values.values())}) RETURNING t.id::text",
                [timezone.now(), context.run_id, context.tenant_id],
            )
            ids = [pk for (pk,) in cursor.fetchall()]
        changed = old.filter(pl.col("id").is_in(ids))
        if len(changed):
            self.changed(changed, before.filter(pl.col("id").is_in(ids)), context)
        return changed

    def _before(self, old: pl.DataFrame) -> pl.DataFrame:
        """The records as they are before the update, locked in the order of their ids."""
        columns = self._value_columns()
        select = ", ".join(['id::text AS "id"', *(f'{sql} AS "{name}"' for name, sql, _type in columns)])
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT {select} FROM "{self.model._meta.db_table}"'
                f" WHERE tenant_id = %s AND id = ANY({_ARRAY}::uuid[]) ORDER BY id FOR UPDATE",
                [current_tenant_id(), _joined(old["id"])],
            )
            schema = {"id": pl.String(), **{name: dtype for name, _sql, dtype in columns}}
            return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")

    def _stage(self, frame: pl.DataFrame, fields: list[models.Field], *, analyze: bool = False) -> None:
        """COPY into a temporary table; COPY into a table under row-level security is not possible."""
        columns = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in fields)
        body = frame.select([field.name for field in fields])
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{STAGE}")
            cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} ({columns}) ON COMMIT DROP")
            with cursor.copy(f"COPY pg_temp.{STAGE} FROM STDIN (FORMAT csv)") as copy:
                copy.write(body.write_csv(include_header=False, quote_style="non_numeric").encode())
            if analyze:
                cursor.execute(f"ANALYZE pg_temp.{STAGE}")


def _default(field: models.Field) -> Any:
    return (
        field.get_db_prep_save(field.get_default(), connection)
        if field.has_default() or not field.null
        else None
    )


def _joined(texts: pl.Series) -> str:
    return _SEPARATOR.join(text.replace(_SEPARATOR, "") for text in texts.drop_nulls().unique().to_list())
