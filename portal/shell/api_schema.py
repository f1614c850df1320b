"""How the API is described, where a serializer alone does not say it."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework import serializers


class Schema(AutoSchema):
    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A choice that may be empty is then none of its values."""
        schema = super()._map_serializer_field(field, direction, bypass_extensions)
        if "enum" in schema and "" not in schema["enum"] and _may_be_empty(field):
            schema["enum"] = [*schema["enum"], ""]
        return schema

    def _insert_field_validators(self, field: Any, schema: Any) -> None:
        """An address that may be empty is then none."""
        super()._insert_field_validators(field, schema)
        if schema.get("format") in ("uri", "email") and _may_be_empty(field):
            del schema["format"]


def _may_be_empty(field: Any) -> bool:
    if getattr(field, "allow_blank", False):
        return True
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    if model is None or not field.read_only or not isinstance(field.source, str):
        return False
    try:
        return bool(getattr(model._meta.get_field(field.source), "blank", False))
    except FieldDoesNotExist:
        return False


def either_side(
    name: str, partner: type[serializers.Serializer], vendor: type[serializers.Serializer]
) -> Any:
    """Decorates a viewset whose answers have fewer fields for a partner than for the vendor's people."""
    answer = PolymorphicProxySerializer(name, [partner, vendor], resource_type_field_name=None)
    described = extend_schema(responses=answer)
    return extend_schema_view(list=described, retrieve=described)
