"""`{% load people %}`: what the sign-in pages need to know."""

from django import template
from django.template import Context
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.models import Membership
from portal.people import queries
from portal.tenancy.models import Tenant

register = template.Library()


@register.simple_tag(takes_context=True)
def entrance_tenant(context: Context) -> Tenant | None:
    """The vendor whose portal the visitor is on the way to: the page's own, or that of the address in `next`."""
    request = context.get("request")
    if request is None:
        return None
    if getattr(request, "tenant", None):
        return request.tenant
    target = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return None
    try:
        match = resolve(target.partition("?")[0])
    except Resolver404:
        return None
    slug = match.kwargs.get("tenant")
    return Tenant.objects.filter(slug=slug).first() if slug else None


@register.simple_tag
def demo_members() -> list[Membership]:
    return queries.demo_members()
