"""The database engine of `migrate`: PostgreSQL's, whose connection has `row_security` off.

With it off, a data migration that reads a tenant table outside of a scope is an error instead of an empty
result. But PostgreSQL also reads both tables when a foreign key is added, and the owner of a table under FORCE
would be refused: those statements alone run with it on.
"""

from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.schema import DatabaseSchemaEditor as PostgresSchemaEditor


class DatabaseSchemaEditor(PostgresSchemaEditor):
    def execute(self, sql: Any, params: Any = ()) -> None:
        if self.collect_sql or " REFERENCES " not in str(sql):
            return super().execute(sql, params)
        super().execute("SET row_security = on", None)
        super().execute(sql, params)
        return super().execute("SET row_security = off", None)


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
