"""The leads of the demo's last months: who is interested, whom the rules ask, and what becomes of it.

Reactions follow from what the actions answer, so they are thought up as the leads go along; the same seed and moment
give the same leads.
"""

import datetime as dt
import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from django.utils import timezone

from incentives.demo.cast import PARTNERS, REGION_OF
from incentives.demo.rows import Cast, the_hero
from incentives.tiers.models import Tier
from partners.deals import actions as deals
from partners.deals.enums import MarketingChannel
from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.leads import actions
from partners.leads.enums import LeadStatus
from partners.leads.models import Lead
from partners.leads.queries import pickable
from portal.accounts.models import Membership
from portal.errors import ActionRefused

MONTHS = 3
OWN_A_WEEK, OURS_A_WEEK = 4, 3
_DAY = dt.timedelta(days=1)
_FIRST = ("Alder", "Birch", "Cobalt", "Delta", "Ember", "Falcon", "Granite", "Harbour", "Ivory", "Juniper", "Kestrel", "Larch")  # fmt: skip
_SECOND = (
    "Foods",
    "Logistics",
    "Clinics",
    "Textiles",
    "Energy",
    "Print",
    "Motors",
    "Housing",
    "Schools",
    "Optics",
)
_INDUSTRIES = ("Retail", "Logistics", "Healthcare", "Manufacturing", "Energy", "Media", "Automotive", "Construction", "Education", "Technology")  # fmt: skip
_PEOPLE = (
    "Anna Berg",
    "Lukas Frei",
    "Sofia Lind",
    "Tom Ashby",
    "Eva Maes",
    "Nils Holm",
    "Clara Vogt",
    "Pieter Kok",
)
_NEEDS = (
    "Backups take the whole night, and nobody has tried to restore one.",
    "Two sites are to be joined before summer; the present network will not do.",
    "The insurer asks for better protection of laptops.",
    "They want to see what is slow before their customers do.",
)
_SOURCES = (
    ("Trade fair", MarketingChannel.PAID),
    ("Search advertisement", MarketingChannel.PAID),
    ("Recommendation", MarketingChannel.EARNED),
    ("Website", MarketingChannel.OWNED),
    ("Webinar", MarketingChannel.OWNED),
)
_LAST = (("Meridian Care", "Healthcare"), ("Northgate Foods", "Retail"), ("Oak & Iron", "Construction"))
_DECLINES = ("We have no engineer free this month.", "Too far from our offices.", "Not our kind of project.")
_NO_DEAL = ("No budget this year.", "They chose to wait.", "Nobody there answers.", "They bought elsewhere.")


@dataclass(frozen=True, slots=True)
class Prospect:
    """Somebody who may buy. `owner` is the place of the partner that found them; None: they came to the vendor."""

    owner: int | None
    fields: Mapping[str, Any]
    product: str


class Prospects:
    """Carries out what happens to leads up to a moment; call it in the tenant's scope, as time goes by."""

    def __init__(
        self,
        cast: Cast,
        move_to: Callable[[dt.datetime], None],
        seed: int,
        start: dt.date,
        until: dt.datetime,
        scale: float,
    ):
        self.cast, self.move_to, self.until = cast, move_to, until
        self.rng = Random(seed + 1)
        self.order = count()
        self.due: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self.names = count()
        # Not before the first partners have joined.
        first = max(until - MONTHS * 30 * _DAY, dt.datetime.combine(start, dt.time(9), dt.UTC) + _DAY)
        self._at(first, self._set_up)
        for week in range((until - first).days // 7):
            for number in range(max(1, round((OWN_A_WEEK + OURS_A_WEEK) * scale))):
                own = number < round(OWN_A_WEEK * scale)
                at = self._working_hour(first + week * 7 * _DAY + self.rng.uniform(0.5, 6.5) * _DAY)
                if at < until:
                    finder = the_hero() if number == 0 and week % 2 == 0 else None
                    self._at(at, self._entering(self._prospect(own, finder)))

    def carry_on(self, moment: dt.datetime) -> None:
        """Everything that happens before the moment."""
        while self.due and self.due[0][0] < moment:
            at, _order, happen = heapq.heappop(self.due)
            self.move_to(at)
            happen()

    def _at(self, moment: dt.datetime, happen: Callable[[], None]) -> None:
        heapq.heappush(self.due, (moment, next(self.order), happen))

    def _later(self, days: float, happen: Callable[[], None]) -> None:
        """About that many days from now, if the history goes on so long."""
        at = self._working_hour(timezone.now() + days * _DAY)
        at = max(at, timezone.now() + dt.timedelta(minutes=5))
        if at < self.until:
            self._at(at, happen)

    def _working_hour(self, at: dt.datetime) -> dt.datetime:
        while at.weekday() > 4:
            at += _DAY
        return at.replace(
            hour=self.rng.randrange(8, 17), minute=self.rng.randrange(60), second=0, microsecond=0
        )

    # --- how the vendor has set it up --------------------------------------------------------

    def _set_up(self) -> None:
        admin = self.cast.admin
        upper = [str(pk) for pk in Tier.objects.filter(rank__gt=0).values_list("pk", flat=True)]
        large: dict[str, Any] = {
            "min_budget": 25_000_00,
            "segments": upper,
            "same_region": True,
            "max_open": 8,
        }
        actions.save_rule(by=admin, name="Large projects", **large)
        actions.save_rule(
            by=admin, name="Partners in the country", same_country=True, max_open=6, preference="load"
        )
        actions.save_rule(by=admin, name="Everything else", outcome="pool", same_region=True)
        actions.change_criteria(
            by=admin,
            sales={"min_budget": 4_000_00, "min_employees": 10, "needs_contact": True},
            marketing={"is_active": True, "min_employees": 25, "needs_consent": True},
        )

    # --- who is interested -------------------------------------------------------------------

    def _prospect(self, own: bool, finder: int | None) -> Prospect:
        """`own`: a partner has found it; `finder` is the place of the one that did, where that is settled."""
        rng = self.rng
        number = next(self.names)
        name = f"{_FIRST[number % len(_FIRST)]} {_SECOND[number // len(_FIRST) % len(_SECOND)]}"
        owner = None
        if own:
            paces = [company.pace for company in PARTNERS]
            owner = rng.choices(range(len(PARTNERS)), paces)[0] if finder is None else finder
        country = PARTNERS[owner].country if owner is not None else rng.choice(sorted(REGION_OF))
        person = rng.choice(_PEOPLE)
        source, channel = rng.choice(_SOURCES)
        domain = f"{name.lower().replace(' ', '-')}.example"
        fields = {
            "company": name,
            "domain": domain,
            "person": person,
            "email": f"{person.split()[0].lower()}@{domain}",
            "country": country,
            "industry": _INDUSTRIES[number // len(_FIRST) % len(_INDUSTRIES)],
            "employees": rng.choice((6, 18, 30, 45, 80, 140, 320)),
            "budget": rng.choice((2_500, 5_000, 8_000, 12_000, 18_000, 30_000, 48_000)) * 100,
            "need": rng.choice(_NEEDS),
            "source": source,
            "channel": channel,
            "consent": "Asked for an offer on the website." if rng.random() < 0.6 else "",
        }
        return Prospect(owner, fields, rng.choice(sorted(self.cast.products) or [""]))

    def _entering(self, prospect: Prospect) -> Callable[[], None]:
        def enter() -> None:
            fields = {**prospect.fields, "product": self.cast.products[prospect.product]}
            if prospect.owner is None:
                region = REGION_OF[prospect.fields["country"]]
                self._given(
                    actions.enter_lead(by=self.rng.choice(self.cast.managers), region=region, **fields)
                )
            elif prospect.owner in self.cast.people:
                seller = self.rng.choice(self.cast.people[prospect.owner])
                partner = Partner.objects.get(pk=seller.partner_id)
                if partner.may_trade:
                    self._work(actions.submit_lead(partner, by=seller, **fields), seller)

        return enter

    # --- what partners do --------------------------------------------------------------------

    def _given(self, lead: Lead) -> None:
        """What comes of a lead that the vendor has given, or put in the pool."""
        if lead.status == LeadStatus.POOL:
            self._later(self.rng.uniform(0.5, 6), lambda: self._pick(lead))
        elif lead.status == LeadStatus.OFFERED and lead.answer_due_at is not None:
            seller = self._seller(lead)
            roll = self.rng.random()
            if roll < 0.15:
                # Nobody answers; the beat that comes by every ten minutes moves it on.
                self._at(lead.answer_due_at + dt.timedelta(minutes=7), lambda: self._move_on(lead))
            else:
                answer = self._decline if roll < 0.32 else self._accept
                wait = self.rng.uniform(0.05, 0.9) * (lead.answer_due_at - timezone.now())
                self._at(timezone.now() + wait, lambda: answer(lead, seller))

    def _accept(self, lead: Lead, seller: Membership) -> None:
        self._try(lambda: self._work(actions.accept(lead, by=seller), seller))

    def _decline(self, lead: Lead, seller: Membership) -> None:
        def decline() -> None:
            actions.decline(lead, by=seller, reason=self.rng.choice(_DECLINES))
            self._given(self._now(lead))

        self._try(decline)

    def _move_on(self, lead: Lead) -> None:
        if actions.move_on_due(timezone.now()):
            self._given(self._now(lead))

    def _pick(self, lead: Lead) -> None:
        for place in self.rng.sample(sorted(self.cast.people), len(self.cast.people)):
            seller = self.cast.people[place][0]
            partner = Partner.objects.get(pk=seller.partner_id)
            if partner.region == lead.region and partner.may_trade and self._may_pick(lead, seller):
                self._work(actions.pick(lead.pk, by=seller), seller)
                return

    @staticmethod
    def _may_pick(lead: Lead, seller: Membership) -> bool:
        return any(teaser.pk == lead.pk for teaser in pickable(seller))

    def _work(self, lead: Lead, seller: Membership) -> None:
        roll = self.rng.random()
        if roll < 0.34:
            self._later(self.rng.uniform(3, 20), lambda: self._try(lambda: self._convert(lead, seller)))
        elif roll < 0.6:
            reason = self.rng.choice(_NO_DEAL)
            self._later(
                self.rng.uniform(4, 30),
                lambda: self._try(lambda: actions.disqualify(lead, by=seller, reason=reason)),
            )

    def _convert(self, lead: Lead, seller: Membership) -> None:
        close = timezone.localdate() + 40 * _DAY
        lead = actions.convert(lead, by=seller, expected_close=close, submit=lead.is_own)
        deal = lead.deal
        assert deal is not None
        # Of the last days' registrations some still wait for a decision.
        waits = timezone.now() > self.until - 6 * _DAY and self.rng.random() < 0.5
        if lead.is_own and not waits:
            self._later(self.rng.uniform(0.5, 2), lambda: self._try(lambda: self._approve(deal, seller)))
        elif not lead.is_own:
            self._later(self.rng.uniform(12, 35), lambda: self._try(lambda: self._close(deal, seller)))

    def _approve(self, deal: Deal, seller: Membership) -> None:
        deals.approve(deal, by=self.cast.admin)
        self._later(self.rng.uniform(12, 35), lambda: self._try(lambda: self._close(deal, seller)))

    def _close(self, deal: Deal, seller: Membership) -> None:
        assert deal.amount is not None
        day = timezone.localdate()
        if self.rng.random() < 0.65:
            revenue = round(deal.amount * self.rng.uniform(0.8, 1.1) / 10_00) * 10_00
            deals.win(deal, by=seller, revenue=revenue, won_on=day)
        else:
            deals.lose(deal, by=seller, reason="Price", lost_on=day)

    def _seller(self, lead: Lead) -> Membership:
        place = next(place for place, partner in self.cast.partners.items() if partner.pk == lead.partner_id)
        return self.cast.people[place][0]

    @staticmethod
    def _now(lead: Lead) -> Lead:
        return Lead.objects.get(pk=lead.pk)

    @staticmethod
    def _try(happen: Callable[[], object]) -> None:
        """What a partner plans may no longer be possible when the time comes: suspended, or moved on."""
        try:
            happen()
        except ActionRefused as refusal:
            if refusal.code not in ("partner_status", "state", "held", "gone", "late"):
                raise


def leave_some(cast: Cast, hero: int, region: str) -> None:
    """On the last day: a lead that waits for the demo's own partner, one in the pool, and one to distribute."""
    admin, product = cast.admin, next(iter(cast.products.values()))
    seller = cast.people[hero][0]
    partner = Partner.objects.get(pk=seller.partner_id)
    common: dict[str, Any] = {
        "person": "Iris de Wit",
        "phone": "+31 20 555 0147",
        "country": partner.country,
        "region": region,
    }
    # Nothing is given out by itself while the three are entered.
    actions.change_policy(by=admin, automatic=False)
    waiting = [
        actions.enter_lead(
            by=admin,
            company=company,
            industry=industry,
            email=f"iris@{company.split()[0].lower()}.example",
            employees=120,
            budget=22_000_00,
            product=product,
            need=_NEEDS[number],
            source="Website",
            channel=MarketingChannel.OWNED,
            **common,
        )
        for number, (company, industry) in enumerate(_LAST)
    ]
    actions.change_policy(by=admin, automatic=True)
    actions.offer(waiting[0], partner, by=admin)
    actions.put_in_pool(waiting[1], by=admin)
