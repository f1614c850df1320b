"""What keeps the demo vendor's business going: orders, campaigns, costs of the programme and reported metrics."""

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

from metrics.costs import actions as costs
from metrics.costs.models import Category
from metrics.readings import actions as readings
from metrics.readings.models import MetricDefinition
from partners.deals.enums import MarketingChannel
from partners.directory import actions as directory
from partners.directory.models import Customer, Partner, Product
from partners.marketing import actions as marketing
from partners.orders import actions as orders
from portal.accounts.models import Membership

MONTHS = 4
ORDERS_EACH = 4
CAMPAIGNS = ("Spring webinar series", "Cloud migration check", "Data centre open day", "Security week")
SOURCES = (
    ("search", MarketingChannel.PAID, 40),
    ("newsletter", MarketingChannel.OWNED, 0),
    ("press", MarketingChannel.EARNED, 0),
)
LEFT_FOR = ("Chose another supplier.", "Was taken over, and buys centrally.", "Runs its own servers again.")
MONTHLY_COSTS = ((Category.PEOPLE, 18_500_00), (Category.TOOLS, 2_400_00), (Category.EVENTS, 3_900_00))


def keep_going(
    admin: Membership,
    partners: Sequence[Partner],
    products: Mapping[str, Product],
    customers: Sequence[Customer],
    leavers: Sequence[tuple[Customer, dt.date]],
    until: dt.datetime,
    seed_number: int,
) -> None:
    """Records of the last months for the partners; the same seed gives the same ones."""
    chance = random.Random(seed_number)
    for number, (customer, last_day) in enumerate(leavers):
        reason = LEFT_FOR[number % len(LEFT_FOR)]
        directory.end_business(customer, by=admin, ended_on=last_day, reason=reason)
    gone = {customer.pk for customer, _last_day in leavers}
    staying = [customer for customer in customers if customer.pk not in gone]
    sold = [product for product in products.values() if product.price]
    for place, partner in enumerate(partners):
        served = [customer for customer in staying if chance.random() < 0.2]
        _orders(admin, partner, sold, served, until, chance)
        if place < 2 * len(CAMPAIGNS):
            _campaign(admin, partner, place, until.date(), chance)
    _costs(admin, partners, until.date(), chance)
    _readings(admin, partners, until.date(), chance)


def _orders(
    by: Membership,
    partner: Partner,
    products: Sequence[Product],
    customers: Sequence[Customer],
    until: dt.datetime,
    chance: random.Random,
) -> None:
    for number in range(ORDERS_EACH):
        at = until - dt.timedelta(days=5 + 30 * number + chance.randrange(20), hours=chance.randrange(8))
        chosen = chance.sample(list(products), k=min(len(products), chance.randint(1, 3)))
        goods = [
            orders.Goods(product, chance.randint(1, 12), product.price or 0, (product.price or 0) * 7 // 10)
            for product in chosen
        ]
        order = orders.place_order(
            by=by,
            partner=partner,
            goods=goods,
            ordered_at=at,
            currency=by.tenant.currency,
            customer=customers[number] if number < len(customers) else None,
        )
        if number == 0:
            continue
        shipped = at + dt.timedelta(hours=chance.randint(6, 30))
        order = orders.ship_order(order, by=by, version=order.version, at=shipped)
        arrived = shipped + dt.timedelta(hours=chance.randint(12, 60))
        order = orders.deliver_order(order, by=by, version=order.version, at=arrived)
        if number == 2:
            orders.record_return(
                order,
                by=by,
                version=order.version,
                returned_on=arrived.date() + dt.timedelta(days=2),
                quantity=1,
                reason="Arrived damaged.",
            )


def _campaign(by: Membership, partner: Partner, place: int, today: dt.date, chance: random.Random) -> None:
    starts = today - dt.timedelta(days=56)
    campaign = marketing.start_campaign(
        by=by,
        partner=partner,
        name=CAMPAIGNS[place % len(CAMPAIGNS)],
        starts_on=starts,
        ends_on=None if place % 3 == 0 else today - dt.timedelta(days=10),
        is_cobranded=place % 2 == 0,
        is_joint=place == 0 or place % 3 == 1,
        budget=6_000_00,
        goal="New companies of 50 to 500 people.",
    )
    rows = []
    for week in range(7):
        day = starts + dt.timedelta(days=7 * week)
        for source, channel, cost in SOURCES:
            clicks = chance.randint(40, 180)
            conversions = clicks * chance.randint(1, 4) // 100
            rows.append(
                {
                    "day": day,
                    "source": source,
                    "channel": channel,
                    "impressions": clicks * chance.randint(12, 30),
                    "clicks": clicks,
                    "visits": clicks + chance.randint(0, 60),
                    "conversions": conversions,
                    "new_customers": conversions // 3,
                    "social_engagements": chance.randint(0, 50),
                    "spend": clicks * cost,
                    "revenue": conversions * 900_00 // 2,
                }
            )
    marketing.report_figures(campaign, rows, by=by)


def _month(today: dt.date, back: int) -> dt.date:
    index = today.year * 12 + today.month - 1 - back
    return dt.date(index // 12, index % 12 + 1, 1)


def _costs(by: Membership, partners: Sequence[Partner], today: dt.date, chance: random.Random) -> None:
    for back in range(MONTHS):
        for category, amount in MONTHLY_COSTS:
            spent = amount + chance.randrange(500) * 100
            costs.record_cost(by=by, spent_on=_month(today, back), category=category, amount=spent)
    for partner in partners[:4]:
        costs.record_cost(
            by=by,
            spent_on=_month(today, 1),
            category=Category.SUPPORT,
            amount=1_200_00,
            partner=partner,
            note="Days of our sales engineer",
        )


def _readings(by: Membership, partners: Sequence[Partner], today: dt.date, chance: random.Random) -> None:
    readings.ensure_known()
    known = {definition.code: definition for definition in MetricDefinition.objects.all()}
    visits = readings.define_metric(
        by=by,
        code="store_visits",
        name="Visits to the showroom",
        unit="count",
        better="up",
        combination="sum",
        description="Counted at the door, once a month.",
    )
    for back in range(MONTHS):
        day = _month(today, back)
        readings.report_reading(
            known["cash_flow"], by=by, day=day, number=Decimal(chance.randint(20_000, 60_000))
        )
        readings.report_reading(known["distribution_channels"], by=by, day=day, number=Decimal(6 - back // 2))
        readings.report_reading(
            known["market_share_growth"], by=by, day=day, number=Decimal(chance.randint(4, 21)) / 10
        )
        readings.report_reading(
            known["operating_costs"], by=by, day=day, number=Decimal(chance.randint(58_000, 66_000))
        )
        for partner in partners[:6]:
            for code, number in (
                ("cash_flow", chance.randint(3_000, 9_000)),
                ("operating_costs", chance.randint(2_100, 4_800)),
                ("average_inventory", chance.randint(8_000, 30_000)),
                ("handle_seconds", chance.randint(50_000, 90_000)),
                ("handled_contacts", chance.randint(150, 260)),
                ("projects_due", 8),
                ("projects_completed", chance.randint(5, 8)),
            ):
                readings.report_reading(known[code], by=by, day=day, number=Decimal(number), partner=partner)
            readings.report_reading(
                visits, by=by, day=day, number=Decimal(chance.randint(20, 90)), partner=partner
            )
