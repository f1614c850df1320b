"""What happened in the demo vendor's two years, thought up before any of it is carried out.

Registering deals has caught on in these years: at first nearly all of them came in the monthly list from the
vendor's CRM, now most are registered. Distributors report what they sell in that list to this day. Everything follows from a seed and the moment at which the history ends: the same two give the same history.
Nothing here touches the database.
"""

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from incentives.demo.cast import (
    CANCEL_REASONS,
    COMPETITORS,
    HERO,
    LOSS_REASONS,
    MARGINS,
    OCCASIONS,
    PARTNERS,
    PRODUCTS,
    REGION_OF,
    REJECT_REASONS,
    RETURN_REASONS,
    Company,
    Course,
    buyers,
)
from partners.deals.enums import SalesStage
from partners.directory.enums import PartnerStatus, PartnerType

MONTHS = 24
PROTECTION = dt.timedelta(days=90)
# A share of the last days' registrations is still undecided, so that there is something to decide.
QUEUE = dt.timedelta(days=9)
STILL_WAITING = 0.45
SUSPENDED_BEFORE = dt.timedelta(days=70)
MANAGER_HOURS = (14.0, 20.0, 34.0)
# What the demo's own partner sells in a full quarter, in euros, and how much less in each one before.
HERO_QUARTER = 61_000
HERO_RISE = 3_500
# Every so many buyers one stops buying; they leave one after the other, the last one so many days ago.
LEAVES_EVERY = 11
LEFT_LAST = 24
LEFT_BEFORE = 26
# Of how many deals the cost is known, and how many are sold together with another partner.
COST_KNOWN = 0.85
TOGETHER = 0.2
_DAY = dt.timedelta(days=1)
_UTC = dt.UTC


@dataclass(frozen=True, slots=True)
class Step:
    """One verb of one deal at a moment; `data` is what the verb needs."""

    at: dt.datetime
    verb: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Story:
    """A deal: whose (index in PARTNERS), which of the partner's people, at whom (index in `buyers()`), what, and its
    steps. Amounts are whole euros."""

    partner: int
    person: int
    buyer: int
    product: str
    family: str
    title: str
    amount: int
    expected_close: dt.date
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sale:
    """A deal as the monthly list gives it: open until `closed_on`, then won or lost."""

    partner: int
    number: str
    title: str
    buyer: int
    product: str
    amount: int
    engaged_on: dt.date
    closed_on: dt.date
    won: bool
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """`serves` has for each partner the buyers that it serves, `leavers` the last day of those that stop buying."""

    start: dt.date
    until: dt.datetime
    serves: tuple[tuple[int, ...], ...]
    stories: tuple[Story, ...]
    sales: tuple[Sale, ...]
    suspended_at: dt.datetime
    leavers: dict[int, dt.date]

    def timeline(self) -> list[tuple[Step, int]]:
        """Every step up to the end, in order of time, with its story's index."""
        steps = [
            (step, number)
            for number, story in enumerate(self.stories)
            for step in story.steps
            if step.at <= self.until
        ]
        return sorted(steps, key=lambda pair: (pair[0].at, pair[1]))


def month_back(day: dt.date, months: int) -> dt.date:
    """The first of the month that many months before the day's."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)


def _quarter(day: dt.date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3


def _round(amount: float) -> int:
    return max(100, round(amount / 10) * 10)


def think_up(seed: int, until: dt.datetime, months: int = MONTHS, scale: float = 1.0) -> History:
    """The history of `months` months before the month of `until`, up to that moment. `scale` thins it out."""
    return _Writer(Random(seed), until, months, scale).history()


class _Writer:
    def __init__(self, rng: Random, until: dt.datetime, months: int, scale: float):
        self.rng, self.until, self.scale = rng, until, scale
        self.today = until.date()
        self.start = month_back(self.today, months)
        self.months = months
        self.buyers = buyers()
        self.products = [
            (name, family, price) for family, rows in PRODUCTS.items() for name, _sku, price in rows
        ]
        self.held: dict[tuple[int, str], list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        self.stories: list[Story] = []
        self.sales: list[Sale] = []
        self.serves = self._share_out()
        self.leavers = self._leavers()
        self.suspended_at = self._work_hour(until - SUSPENDED_BEFORE)

    def history(self) -> History:
        for index, company in enumerate(PARTNERS):
            for month in range(self.months + 1):
                first = month_back(self.today, self.months - month)
                for _ in range(self._how_many(company, month, first)):
                    at = self._moment_in(first, company)
                    if at is None:
                        continue
                    if self._is_listed(company, month):
                        self.sales.append(self._sale(index, company, at))
                    else:
                        self.stories.append(self._story(index, company, at))
        self._set_the_stage()
        self._sell_to_leavers()
        self._level_hero()
        self._sell_together()
        self._know_costs()
        return History(
            self.start,
            self.until,
            self.serves,
            tuple(self.stories),
            tuple(self.sales),
            self.suspended_at,
            self.leavers,
        )

    def _is_listed(self, company: Company, month: int) -> bool:
        """Whether a deal comes in the monthly list rather than by registration."""
        caught_on = 0.06 + 0.8 * (month / max(self.months, 1)) ** 2
        return company.type == PartnerType.DISTRIBUTOR or self.rng.random() > caught_on

    # --- who buys from whom ------------------------------------------------------------------

    def _share_out(self) -> tuple[tuple[int, ...], ...]:
        """Each partner serves buyers of its region; each buyer is served by somebody."""
        by_region: dict[str, list[int]] = defaultdict(list)
        for number, buyer in enumerate(self.buyers):
            by_region[REGION_OF[buyer.country]].append(number)
        serves: list[set[int]] = []
        for company in PARTNERS:
            pool = by_region[company.region]
            wanted = min(len(pool), 3 + round(company.pace * 1.7))
            serves.append(set(self.rng.sample(pool, wanted)))
        served = set().union(*serves)
        for region, pool in by_region.items():
            candidates = [
                i for i, company in enumerate(PARTNERS) if company.region == region and company.pace >= 1
            ]
            for number in pool:
                if number not in served:
                    serves[self.rng.choice(candidates)].add(number)
        return tuple(tuple(sorted(numbers)) for numbers in serves)

    def _leavers(self) -> dict[int, dt.date]:
        """Who stops buying and on which day, the one that leaves last first. Two of them are the demo's partner's."""
        own = self.serves[self._hero()]
        others = [
            number for number in range(len(self.buyers)) if number % LEAVES_EVERY == 4 and number not in own
        ]
        leaving = [own[0], *others[:3], own[-1], *others[3:]]
        last = self.today - _DAY * LEFT_LAST
        return {number: last - _DAY * LEFT_BEFORE * place for place, number in enumerate(leaving)}

    def _buying(self, index: int, at: dt.datetime, cycle: float) -> list[int]:
        """The partner's buyers that will still be there when a deal begun now closes."""
        closing = (at + dt.timedelta(days=cycle + 14)).date()
        serves = self.serves[index]
        return [one for one in serves if closing < self.leavers.get(one, dt.date.max)] or list(serves)

    # --- how much ----------------------------------------------------------------------------

    def _how_many(self, company: Company, month: int, first: dt.date) -> int:
        scale = 1.0 if company.name == HERO else self.scale
        expected = company.pace * scale * self._course(company.course, month, first.month)
        if company.joined is not None:
            since = month - (self.months - company.joined)
            expected *= 0 if since < 0 else min(1.0, 0.35 + 0.2 * since)
        if first.year == self.today.year and first.month == self.today.month:
            expected *= self.today.day / 30
        return self._poisson(expected)

    def _course(self, course: Course, month: int, calendar_month: int) -> float:
        along = month / max(self.months, 1)
        season = {1: 0.85, 7: 0.9, 8: 0.75, 12: 1.15}.get(calendar_month, 1.0)
        if course == Course.GROWING:
            return season * (0.45 + along)
        if course == Course.DECLINING:
            return season * (1.4 - 1.05 * along)
        if course == Course.SEASONAL:
            return season * (1 + 0.7 * math.cos(2 * math.pi * (calendar_month - 11) / 12))
        return season

    def _poisson(self, mean: float) -> int:
        limit, count, product = math.exp(-mean), 0, self.rng.random()
        while product > limit:
            count += 1
            product *= self.rng.random()
        return count

    def _amount(self, company: Company, family: str) -> int:
        size = company.size * self.rng.lognormvariate(0, 0.42) * (0.55 if family == "Services" else 1)
        return max(500, round(size / 50) * 50)

    # --- when --------------------------------------------------------------------------------

    def _moment_in(self, first: dt.date, company: Company) -> dt.datetime | None:
        day = first + _DAY * self.rng.randrange(28)
        at = self._work_hour(dt.datetime.combine(day, dt.time(8), _UTC))
        last = self.suspended_at if company.ends_as == PartnerStatus.SUSPENDED else self.until
        return at if at < last else None

    def _work_hour(self, at: dt.datetime) -> dt.datetime:
        """A moment on that day, or on the Monday after it, between eight and half past five."""
        while at.weekday() > 4:
            at += _DAY
        minutes = self.rng.randrange(8 * 60, 17 * 60 + 30)
        return at.replace(
            hour=minutes // 60, minute=minutes % 60, second=self.rng.randrange(60), microsecond=0
        )

    def _later(self, at: dt.datetime, days: float) -> dt.datetime:
        """About that many days later, in working hours, and later in any case."""
        then = self._work_hour(at + dt.timedelta(days=days))
        return then if then > at else self._work_hour(at + _DAY)

    # --- a registration ----------------------------------------------------------------------

    def _story(self, index: int, company: Company, at: dt.datetime) -> Story:
        cycle = max(9.0, self.rng.gammavariate(5, 10))
        buyer, product, family = self._free_cell(index, at, cycle)
        amount = self._amount(company, family)
        story = Story(
            partner=index,
            person=self.rng.randrange(len(company.people)),
            buyer=buyer,
            product=product,
            family=family,
            title=f"{self.buyers[buyer].name}: {self.rng.choice(OCCASIONS)}",
            amount=amount,
            expected_close=(at + dt.timedelta(days=round(cycle / 5) * 5)).date(),
        )
        self._registration(story, company, at, cycle)
        return story

    def _free_cell(self, index: int, at: dt.datetime, cycle: float) -> tuple[int, str, str]:
        """A buyer and product that nobody holds then; now and then one that somebody does."""
        until = at + min(PROTECTION, dt.timedelta(days=cycle)) + 5 * _DAY
        buying = self._buying(index, at, cycle)
        for attempt in range(25):
            buyer = self.rng.choice(buying)
            name, family, _price = self.rng.choice(self.products)
            taken = any(start < until and at < end for start, end in self.held[buyer, family])
            if not taken or (attempt == 0 and self.rng.random() < 0.12):
                break
        self.held[buyer, family].append((at, until))
        return buyer, name, family

    def _registration(self, story: Story, company: Company, at: dt.datetime, cycle: float) -> None:
        steps, roll = story.steps, self.rng.random()
        if roll < 0.05:
            steps.append(Step(at, "draft"))
            if self.rng.random() < 0.6:
                steps.append(Step(self._later(at, 20), "withdraw", {"reason": "The project was dropped."}))
            else:
                self._submitted(story, company, self._later(at, 6), cycle, "submit")
            return
        self._submitted(story, company, at, cycle, "register")

    def _submitted(self, story: Story, company: Company, at: dt.datetime, cycle: float, verb: str) -> None:
        story.steps.append(Step(at, verb))
        hours = MANAGER_HOURS[company.manager if company.manager is not None else 2]
        decided = self._later(at, self.rng.lognormvariate(math.log(hours / 24), 0.6))
        if at > self.until - QUEUE and self.rng.random() < STILL_WAITING:
            if self.rng.random() < 0.4:
                story.steps.append(Step(self._later(at, 0.5), "review"))
            return
        if self.rng.random() < 0.45:
            story.steps.append(Step(at + (decided - at) * 0.5, "review"))
        roll = self.rng.random()
        if roll < 0.03:
            story.steps.append(Step(decided, "withdraw", {"reason": "The customer has no budget this year."}))
        elif roll < 0.11 and verb != "submit":
            self._returned(story, company, decided, cycle)
        elif roll < 0.19:
            story.steps.append(Step(decided, "reject", {"reason": self.rng.choice(REJECT_REASONS)}))
        else:
            self._approved(story, company, decided, cycle)

    def _returned(self, story: Story, company: Company, at: dt.datetime, cycle: float) -> None:
        story.steps.append(Step(at, "return", {"reason": self.rng.choice(RETURN_REASONS)}))
        if self.rng.random() < 0.75:
            self._submitted(story, company, self._later(at, self.rng.uniform(1, 6)), cycle, "submit")
        else:
            story.steps.append(Step(self._later(at, 25), "withdraw", {"reason": "No longer current."}))

    def _approved(self, story: Story, company: Company, at: dt.datetime, cycle: float) -> None:
        story.steps.append(Step(at, "approve"))
        closing = self._later(at, cycle)
        end = min(closing, at + PROTECTION)
        # Partners rarely keep the stage up to date once the deal is behind them.
        moves = ((0.15, SalesStage.ENGAGING), (0.45, SalesStage.PROPOSAL), (0.75, SalesStage.NEGOTIATION))
        for share, stage in moves if end > self.until else moves[1:2]:
            then = self._later(at, cycle * share * self.rng.uniform(0.8, 1.2))
            if then < end:
                story.steps.append(Step(then, "stage", {"stage": stage}))
        if self.rng.random() < 0.02:
            reason = self.rng.choice(CANCEL_REASONS)
            story.steps.append(Step(self._later(at, cycle * 0.6), "cancel", {"reason": reason}))
            return
        if closing >= at + PROTECTION - _DAY:
            return  # it runs out
        win = company.win + {Course.GROWING: 0.04, Course.DECLINING: -0.05}.get(company.course, 0)
        if self.rng.random() < win:
            revenue = max(100, round(story.amount * self.rng.uniform(0.82, 1.1) / 10) * 10)
            story.steps.append(Step(closing, "win", {"revenue": revenue}))
        else:
            reason, competitor = self.rng.choice(LOSS_REASONS), self.rng.choice(COMPETITORS)
            story.steps.append(Step(closing, "lose", {"reason": reason, "competitor": competitor}))

    # --- a deal in the monthly list ----------------------------------------------------------

    def _sale(self, index: int, company: Company, at: dt.datetime) -> Sale:
        name, family, _price = self.rng.choice(self.products)
        pace = 7 if company.type == PartnerType.DISTRIBUTOR else 11
        cycle = max(4, round(self.rng.gammavariate(4, pace)))
        closed_on = at.date() + _DAY * cycle
        if company.ends_as == PartnerStatus.SUSPENDED:
            closed_on = min(closed_on, self.suspended_at.date())
        buyer = self.rng.choice(self._buying(index, at, cycle))
        return Sale(
            partner=index,
            number=f"CRM-{len(self.sales) + 10_001}",
            title=f"{self.buyers[buyer].name}: {self.rng.choice(OCCASIONS)}",
            buyer=buyer,
            product=name,
            amount=self._amount(company, family),
            engaged_on=at.date(),
            closed_on=closed_on,
            won=self.rng.random() < company.win,
        )

    # --- the partner that the demo signs in as -----------------------------------------------

    def _set_the_stage(self) -> None:
        """Whatever the dice said, the demo's partner has something of everything on the last day."""
        index = self._hero()
        days_ago: list[tuple[float, list[tuple[float, str, dict[str, Any]]]]] = [
            (0.2, [(0, "draft", {})]),
            (1.1, [(0, "register", {})]),
            (5.2, [(0, "register", {}), (1, "review", {})]),
            (7.1, [(0, "register", {}), (2, "return", {"reason": RETURN_REASONS[0]})]),
            (86.5, [(0, "register", {}), (1, "approve", {}), (30, "stage", {"stage": SalesStage.PROPOSAL})]),
            (80.5, [(0, "register", {}), (1, "approve", {}), (50, "stage", {"stage": SalesStage.NEGOTIATION})]),
            (16.3, [(0, "register", {}), (1, "approve", {}), (6, "stage", {"stage": SalesStage.ENGAGING})]),
        ]  # fmt: skip
        company = PARTNERS[index]
        for ago, verbs in days_ago:
            at = self._office_day(self.until - dt.timedelta(days=ago)).replace(hour=9)
            at = min(at, self.until - dt.timedelta(minutes=20))
            buyer, product, family = self._free_cell(index, at, 100)
            story = Story(
                partner=index,
                person=0,
                buyer=buyer,
                product=product,
                family=family,
                title=f"{self.buyers[buyer].name}: {self.rng.choice(OCCASIONS)}",
                amount=self._amount(company, family),
                expected_close=(self.until + dt.timedelta(days=30)).date(),
            )
            for after, verb, data in verbs:
                then = self._office_day(at + dt.timedelta(days=after))
                if story.steps and then <= story.steps[-1].at:
                    then = story.steps[-1].at + dt.timedelta(hours=5)
                story.steps.append(Step(then, verb, data))
            self.stories.append(story)

    def _sell_to_leavers(self) -> None:
        """Who leaves the demo's partner has bought from it."""
        index = self._hero()
        for buyer in sorted(set(self.leavers) & set(self.serves[index])):
            engaged_on = self.start + _DAY * 3
            sale = self._sale(index, PARTNERS[index], dt.datetime.combine(engaged_on, dt.time(9), _UTC))
            title = f"{self.buyers[buyer].name}: {self.rng.choice(OCCASIONS)}"
            closed_on = engaged_on + _DAY * 12
            self.sales.append(replace(sale, buyer=buyer, title=title, closed_on=closed_on, won=True))

    def _level_hero(self) -> None:
        """The same partner is near its next tier on the last day, whichever day that is, and has not held it before.

        Its sales are scaled so that each quarter brings what HERO_QUARTER says.
        """
        index = self._hero()
        sums: dict[tuple[int, int], float] = defaultdict(float)
        for _story, win in self._hero_wins(index):
            sums[_quarter(win.at.date())] += win.data["revenue"]
        for sale in self.sales:
            if sale.partner == index and sale.won and sale.closed_on <= self.today:
                sums[_quarter(sale.closed_on)] += sale.amount
        factors: dict[tuple[int, int], float] = {}
        for quarter, total in sums.items():
            age = (self.today.year - quarter[0]) * 4 + _quarter(self.today)[1] - quarter[1]
            wanted: float = HERO_QUARTER - HERO_RISE * max(age - 1, 0)
            if age == 0:
                first = dt.date(self.today.year, quarter[1] * 3 + 1, 1)
                wanted *= min(1.0, ((self.today - first).days + 1) / 80)
            factors[quarter] = min(2.6, max(0.3, wanted / total))
        for story, win in self._hero_wins(index):
            factor = factors[_quarter(win.at.date())]
            story.amount = _round(story.amount * factor)
            win.data["revenue"] = _round(win.data["revenue"] * factor)
        self.sales = [
            replace(sale, amount=_round(sale.amount * factors[_quarter(sale.closed_on)]))
            if sale.partner == index and sale.won and sale.closed_on <= self.today
            else sale
            for sale in self.sales
        ]

    def _hero_wins(self, index: int) -> list[tuple[Story, Step]]:
        return [
            (story, step)
            for story in self.stories
            if story.partner == index
            for step in story.steps
            if step.verb == "win" and step.at <= self.until
        ]

    # --- with whom, and at what cost -----------------------------------------------------------

    def _sell_together(self) -> None:
        """Some deals are shared with another partner of the region while they are open."""
        settled = [
            index
            for index, company in enumerate(PARTNERS)
            if company.joined is None and company.ends_as == PartnerStatus.ACTIVE
        ]
        for story in self.stories:
            company = PARTNERS[story.partner]
            approved = next((step.at for step in story.steps if step.verb == "approve"), None)
            part = 3 * TOGETHER if company.name == HERO else TOGETHER
            if approved is None or self.rng.random() > part:
                continue
            near = [i for i in settled if PARTNERS[i].region == company.region and i != story.partner]
            end = next((step.at for step in story.steps if step.verb in ("win", "lose", "cancel")), None)
            then = approved + min((end or approved + PROTECTION) - approved, PROTECTION) * 0.1
            data = {"with": self.rng.choice(near), "percent": self.rng.choice((15, 20, 30))}
            story.steps.append(Step(then, "share", data))

    def _know_costs(self) -> None:
        family_of = {name: family for name, family, _price in self.products}
        for story in self.stories:
            for step in story.steps:
                if step.verb == "win":
                    step.data["cost"] = self._cost(story.family, step.data["revenue"])
        self.sales = [
            replace(sale, cost=self._cost(family_of[sale.product], sale.amount) if sale.won else None)
            for sale in self.sales
        ]

    def _cost(self, family: str, revenue: int) -> int | None:
        cost = round(revenue * (1 - MARGINS[family] * self.rng.uniform(0.8, 1.15)))
        return cost if self.rng.random() < COST_KNOWN else None

    def _hero(self) -> int:
        return next(number for number, company in enumerate(PARTNERS) if company.name == HERO)

    def _office_day(self, at: dt.datetime) -> dt.datetime:
        """That moment, or the same time on the Friday before."""
        while at.weekday() > 4:
            at -= _DAY
        return at
