"""What partners of a tier are owed, and what of it they were given."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from incentives.locks import lock_partners
from incentives.tiers import queries
from incentives.tiers.enums import Repeat
from incentives.tiers.models import BenefitDelivery, Tier, TierBenefit
from metrics.periods import PeriodKind, calendar_of
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

# For a partner that has always held its tier.
ALWAYS = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Owed:
    """A benefit of the tier that a partner holds; `delivery` None while it is still owed."""

    benefit: TierBenefit
    due_from: dt.date
    delivery: BenefitDelivery | None


def owed_to(partner: Partner) -> list[Owed]:
    """The benefits of the tier that the partner holds today. Owed once for each time that it got there, or each year."""
    held, since = _held(partner)
    if held is None:
        return []
    due = {Repeat.ONCE: since, Repeat.YEAR: max(since, _year_start())}
    benefits = list(TierBenefit.objects.filter(tier=held, is_active=True))
    given = {
        (row.benefit_id, row.due_from): row
        for row in BenefitDelivery.objects.filter(partner=partner, benefit__in=benefits)
    }
    return [
        Owed(benefit, due[Repeat(benefit.repeats)], given.get((benefit.pk, due[Repeat(benefit.repeats)])))
        for benefit in benefits
    ]


def _held(partner: Partner) -> tuple[Tier | None, dt.date]:
    ladder: Sequence[Tier] = queries.tiers()
    if not ladder:
        return None, ALWAYS
    history, day = queries.histories([partner.pk], ladder[0].pk)[partner.pk], queries.today()
    tiers = {tier.pk: tier for tier in ladder}
    held = history.on(day)
    return (tiers.get(held, ladder[0]) if held else ladder[0]), history.since(day) or ALWAYS


def _year_start() -> dt.date:
    return calendar_of(queries.tenant_in_scope()).period(PeriodKind.YEAR, queries.today()).start


@transaction.atomic
def save_benefit(benefit: TierBenefit, *, by: Membership) -> TierBenefit:
    check(by, "incentives.change_programme")
    benefit.save()
    record(
        "tier.benefit_saved",
        subject=benefit.tier,
        by=by,
        data={"name": benefit.name, "tier": benefit.tier.name},
    )
    return benefit


@transaction.atomic
def deliver_benefit(
    partner: Partner, benefit: TierBenefit, *, note: str = "", by: Membership
) -> BenefitDelivery:
    """Say that the partner was given what it is owed; once however many say so."""
    check(by, "incentives.deliver_benefit", partner)
    lock_partners("tiers", [partner.pk])
    owed = next((row for row in owed_to(partner) if row.benefit.pk == benefit.pk), None)
    if owed is None:
        raise ActionRefused(_("The partner is not owed this: it holds another tier."))
    if owed.delivery is not None:
        raise ActionRefused(_("It has been delivered already."))
    found = BenefitDelivery.objects.create(
        partner=partner,
        benefit=benefit,
        due_from=owed.due_from,
        delivered_on=queries.today(),
        note=note.strip(),
        delivered_by=by,
    )
    record("tier.benefit_delivered", subject=partner, by=by, data={"name": benefit.name, "note": found.note})
    return found
