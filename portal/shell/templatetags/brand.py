"""`{% load brand %}`: a tenant's colours where there is no style sheet."""

from django import template

from portal.shell import colours

register = template.Library()


@register.simple_tag
def accent(colour: str) -> colours.Accent:
    return colours.accent(colour)
