"""What can be imported. Apps register a target for each kind of record in `AppConfig.ready()`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import polars as pl
from django.utils import timezone
from django.utils.functional import Promise

from portal.accounts.models import Membership
from portal.jobs.models import Job
from portal.tenancy.sequences import SetAside

Text = str | Promise


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"  # money: whole minor units of the row's currency
    INTEGER = "integer"
    CURRENCY = "currency"
    COUNTRY = "country"
    CHOICE = "choice"
    LOOKUP = "lookup"  # names a record of the tenant: its id


DTYPES: Mapping[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.AMOUNT: pl.Int64(),
    Kind.INTEGER: pl.Int64(),
    Kind.CURRENCY: pl.String(),
    Kind.COUNTRY: pl.String(),
    Kind.CHOICE: pl.String(),
    Kind.LOOKUP: pl.String(),
}


@dataclass(frozen=True)
class Known:
    """A record that a cell may name: by its name, by one of `keys` (number, external id), or by its `id`. `within` is the
    id of what it belongs to."""

    id: str
    name: str
    keys: tuple[str, ...] = ()
    within: str = ""


@dataclass(frozen=True)
class Lookup:
    """`known` reads all records in one query; `within` is the field whose record they belong to, which tells those of
    the same name apart. `create` makes records for names that are not known, with
    numbers of `prefix`; with `unasked` it needs no decision."""

    known: Callable[[], list[Known]]
    create: Callable[[Sequence[tuple[UUID, str]], "Context"], None] | None = None
    unasked: bool = False
    prefix: str = ""
    within: str = ""


@dataclass(frozen=True)
class Field:
    """A column that a target understands. `choices` maps spellings to values, `labels` values to words;
    `vocabulary` holds usual values of a free text, so that slips of the pen can be pointed out."""

    name: str
    label: Text
    kind: Kind = Kind.TEXT
    required: bool = False
    synonyms: tuple[str, ...] = ()
    help: Text = ""
    max_length: int = 200
    non_negative: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Text] = field(default_factory=dict)
    lookup: Lookup | None = None
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Context:
    """What a check or a commit needs to know beside the rows. `currency` is that of amounts without one;
    `rates` are the tenant's currency per unit of another."""

    tenant_id: UUID
    tenant_slug: str
    tenant_currency: str
    currency: str
    rates: Mapping[str, Decimal]
    run_id: UUID | None = None
    job: Job | None = None
    by: Membership | None = None
    numbers: SetAside = field(default_factory=SetAside)

    @property
    def source(self) -> Job:
        """The job that writes, which the events are about."""
        assert self.job is not None, "A check writes nothing."
        return self.job


@dataclass(frozen=True)
class Problem:
    """Rows of a frame (a boolean expression) that a target refuses, with the field to blame."""

    where: pl.Expr
    field: str
    code: str
    params: tuple[tuple[str, str], ...] = ()  # parameter -> column of the frame


@dataclass(frozen=True)
class Notice:
    """Rows that are taken, but that a person should know of."""

    where: pl.Expr
    text: Text  # with %(count)s


@dataclass(frozen=True)
class Written:
    created: int
    changed: int


class Target:
    """Base of what an app registers. Frames have `row`, `key`, the target's field names, and `currency`
    where a field is an amount; a null means that the file says nothing and leaves what is there."""

    key: str
    label: Text
    noun: Text  # plural, in a sentence
    permission: str
    fields: tuple[Field, ...]
    key_field = "external_id"
    natural_key: str | None = None  # the field that recognises a record where there is no key
    recognised_by: tuple[str, ...] = ()  # or the fields that do so together
    list_url: str = ""
    number_prefix = ""  # of the short number that new records get
    number_by_year = False
    converts = False  # amounts are kept in the tenant's currency as well, so that others need a rate

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)

    @property
    def has_amounts(self) -> bool:
        return any(f.kind == Kind.AMOUNT for f in self.fields)

    def numbers_of_new(self) -> tuple[str, int]:
        """Prefix and year of the numbers that new records get."""
        return self.number_prefix, timezone.localdate().year if self.number_by_year else 0

    def refine(self, frame: pl.DataFrame, context: Context) -> pl.DataFrame:
        """Complete values from each other, before they are compared and written."""
        return frame

    def problems(self, frame: pl.DataFrame) -> list[Problem]:
        """What cannot be, across the columns of the refined frame."""
        return []

    def contradictions(self, frame: pl.DataFrame) -> list[Problem]:
        """What cannot be of a record as the rows leave it: what they leave empty is as it stands there."""
        return []

    def warnings(self, frame: pl.DataFrame) -> list[Notice]:
        return []

    def existing(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The records that rows name already: `row`, `id`, and the fields' present values under their names;
        `locked` (boolean) where an import may not change the record. One query, whatever the rows."""
        raise NotImplementedError

    def write(self, frame: pl.DataFrame, context: Context) -> Written:
        """Create and change records, set-based, in the chunk's transaction, and record the events. Rows are
        matched anew, so that a chunk which comes twice writes once."""
        raise NotImplementedError


_targets: dict[str, Target] = {}


def register(target: Target) -> None:
    if target.key in _targets:
        raise ValueError(f"There is a target {target.key!r} already.")
    _targets[target.key] = target


def targets() -> list[Target]:
    return list(_targets.values())


def get_target(key: str) -> Target:
    """Raises KeyError for a key that no app has registered."""
    return _targets[key]
