"""Letters: the one way in which the portal writes e-mail, in a tenant's brand and a person's language."""

from collections.abc import Callable, Mapping, Sequence
from email.utils import formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify

from portal.tenancy.models import Tenant


def sender(tenant: Tenant) -> str:
    """The portal's address under the tenant's name."""
    return formataddr((_one_line(tenant.sender_name or tenant.name), settings.DEFAULT_FROM_EMAIL))


def absolute(path: str) -> str:
    """A path of the portal as an address that works outside of it."""
    return settings.PORTAL_URL + path


def compose(
    tenant: Tenant,
    *,
    to: str,
    language: str,
    subject: Callable[[], str],
    template: str,
    context: Mapping[str, Any],
    reply_to: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> EmailMultiAlternatives:
    """A letter in HTML and text from `emails/<template>.html` and `.txt`.

    Both are written in `language` (the tenant's where it is empty) and the tenant's time zone, and get
    `tenant` and `logo` besides the context; `subject` is called in that language, too.
    """
    with translation.override(language or tenant.language), timezone.override(tenant.zone):
        everything = {"tenant": tenant, "logo": _logo(tenant), **context}
        letter = EmailMultiAlternatives(
            _one_line(subject()),
            render_to_string(f"emails/{template}.txt", everything).strip() + "\n",
            sender(tenant),
            [to],
            reply_to=list(reply_to) or None,
            headers=dict(headers or {}),
        )
        letter.attach_alternative(render_to_string(f"emails/{template}.html", everything), "text/html")
    return letter


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _logo(tenant: Tenant) -> str:
    """The logo's address; "" without one. WebP is left out: some mail programs do not show it."""
    name = tenant.logo.name or ""
    if not name.endswith((".png", ".jpg")):
        return ""
    return f"{absolute(reverse('brand_logo', args=(tenant.slug,)))}?v={slugify(name)}"
