"""The road ahead of a partner: which tier its figures reach at the coming reviews if nothing new comes, which with the
deals it has open, and what ends until then. By the functions that measure the tiers; nothing is written."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incentives.tiers import queries
from incentives.tiers.appraisal import reached
from incentives.tiers.enums import OverrideStatus, WindowKind
from incentives.tiers.models import CheckMark, Tier, TierOverride
from incentives.tiers.readings import Values, readings, window_of
from incentives.tiers.requirements import CHECK, Condition, Group, evaluate, is_check, is_reported
from incentives.tiers.supposing import with_facts
from incentives.tiers.words import gap
from metrics.catalogue import CATALOGUE
from metrics.display import format_value
from metrics.periods import Calendar, PeriodKind, Window, calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.deals.queries import pipeline
from partners.directory.models import Partner
from partners.onboarding.documents.models import PartnerDocument
from partners.onboarding.enums import DocumentStatus
from partners.training.models import Completion
from portal.tenancy.scope import current_tenant_id, tenant_scope

REVIEWS = 2
TRAINING = {"completions", "people_trained", "people_certified", "required_courses_done"}


@dataclass(frozen=True, slots=True)
class Review:
    """The last day of a period, on which tiers are looked at. `quiet` is the tier reached if nothing new comes, `won` the
    one if all deals that are expected by then are won; `missing` is what the tier held would lack in a quiet time."""

    day: dt.date
    quiet: Tier
    won: Tier
    missing: str
    deals: int
    amount: int


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that counts today and no longer counts from `day` on."""

    day: dt.date
    icon: str
    text: str


@dataclass(frozen=True, slots=True)
class Forecast:
    held: Tier
    reviews: Sequence[Review]
    endings: Sequence[Ending]

    @property
    def is_at_risk(self) -> bool:
        return any(review.quiet.rank < self.held.rank for review in self.reviews)


def forecast(partner: Partner, currency: str) -> Forecast | None:
    """What lies ahead until the second review from today; None where the programme has no tiers."""
    with tenant_scope(current_tenant_id()):
        ladder = queries.tiers()
        held = queries.tier_on(partner.pk, queries.today())
        if not ladder or held is None:
            return None
        calendar = calendar_of(queries.tenant_in_scope())
        today = calendar.today()
        trees = {tier.pk: tier.tree_from(held.rank) for tier in ladder}
        conditions = [condition for tree in trees.values() for condition in tree.conditions()]
        deals = _expected(partner.pk, today)
        now = readings(conditions, [partner.pk], [today], calendar)[partner.pk, today]
        reviews = [
            _review(day, partner.pk, ladder, held, trees, conditions, now, deals, calendar, today, currency)
            for day in _days(calendar, today)
        ]
        last = reviews[-1].day
        asked = [condition for tier in ladder if tier.rank > 0 for condition in trees[tier.pk].conditions()]
        return Forecast(held, reviews, _endings(partner, asked, calendar, today, last, currency))


def _days(calendar: Calendar, today: dt.date) -> list[dt.date]:
    period = calendar.current(PeriodKind(queries.policy().period), today)
    days = []
    for _number in range(REVIEWS):
        days.append(period.end - dt.timedelta(days=1))
        period = period.next()
    return days


def _review(
    day: dt.date,
    partner_id: UUID,
    ladder: Sequence[Tier],
    held: Tier,
    trees: Mapping[UUID, Group],
    conditions: Sequence[Condition],
    now: Values,
    deals: Sequence[Deal],
    calendar: Calendar,
    today: dt.date,
    currency: str,
) -> Review:
    ahead = readings(conditions, [partner_id], [day], calendar, as_of=day)[partner_id, day]
    # Where nothing says otherwise, a figure stays as it is: a score, or what people will report again.
    quiet = {key: now.get(key) if value is None else value for key, value in ahead.items()}
    due = [deal for deal in deals if deal.expected_close and deal.expected_close <= day]

    def more(window: Window) -> dict[str, int]:
        return _facts([deal for deal in due if deal.expected_close and deal.expected_close in window])

    won = with_facts(quiet, conditions, partner_id, more, calendar, day)
    if_quiet = {tier_id: evaluate(tree, quiet) for tier_id, tree in trees.items()}
    if_won = {tier_id: evaluate(tree, won) for tier_id, tree in trees.items()}
    return Review(
        day,
        reached(ladder, if_quiet),
        reached(ladder, if_won),
        gap(if_quiet[held.pk], currency),
        len(due),
        sum(deal.amount_base or 0 for deal in due),
    )


def _expected(partner_id: UUID, today: dt.date) -> list[Deal]:
    rows = pipeline(Deal.objects.filter(partner_id=partner_id, expected_close__gte=today))
    return list(rows.order_by("expected_close"))


def _facts(deals: Sequence[Deal]) -> dict[str, int]:
    """What winning these would add to the facts."""
    if not deals:
        return {}
    registered = [deal for deal in deals if deal.status]
    amounts = {deal.pk: deal.amount_base or 0 for deal in deals}
    sourced = sum(amounts[deal.pk] for deal in registered)
    return {
        "deals_won": len(deals),
        "deals_won_registered": len(registered),
        "revenue_won": sum(amounts.values()),
        "revenue_sourced": sourced,
        "revenue_influenced": sum(amounts.values()) - sourced,
    }


# --- what ends ---------------------------------------------------------------------------------


def _endings(
    partner: Partner,
    asked: Sequence[Condition],
    calendar: Calendar,
    today: dt.date,
    last: dt.date,
    currency: str,
) -> list[Ending]:
    """What of the things that tiers look at ends within the horizon, the first end first."""
    found = [
        *_certificates(partner, asked, today, last),
        *_checks(partner, asked, today, last),
        *_documents(partner, today, last),
        *_leaving(partner, asked, calendar, today, last, currency),
        *_by_hand(partner, today, last),
    ]
    return sorted(found, key=lambda ending: ending.day)


def _certificates(
    partner: Partner, asked: Sequence[Condition], today: dt.date, last: dt.date
) -> Iterable[Ending]:
    measured = {condition.measure for condition in asked}
    if not any(code in CATALOGUE and TRAINING & set(CATALOGUE[code].facts) for code in measured):
        return
    held = Completion.objects.filter(
        partner=partner, revoked_at=None, member__is_active=True, member__partner_id=partner.pk
    ).exclude(certificate="")
    held = held.select_related("course", "path", "member__user").filter(
        Q(valid_until=None) | Q(valid_until__gte=today)
    )
    # Of one certificate that somebody holds twice, the one that lasts longest counts.
    longest: dict[tuple[UUID, UUID | None, UUID | None], Completion] = {}
    for row in held:
        key = (row.member_id, row.course_id, row.path_id)
        if key not in longest or _end(row) > _end(longest[key]):
            longest[key] = row
    for row in longest.values():
        if row.valid_until is not None and row.valid_until < last:
            values = {"person": row.member.name, "certificate": row.title}
            text = _("The certificate “%(certificate)s” of %(person)s ends.") % values
            yield Ending(row.valid_until + dt.timedelta(days=1), "certificate", text)


def _end(row: Completion) -> dt.date:
    return row.valid_until or dt.date.max


def _checks(partner: Partner, asked: Sequence[Condition], today: dt.date, last: dt.date) -> Iterable[Ending]:
    ids = {item.measure.removeprefix(CHECK) for item in asked if is_check(item.measure)}
    marks = CheckMark.objects.filter(
        partner=partner, item_id__in=ids, withdrawn_on=None, expires_on__gte=today, expires_on__lt=last
    ).select_related("item")
    for mark in marks:
        assert mark.expires_on is not None
        text = _("The confirmation of “%(check)s” ends.") % {"check": mark.item.name}
        yield Ending(mark.expires_on + dt.timedelta(days=1), "checklist", text)


def _documents(partner: Partner, today: dt.date, last: dt.date) -> Iterable[Ending]:
    accepted = PartnerDocument.objects.filter(partner=partner, status=DocumentStatus.ACCEPTED)
    newest: dict[UUID, PartnerDocument] = {}
    for row in accepted.select_related("kind").order_by("created_at", "id"):
        newest[row.kind_id] = row
    for row in newest.values():
        if row.kind.is_active and row.expires_on is not None and today <= row.expires_on < last:
            text = _("The document “%(document)s” ends.") % {"document": row.kind.name}
            yield Ending(row.expires_on + dt.timedelta(days=1), "file-certificate", text)


def _leaving(
    partner: Partner,
    asked: Sequence[Condition],
    calendar: Calendar,
    today: dt.date,
    last: dt.date,
    currency: str,
) -> Iterable[Ending]:
    """Won deals that a window of several quarters no longer reaches back to."""
    counted = {
        item.window for item in asked if not is_check(item.measure) and not is_reported(item.measure)
    } & {WindowKind.TRAILING_YEAR, WindowKind.PROGRAMME_YEAR}
    for kind in sorted(counted):
        start, day = window_of(kind, today, calendar).start, today
        while (day := calendar.period(PeriodKind.QUARTER, day).end) <= last:
            then = window_of(kind, day, calendar).start
            rows = Deal.objects.filter(
                partner=partner, stage=SalesStage.WON, closed_on__gte=start, closed_on__lt=then
            ).order_by()
            amounts = list(rows.values_list("revenue_base", flat=True))
            start = then
            if not amounts:
                continue
            text = ngettext(
                "%(count)d won deal of %(amount)s no longer counts for %(window)s.",
                "%(count)d won deals of %(amount)s together no longer count for %(window)s.",
                len(amounts),
            ) % {
                "count": len(amounts),
                "amount": format_value("money", sum(amount or 0 for amount in amounts), currency),
                "window": kind.label,
            }
            yield Ending(day, "calendar-off", text)


def _by_hand(partner: Partner, today: dt.date, last: dt.date) -> Iterable[Ending]:
    running = TierOverride.objects.filter(
        partner=partner, status=OverrideStatus.APPROVED, ends_on__gt=today, ends_on__lte=last
    ).select_related("tier")
    for row in running:
        text = _("%(tier)s, which was given by hand, ends.") % {"tier": row.tier.name}
        yield Ending(row.ends_on, "hand-stop", text)
