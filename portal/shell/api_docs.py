"""The API's documentation, written from its schema as a page of the portal."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
MAX_DEPTH = 4
_EXAMPLES: dict[str, Any] = {
    "uuid": "0192f0c4-7b1e-7c3a-9d55-2f6c1a8e4b10",
    "date": "2026-03-31",
    "date-time": "2026-03-31T12:00:00Z",
    "email": "person@example.com",
    "uri": "https://example.com/",
    "decimal": "12.50",
}


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[dict[str, Any]]
    body: str
    answers: list[tuple[str, str, str]]


def docs(request: HttpRequest, tenant: str) -> HttpResponse:
    schema = SchemaGenerator(urlconf=None).get_schema(request=None, public=True)
    return render(
        request,
        "shell/api_docs.html",
        {
            "title": _("API"),
            "subtitle": _("Deals, partners, customers, scorecards and tiers, for your own systems."),
            "groups": groups(schema, tenant),
        },
    )


def groups(schema: dict[str, Any], tenant: str) -> list[tuple[str, list[Operation]]]:
    """The operations under `/<tenant>/api/v1/`, by what they are about."""
    found: dict[str, list[Operation]] = {}
    for template, methods in schema.get("paths", {}).items():
        path = template.replace("{tenant}", tenant)
        name = template.partition("/api/v1/")[2].split("/")[0]
        if not name or name in {"schema", "docs"}:
            continue
        for method in METHODS:
            if method in methods:
                operation = _operation(schema, method, path, methods[method])
                found.setdefault(capfirst(name.replace("-", " ")), []).append(operation)
    return sorted(found.items())


def _operation(schema: dict[str, Any], method: str, path: str, found: dict[str, Any]) -> Operation:
    parameters = [
        {
            "name": parameter["name"],
            "place": parameter["in"],
            "kind": _kind(parameter.get("schema", {})),
            "required": parameter.get("required", False),
            "text": parameter.get("description", ""),
        }
        for parameter in found.get("parameters", [])
        if parameter["name"] != "tenant"
    ]
    answers = [
        (code, answer.get("description", ""), _example(schema, _json_schema(answer)))
        for code, answer in sorted(found.get("responses", {}).items())
    ]
    text = found.get("description", "").strip()
    return Operation(
        id=slugify(found.get("operationId", f"{method}-{path}")),
        method=method.upper(),
        path=path,
        summary=text.partition("\n")[0],
        text=text.partition("\n")[2].strip(),
        parameters=parameters,
        body=_example(schema, _json_schema(found.get("requestBody", {}))),
        answers=answers,
    )


def _json_schema(holder: dict[str, Any]) -> dict[str, Any]:
    return holder.get("content", {}).get("application/json", {}).get("schema", {})


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"][:12])
    return schema.get("format") or schema.get("type", "")


def _example(schema: dict[str, Any], found: dict[str, Any]) -> str:
    """A value of the shape that a schema describes, as indented JSON; "" where there is none."""
    return json.dumps(_value(schema, found, 0), indent=2, ensure_ascii=False) if found else ""


def _value(schema: dict[str, Any], found: dict[str, Any], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return None
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return _value(schema, schema["components"]["schemas"][name], depth)
    for several in ("allOf", "oneOf", "anyOf"):
        if several in found:
            return _value(schema, found[several][0], depth)
    if "example" in found:
        return found["example"]
    if "enum" in found:
        return found["enum"][0]
    match found.get("type"):
        case "object":
            return {key: _value(schema, part, depth + 1) for key, part in found.get("properties", {}).items()}
        case "array":
            return [_value(schema, found.get("items", {}), depth + 1)]
        case "integer" | "number":
            return 0
        case "boolean":
            return False
    return _EXAMPLES.get(found.get("format", ""), "text")
