"""Fields that a partner's session may not read."""

from functools import cache
from typing import Any

from django.db import models

from portal.tenancy.scope import current_partner_id


class VendorOnly(models.Field):
    """A column without a grant for partners. Queries in a partner's session select NULL in its place, and
    `VendorOnlyModel` leaves the field deferred, so that the NULL is neither seen nor saved."""

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return ("NULL", []) if current_partner_id() else super().select_format(compiler, sql, params)


class VendorOnlyChar(VendorOnly, models.CharField):
    pass


class VendorOnlyBoolean(VendorOnly, models.BooleanField):
    pass


@cache
def _hidden(model: type[models.Model]) -> frozenset[str]:
    return frozenset(f.attname for f in model._meta.concrete_fields if isinstance(f, VendorOnly))


class VendorOnlyModel(models.Model):
    """A model that has such fields."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **options: Any) -> "VendorOnlyModel":
        if current_partner_id():
            hidden = _hidden(cls)
            seen = [pair for pair in zip(field_names, values, strict=True) if pair[0] not in hidden]
            field_names, values = [name for name, _value in seen], [value for _name, value in seen]
        return super().from_db(db, field_names, values, **options)
