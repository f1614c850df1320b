"""What templates say of companies."""

from django import template

from partners.directory.fields import country_name

register = template.Library()


@register.filter
def country(code: str | None) -> str:
    """The country of a code, in the reader's language."""
    return country_name(code) if code else ""
