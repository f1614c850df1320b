"""Writing many entries: one COPY and one INSERT, as row-level security lets nobody COPY into its tables."""

import json
from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.db import connection
from django.utils import timezone

from incentives.ledger.models import LedgerEntry

# A temporary table costs more than it saves on a handful of rows.
FEW = 500
_FIELDS = [field for field in LedgerEntry._meta.concrete_fields if not field.generated]
_COLUMNS = ", ".join(field.column for field in _FIELDS)
_TABLE = LedgerEntry._meta.db_table
_STAGED = "incentives_staged"


def write_entries(entries: Sequence[LedgerEntry]) -> None:
    """Insert new entries, however many."""
    if len(entries) <= FEW:
        LedgerEntry.objects.bulk_create(entries)
        return
    now = timezone.now()
    content = StringIO()
    for entry in entries:
        entry.created_at = now
        content.write(",".join(_quoted(getattr(entry, field.attname)) for field in _FIELDS) + "\n")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {_STAGED} (LIKE {_TABLE}) ON COMMIT DROP")
        with cursor.copy(f"COPY {_STAGED} ({_COLUMNS}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(content.getvalue())
        cursor.execute(f"INSERT INTO {_TABLE} ({_COLUMNS}) SELECT {_COLUMNS} FROM {_STAGED}")
        cursor.execute(f"DROP TABLE {_STAGED}")


def _quoted(value: Any) -> str:
    """As CSV has it: an empty field is null, an empty text is quoted."""
    if value is None:
        return ""
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    return '"' + text.replace('"', '""') + '"'
