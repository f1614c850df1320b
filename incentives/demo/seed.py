"""Carries the demo vendor's history out, through the same actions that people use, at the times it happened.

All of it is one transaction: an interrupted run leaves nothing behind, and no worker sees half a history.
"""

import csv
import datetime as dt
import io
import random
from collections.abc import Callable, Iterator
from typing import Any

import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import override

from incentives.demo.cast import (
    ADMIN,
    HELD_REASON,
    HERO,
    HERO_OWNER,
    MANAGERS,
    PARTNERS,
    PRODUCTS,
    Company,
    Staff,
    buyers,
)
from incentives.demo.comparing import compare_and_report
from incentives.demo.funding import give_and_ask
from incentives.demo.history import MONTHS, History, Sale, Step, Story, month_back, think_up
from incentives.demo.hooks import try_out_webhooks
from incentives.demo.last_day import claim_twice, leave_waiting
from incentives.demo.learning import School
from incentives.demo.measuring import measure_in_its_own_way
from incentives.demo.opinions import Opinions
from incentives.demo.paying import add_plans, leave_corrections
from incentives.demo.payouts import close_quarter
from incentives.demo.prospects import Prospects
from incentives.demo.rows import Cast, the_hero
from incentives.demo.selling import sell_together
from incentives.demo.steering import steer
from incentives.demo.tiering import by_hand
from incentives.example import create_example_programme
from incentives.refresh import refresh_all
from incentives.tiers.actions import confirm_proposal
from incentives.tiers.enums import ProposalStatus
from incentives.tiers.models import TierProposal
from metrics.actions import ensure_default_template, publish_template, recompute_dirty, recompute_everything
from partners.deals import actions as deals
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory import actions as directory
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.matching.actions import index_missing
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.imports import actions as imports
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import run_inline
from portal.notifications.actions import let_rest
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

SLUG = "demo"
PASSWORD = "demo"  # noqa: S105 (the sign-in of a demonstration, see `seed`)
SEED = 2024
LIST_COLUMNS = (
    "Opportunity ID",
    "Opportunity name",
    "Partner",
    "Account",
    "Product",
    "Deal stage",
    "Amount",
    "Cost",
    "Engage date",
    "Close date",
)
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "å": "a", "ß": "ss"})

Say = Callable[[str], None]


class DemoRefused(Exception):
    """The demo cannot be made here; the message says why."""


def seed(
    *, until: dt.datetime, say: Say, seed_number: int = SEED, months: int = MONTHS, scale: float = 1.0
) -> Tenant | None:
    """Make the demo vendor; None when there is one. `until` is the moment at which its history ends.

    The same seed and moment give the same history. Raises DemoRefused where demo mode is off: its people
    have a password that everybody knows.
    """
    if settings.PRODUCTION or not settings.DEMO:
        raise DemoRefused("The demo is only made where DEMO is on, and never in production.")
    if Tenant.objects.filter(slug=SLUG).exists():
        return None
    history = think_up(seed_number, until, months, scale)
    with transaction.atomic(), override("en"):
        return _Director(history, say, seed_number, scale).carry_out()


class _Director:
    def __init__(self, history: History, say: Say, seed_number: int, scale: float):
        self.history, self.say = history, say
        self.seed_number, self.scale = seed_number, scale
        self.deals: dict[int, Deal] = {}
        self.over: set[int] = set()
        self.jobs: list[Job] = []

    def carry_out(self) -> Tenant:
        start = dt.datetime.combine(self.history.start, dt.time(7), dt.UTC)
        with time_machine.travel(start, tick=False) as self.clock:
            self.tenant = Tenant.objects.create(
                slug=SLUG,
                name="Northwind Systems",
                colour="#0f766e",
                sender_name="Northwind partner team",
                currency="EUR",
                time_zone="Europe/Amsterdam",
                country="NL",
                is_demo=True,
            )
            with tenant_scope(self.tenant.pk):
                self._open()
            for job in self.jobs:
                run_inline(job)
            prospects = Prospects(
                self.cast,
                self.clock.move_to,
                self.seed_number,
                self.history.start,
                self.history.until,
                self.scale,
            )
            school = School(self.cast, self.seed_number, self.history.until)
            self.opinions = Opinions(self.cast, self.seed_number, self.history.until)
            steps = iter(self.history.timeline())
            pending = next(steps, None)
            for first, end in self._months():
                self.say(f"{first:%B %Y}")
                with tenant_scope(self.tenant.pk):
                    self._join(first)
                    while pending and pending[0].at < end:
                        prospects.carry_on(pending[0].at)
                        self._take(*pending)
                        pending = next(steps, None)
                    prospects.carry_on(end)
                    self.clock.move_to(end)
                    deals.expire_due(end)
                    school.carry_on(first, end)
                    self.opinions.carry_on(first, end)
                self._import_list(first, end)
                if first.month % 3 == 0 or first >= month_back(self.history.until.date(), 3):
                    self._settle()
                    if end < self.history.until:
                        self._confirm_moves(end)
                if first.month % 3 == 1:
                    with tenant_scope(self.tenant.pk):
                        self._pay_out(first)
            self._finish()
        return self.tenant

    def _months(self) -> Iterator[tuple[dt.date, dt.datetime]]:
        """Each month's first day and the moment at which its books are brought up to date."""
        first = self.history.start
        while True:
            following = month_back(first, -1)
            end = dt.datetime.combine(following, dt.time(0), dt.UTC) - dt.timedelta(hours=2)
            if end >= self.history.until:
                yield first, self.history.until
                return
            yield first, end
            first = following

    def _pay_out(self, first: dt.date) -> None:
        owners = {partner: self.cast.people[index][0] for index, partner in self.cast.partners.items()}
        is_last = month_back(first, -3) > self.history.until.date()
        close_quarter(
            self.cast.admin,
            self.cast.managers[0],
            owners,
            random.Random(f"{self.seed_number} {first}"),
            is_last=is_last,
        )

    # --- people, partners, customers, products -----------------------------------------------

    def _open(self) -> None:
        self.cast = Cast(self._member(ADMIN, Role.ADMIN))
        self.cast.managers = [self._member(staff, Role.CHANNEL_MANAGER) for staff in MANAGERS]
        admin = self.cast.admin
        for name, rows in PRODUCTS.items():
            family = directory.save_family(by=admin, name=name)
            for product, sku, price in rows:
                self.cast.products[product] = directory.save_product(
                    by=admin, name=product, sku=sku, family=family, price=price * 100
                )
        for template in ensure_default_template(self.tenant):
            newest = template.versions.latest("number")
            _version, job = publish_template(
                template, by=admin, kpis=newest.kpis, min_coverage=newest.min_coverage
            )
            if job:
                self.jobs.append(job)
        create_example_programme(by=admin, starts_on=self.history.start)
        self.cast.customers = [
            directory.create_customer(
                by=admin,
                name=buyer.name,
                country=buyer.country,
                industry=buyer.industry,
                employees=buyer.employees,
                domain=f"{_slug(buyer.name)}.example",
            )
            for buyer in buyers()
        ]

    def _join(self, first: dt.date) -> None:
        """The partners that join at the beginning of this month."""
        for index, company in enumerate(PARTNERS):
            joined = (
                month_back(self.history.until.date(), company.joined) if company.joined is not None else None
            )
            if index not in self.cast.partners and (joined is None or joined <= first):
                self.clock.move_to(dt.datetime.combine(first, dt.time(7, 30), dt.UTC))
                self._admit(index, company, first)

    def _admit(self, index: int, company: Company, day: dt.date) -> None:
        status = PartnerStatus.ACTIVE
        if company.ends_as == PartnerStatus.ONBOARDING:
            status = PartnerStatus.ONBOARDING
        partner = directory.create_partner(
            by=self.cast.admin,
            status=status,
            name=company.name,
            type=company.type,
            region=company.region,
            country=company.country,
            website=f"https://{_slug(company.name)}.example",
            manager=self.cast.managers[company.manager] if company.manager is not None else None,
            joined_on=day,
        )
        self.cast.partners[index] = partner
        people = []
        for place, name in enumerate(company.people):
            title = ("Managing director", "Account manager", "Sales engineer")[place]
            staff = Staff(f"{_slug(name, '.')}@{_slug(company.name)}.example", name, title)
            if company.name == HERO and place == 0:
                staff = HERO_OWNER
            role = Role.PARTNER_OWNER if place == 0 else Role.PARTNER_MEMBER
            people.append(self._member(staff, role, partner))
        self.cast.people[index] = people

    def _member(self, staff: Staff, role: Role, partner: Partner | None = None) -> Membership:
        """A member of the demo. Only those with a button on the sign-in page get a password."""
        user = User(email=staff.email, name=staff.name)
        if staff in (ADMIN, *MANAGERS, HERO_OWNER):
            user.set_password(PASSWORD)
        else:
            user.set_unusable_password()
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        member = Membership.objects.create(
            tenant=self.tenant,
            user=user,
            role=role,
            partner_id=partner.pk if partner else None,
            job_title=staff.title,
        )
        data = {"email": user.email, "role": role}
        record("member.joined", subject=member, by=member, partner_id=member.partner_id, data=data)
        return member

    # --- registrations -----------------------------------------------------------------------

    def _take(self, step: Step, number: int) -> None:
        if number in self.over:
            return
        self.clock.move_to(step.at)
        story = self.history.stories[number]
        if self._is_suspended(story, step):
            return
        try:
            getattr(self, f"_do_{step.verb}")(number, story, step.data)
        except ActionRefused as refusal:
            if step.verb != "approve" or refusal.code != "held":
                raise
            self._do_reject(number, story, {"reason": HELD_REASON})

    def _is_suspended(self, story: Story, step: Step) -> bool:
        """Carries the suspension out when its moment has come; its deals stay as they are then."""
        if PARTNERS[story.partner].ends_as != PartnerStatus.SUSPENDED or step.at < self.history.suspended_at:
            return False
        partner = self.cast.partners[story.partner]
        if partner.status != PartnerStatus.SUSPENDED:
            self._suspend(story.partner)
        return True

    def _suspend(self, index: int) -> None:
        self.cast.partners[index] = directory.change_partner_status(
            self.cast.partners[index],
            PartnerStatus.SUSPENDED,
            by=self.cast.admin,
            reason="Invoices have been open for more than sixty days.",
        )

    def _seller(self, story: Story) -> Membership:
        return self.cast.people[story.partner][story.person]

    def _decider(self, story: Story) -> Membership:
        manager = PARTNERS[story.partner].manager
        return self.cast.admin if manager is None else self.cast.managers[manager]

    def _fields(self, story: Story) -> dict[str, Any]:
        return {
            "title": story.title,
            "customer": self.cast.customers[story.buyer],
            "product": self.cast.products[story.product],
            "amount": story.amount * 100,
            "expected_close": story.expected_close,
        }

    def _do_draft(self, number: int, story: Story, data: dict[str, Any]) -> None:
        partner = self.cast.partners[story.partner]
        self.deals[number] = deals.create_draft(partner, by=self._seller(story), **self._fields(story))

    def _do_register(self, number: int, story: Story, data: dict[str, Any]) -> None:
        partner = self.cast.partners[story.partner]
        self.deals[number] = deals.register(partner, by=self._seller(story), **self._fields(story))

    def _do_submit(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deal, seller, day = self.deals[number], self._seller(story), self.clock_day()
        if deal.expected_close and deal.expected_close < day:
            deal = deals.update_deal(deal, by=seller, expected_close=day + dt.timedelta(days=30))
        deals.submit(deal, by=seller)

    def _do_review(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.start_review(self.deals[number], by=self._decider(story))

    def _do_approve(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.approve(self.deals[number], by=self._decider(story))

    def _do_return(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.return_for_changes(self.deals[number], by=self._decider(story), reason=data["reason"])

    def _do_reject(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.reject(self.deals[number], by=self._decider(story), reason=data["reason"])
        self.over.add(number)

    def _do_withdraw(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.withdraw(self.deals[number], by=self._seller(story), reason=data["reason"])

    def _do_stage(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.move_stage(self.deals[number], data["stage"], by=self._seller(story))

    def _do_share(self, number: int, story: Story, data: dict[str, Any]) -> None:
        sell_together(
            self.deals[number],
            data["percent"],
            by=self._seller(story),
            other=self.cast.people[data["with"]][0],
        )

    def _do_cancel(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.cancel(self.deals[number], by=self._decider(story), reason=data["reason"])
        self.over.add(number)

    def _do_win(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.win(
            self.deals[number],
            by=self._seller(story),
            revenue=data["revenue"] * 100,
            cost=None if data["cost"] is None else data["cost"] * 100,
            won_on=self.clock_day(),
        )

    def _do_lose(self, number: int, story: Story, data: dict[str, Any]) -> None:
        deals.lose(
            self.deals[number],
            by=self._seller(story),
            reason=data["reason"],
            competitor=data["competitor"],
            lost_on=self.clock_day(),
        )

    def clock_day(self) -> dt.date:
        return dt.datetime.now(self.tenant.zone).date()

    # --- the monthly list --------------------------------------------------------------------

    def _import_list(self, first: dt.date, end: dt.datetime) -> None:
        rows = [
            self._row(sale, end.date())
            for sale in self.history.sales
            if sale.engaged_on <= end.date() and sale.closed_on >= first
        ]
        if not rows:
            return
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(LIST_COLUMNS)
        writer.writerows(rows)
        admin = self.cast.admin
        with tenant_scope(self.tenant.pk):
            run = imports.start_run(
                by=admin, target="deals", file_name=f"crm-{first:%Y-%m}.csv", content=text.getvalue().encode()
            )
            run = imports.map_columns(run, by=admin, mapping=run.options["mapping"], inline=True)
            if run.counts["refuse"]:
                raise RuntimeError(f"{run.file_name}: {run.counts['refuse']} rows are refused.")
            run = imports.commit_run(run, by=admin, inline=True)
        assert run.job is not None
        job = run_inline(run.job)
        if job.state != JobState.DONE:
            raise RuntimeError(f"{run.file_name}: {job.error}")

    def _row(self, sale: Sale, day: dt.date) -> tuple[object, ...]:
        closed = sale.closed_on <= day
        if closed:
            stage = "Won" if sale.won else "Lost"
        else:
            along = (day - sale.engaged_on) / (sale.closed_on - sale.engaged_on)
            stages = (
                SalesStage.PROSPECTING,
                SalesStage.ENGAGING,
                SalesStage.PROPOSAL,
                SalesStage.NEGOTIATION,
            )
            stage = str(stages[int(along * 4)].label)
        partner, customer = PARTNERS[sale.partner].name, self.cast.customers[sale.buyer].name
        days = (sale.engaged_on, sale.closed_on)
        cost = sale.cost if closed and sale.won and sale.cost is not None else ""
        return (sale.number, sale.title, partner, customer, sale.product, stage, sale.amount, cost, *days)

    # --- scores, tiers, money ----------------------------------------------------------------

    def _settle(self) -> None:
        """What the workers would have done by now."""
        while dispatch_pending(self.tenant.pk):
            more = True
            while more:
                with tenant_scope(self.tenant.pk):
                    more = recompute_dirty().more

    def _confirm_moves(self, end: dt.datetime) -> None:
        """The new month's first working day: the tiers are looked at again, and the admin decides."""
        self.clock.move_to(end + dt.timedelta(hours=12))
        with tenant_scope(self.tenant.pk):
            refresh_all(tiers=True)
            waiting = TierProposal.objects.filter(status=ProposalStatus.WAITING).order_by("id")
            for proposal in waiting:
                confirm_proposal(proposal, by=self.cast.admin)
        self._settle()

    def _finish(self) -> None:
        with tenant_scope(self.tenant.pk):
            index_missing()
            claim_twice(self.cast)
            for index, company in enumerate(PARTNERS):
                suspended = company.ends_as == PartnerStatus.SUSPENDED
                if suspended and self.cast.partners[index].status != PartnerStatus.SUSPENDED:
                    self._suspend(index)
            leave_waiting(self.cast, self.history, self.clock.move_to, self.seed_number)
        self._settle()
        with tenant_scope(self.tenant.pk):
            self.opinions.finish()
        self._settle()
        self.say("Scorecards of all periods")
        with tenant_scope(self.tenant.pk):
            recompute_everything()
            jobs = measure_in_its_own_way(self.cast.admin)
        for job in jobs:
            run_inline(job)
        self._settle()
        with tenant_scope(self.tenant.pk):
            # A pool is divided by the scores, so it comes when they stand.
            add_plans(self.cast.admin, self.history.until.date())
        self._settle()
        with tenant_scope(self.tenant.pk):
            hero = the_hero()
            leave_corrections(self.cast.managers[0], self.cast.people[hero][0])
            trading = [partner for partner in Partner.objects.order_by("number") if partner.may_trade]
            by_hand(self.cast.admin, self.cast.managers[0], trading)
            steer(
                self.cast.admin,
                self.cast.managers[0],
                [partner for partner in trading if partner.manager_id == self.cast.managers[0].pk],
                self.cast.partners[hero],
                self.history.until,
            )
            others = [people[0] for index, people in self.cast.people.items() if index != hero and people]
            give_and_ask(self.cast.admin, self.cast.managers[0], [self.cast.people[hero][0], *others])
            compare_and_report(self.cast.admin, self.cast.managers[0], self.history.until.date())
            try_out_webhooks(self.cast.admin, self.clock.move_to, self.history.until)
        self._settle()
        with tenant_scope(self.tenant.pk):
            stuck = Event.objects.filter(dispatched_at=None).first()
            if stuck:
                raise RuntimeError(f"An event was not taken in: {stuck.type}: {stuck.last_error}")
            let_rest(self.history.until - dt.timedelta(days=3))


def _slug(text: str, joint: str = "-") -> str:
    return slugify(text.translate(_LETTERS)).replace("-", joint)


def sign_ins() -> list[tuple[str, str]]:
    """Role and e-mail address of the people that the demo is shown as."""
    return [
        ("Partner", HERO_OWNER.email),
        ("Channel manager", MANAGERS[0].email),
        ("Administrator", ADMIN.email),
    ]
