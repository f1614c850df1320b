"""Addresses inside a tenant, without writing the tenant each time."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


def turl(request: HttpRequest, name: str, *args: Any, **kwargs: Any) -> str:
    """`turl(request, "deals:detail", deal.pk)`: the address in the request's tenant.

    Positional arguments follow the tenant in the pattern; keyword arguments are passed by name.
    """
    slug = request.tenant.slug
    if kwargs:
        return reverse(name, kwargs={"tenant": slug, **kwargs})
    return address_in(slug, name, *args)


@lru_cache(maxsize=10_000)
def address_in(slug: str, name: str, *args: Any) -> str:
    """The address in the tenant with this slug. Kept, because a page asks for dozens, most of them each time."""
    return reverse(name, args=(slug, *args))
