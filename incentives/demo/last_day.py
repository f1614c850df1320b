"""What waits for somebody on the last day: one of everything that there is to answer."""

import datetime as dt
import random
from collections.abc import Callable

from django.utils import timezone

from incentives.demo.cast import DIRECT_ACCOUNTS, PARTNERS
from incentives.demo.decisions import let_wait, set_rules
from incentives.demo.history import History
from incentives.demo.library import describe_companies, fill_library
from incentives.demo.newcomers import welcome
from incentives.demo.operations import keep_going
from incentives.demo.prospects import leave_some
from incentives.demo.rows import Cast, the_hero
from incentives.demo.selling import keep_selling
from partners.deals import actions as deals
from partners.deals.enums import WAITING_STATUSES
from partners.deals.models import Deal
from partners.directory import actions as directory
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.matching.actions import save_account


def claim_twice(cast: Cast) -> None:
    """Something to decide on: the company of one waiting registration is claimed by another partner as well,
    spelled its own way, and that of a second one is the vendor's own."""
    for name, country, domain, note in DIRECT_ACCOUNTS:
        save_account(by=cast.admin, name=name, country=country, domain=domain, note=note)
    waiting = Deal.objects.filter(status__in=WAITING_STATUSES).select_related("customer", "product")
    claimed = list(waiting.order_by("-submitted_at")[:2])
    for deal in claimed[:1]:
        assert deal.customer is not None
        index = next(
            number
            for number, partner in cast.partners.items()
            if partner.pk != deal.partner_id
            and partner.may_trade
            and PARTNERS[number].manager == 0
            and PARTNERS[number].ends_as != PartnerStatus.SUSPENDED
        )
        partner, seller = cast.partners[index], cast.people[index][0]
        spelled = f"{deal.customer.name} Group"
        customer = directory.name_customer(partner, spelled, by=seller, country=deal.customer.country)
        deals.register(
            partner,
            by=seller,
            customer=customer,
            product=deal.product,
            amount=deal.amount,
            expected_close=timezone.localdate() + dt.timedelta(days=30),
        )
    for deal in claimed[1:]:
        assert deal.customer is not None
        save_account(
            by=cast.admin,
            name=deal.customer.name,
            country=deal.customer.country,
            note="Own contract",
        )


def leave_waiting(
    cast: Cast, history: History, move_to: Callable[[dt.datetime], None], seed_number: int
) -> None:
    """On the last day rules come into use, and there is one of everything that waits for an answer."""
    today = history.until.date()
    set_rules(cast.admin, today)
    hero = the_hero()
    customers = [cast.customers[one] for one in history.serves[hero] if one not in history.leavers]
    product = next(iter(cast.products.values()))
    let_wait(cast.people[hero][0], customers, product, today)
    leave_some(cast, hero, PARTNERS[hero].region)
    trading = {partner.pk for partner in Partner.objects.all() if partner.may_trade}
    others = [
        people[0]
        for index, people in cast.people.items()
        if index != hero and people and cast.partners[index].pk in trading
    ]
    keep_selling(cast.people[hero][0], others, today)
    order = [hero, *(index for index in cast.partners if index != hero)]
    selling = [cast.partners[index] for index in order if cast.partners[index].pk in trading]
    keep_going(
        cast.admin,
        selling,
        cast.products,
        cast.customers,
        [(cast.customers[one], day) for one, day in history.leavers.items() if day > history.start],
        history.until,
        seed_number,
    )
    companies = [cast.people[hero], *(cast.people[i] for i in cast.people if i != hero)]
    companies = [people for people in companies if people and people[0].partner_id in trading]
    describe_companies(cast.admin, companies)
    fill_library(cast.admin, companies, random.Random(seed_number))
    welcome(
        cast.admin,
        cast.managers,
        others,
        cast.people[hero][0],
        move_to,
        history.until,
    )
