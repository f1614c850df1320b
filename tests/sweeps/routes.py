"""Every address under a tenant, found by walking the URL configuration."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


def tenant_routes() -> list[Route]:
    """The routes that take a tenant, by name. Raises ValueError for one that has no name."""
    routes = {route.name: route for route in _walk(get_resolver(), (), ())}
    return sorted(routes.values(), key=lambda route: route.name)


def _walk(resolver: URLResolver, namespaces: tuple[str, ...], arguments: tuple[str, ...]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        taken = (*arguments, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern, inner, taken)
        elif isinstance(pattern, URLPattern) and "tenant" in taken:
            if not pattern.name:
                raise ValueError(f"The address {pattern.pattern} under a tenant has no name.")
            yield Route(
                ":".join((*namespaces, pattern.name)), tuple(name for name in taken if name != "tenant")
            )
