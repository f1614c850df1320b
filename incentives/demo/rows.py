"""Whom the director has brought in."""

from dataclasses import dataclass, field

from incentives.demo.cast import HERO, PARTNERS
from partners.directory.models import Customer, Partner, Product
from portal.accounts.models import Membership


@dataclass(slots=True)
class Cast:
    """The rows behind the names, by their places in the cast."""

    admin: Membership
    managers: list[Membership] = field(default_factory=list)
    partners: dict[int, Partner] = field(default_factory=dict)
    people: dict[int, list[Membership]] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)
    products: dict[str, Product] = field(default_factory=dict)


def the_hero() -> int:
    """The place of the partner that the demo is shown as."""
    return next(place for place, company in enumerate(PARTNERS) if company.name == HERO)
