"""Foreign keys between tenant tables."""

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey):
    """A foreign key whose constraint is the composite one that `SameTenant` declares.

    A plain `(x_id) -> (id)` key would let a row point into another tenant, because foreign keys
    bypass row-level security.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs["db_constraint"] = False
        kwargs.setdefault("db_index", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
