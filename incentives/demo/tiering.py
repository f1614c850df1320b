"""What the demo vendor does by hand about tiers: a check, benefits that are owed, and a tier waiting for approval."""

import datetime as dt
from collections.abc import Sequence

from incentives.tiers import queries
from incentives.tiers.benefits import deliver_benefit, owed_to, save_benefit
from incentives.tiers.checking import confirm_check, save_check
from incentives.tiers.enums import Repeat
from incentives.tiers.models import ManualCheck, TierBenefit
from incentives.tiers.overrides import propose_override
from partners.directory.models import Partner
from portal.accounts.models import Membership

OWED = (("Joint press release", Repeat.ONCE), ("Two days of training", Repeat.YEAR))


def by_hand(admin: Membership, manager: Membership, partners: Sequence[Partner]) -> None:
    """Needs the tiers; moves nobody."""
    ladder, today = queries.tiers(), queries.today()
    for tier in ladder[1:]:
        for name, repeats in OWED:
            save_benefit(TierBenefit(tier=tier, name=name, repeats=repeats), by=admin)
    plan = save_check(
        ManualCheck(name="Business plan agreed", description="A plan for the year, signed by both."), by=admin
    )
    save_check(ManualCheck(name="Customer references called", description="Two of them."), by=admin)
    for partner in partners[:4]:
        confirm_check(
            partner,
            plan,
            note="Discussed in the yearly meeting.",
            expires_on=today + dt.timedelta(days=45),
            by=manager,
        )
    rising = [partner for partner in partners if queries.tier_on(partner.pk, today) == ladder[0]]
    if rising:
        propose_override(
            rising[0],
            ladder[1],
            ends_on=today + dt.timedelta(days=180),
            reason="Takes over the customers of a Silver partner; the figures follow within two quarters.",
            by=manager,
        )
    for partner in partners:
        owed = owed_to(partner)
        if owed:
            deliver_benefit(partner, owed[0].benefit, note="In the trade magazine.", by=manager)
            break
