"""Ways of breaking deals and leads down, each with the parameters by which their lists are narrowed to a part."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, F, Value, When
from django.db.models.functions import Coalesce, Lower, TruncMonth
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.periods import Calendar
from partners.deals.enums import MarketingChannel
from partners.directory.enums import PartnerType
from partners.directory.models import Partner, ProductFamily
from partners.directory.narrowing import WITHOUT, partners_by_tier
from partners.directory.queries import managers
from portal.shell.registry import segment_choices


@dataclass(frozen=True, slots=True)
class Dimension:
    """A way of breaking down. `lead` and `deal` are what rows are grouped by; `names` are the labels of the keys.

    `parameters` narrow the lists of leads and of deals down to a key, so that each number leads to its records.
    """

    code: str
    title: str | Promise
    lead: Any
    deal: Any
    names: Callable[[Iterable[str]], dict[str, str]]
    lead_parameter: str = ""
    deal_parameter: str = ""
    # What the lists call a part without a key, and what people do.
    without: str = WITHOUT
    nothing: str | Promise = ""

    def parameters(self, of: str, key: str) -> dict[str, str]:
        name = self.lead_parameter if of == "lead" else self.deal_parameter
        return {name: key or self.without} if name else {}


def _none(keys: Iterable[str]) -> dict[str, str]:
    return {}


def _same(keys: Iterable[str]) -> dict[str, str]:
    return {key: key for key in keys}


def _partners(keys: Iterable[str]) -> dict[str, str]:
    rows = Partner.objects.filter(pk__in=[key for key in keys if key])
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def _managers(keys: Iterable[str]) -> dict[str, str]:
    return {str(person.pk): person.name for person in managers()}


def _families(keys: Iterable[str]) -> dict[str, str]:
    return {str(pk): name for pk, name in ProductFamily.objects.values_list("pk", "name")}


def _of_type(keys: Iterable[str]) -> dict[str, str]:
    return {value: str(label) for value, label in PartnerType.choices}


def _of_channel(keys: Iterable[str]) -> dict[str, str]:
    return {value: str(label) for value, label in MarketingChannel.choices}


def _of_tier(keys: Iterable[str]) -> dict[str, str]:
    return dict(segment_choices())


def _tier(today: dt.date) -> Case:
    """The tier that the partner of a row has today."""
    whens = [
        When(partner_id__in=keys, then=Value(code)) for code, keys in partners_by_tier(today).items() if code
    ]
    return Case(*whens, default=Value(""), output_field=CharField())


TITLES: dict[str, tuple[str | Promise, str | Promise]] = {
    "month": (_("Month"), ""),
    "partner": (_("Partner"), _("Without a partner")),
    "manager": (_("Channel manager"), _("Without a manager")),
    "region": (_("Region"), _("Without a region")),
    "type": (_("Partner type"), _("Without a type")),
    "tier": (_("Tier"), _("Without a tier")),
    "family": (_("Product family"), _("Without a product")),
    "channel": (_("Channel"), _("Without a channel")),
    "source": (_("Source"), _("Without a source")),
}


def dimension(code: str, calendar: Calendar) -> Dimension:
    """The breakdown of that code; of no or an unknown code everything is one part."""
    if code not in TITLES:
        everything = Value("", output_field=CharField())
        return Dimension("", "", everything, everything, _none)
    title, nothing = TITLES[code]
    null = "null" if code in ("manager", "family") else WITHOUT
    if code == "month":
        came = Coalesce("submitted_at", "offered_at")
        lead, deal = (TruncMonth(at, tzinfo=calendar.zone) for at in (came, "first_submitted_at"))
        return Dimension(code, title, lead, deal, _same)
    if code == "tier":
        tier = _tier(calendar.today())
        return Dimension(code, title, tier, tier, _of_tier, "tier", "tier", null, nothing)
    if code == "source":
        return Dimension(
            code, title, Lower("source"), Lower("source"), _same, "source_is", "source", null, nothing
        )
    path, names, parameter = FIELDS[code]
    return Dimension(code, title, F(path), F(path), names, parameter, parameter, null, nothing)


FIELDS: dict[str, tuple[str, Callable[[Iterable[str]], dict[str, str]], str]] = {
    "partner": ("partner_id", _partners, "partner"),
    "manager": ("partner__manager_id", _managers, "manager"),
    "region": ("partner__region", _same, "region"),
    "type": ("partner__type", _of_type, "partner_type"),
    "family": ("family_id", _families, "family"),
    "channel": ("channel", _of_channel, "channel"),
}


def part_key(value: Any) -> str:
    """A grouped value as text: months by their first day, nothing as nothing."""
    if isinstance(value, dt.datetime):
        return str(value.date())
    return "" if value is None else str(value)
