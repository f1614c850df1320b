"""One of everything around tiers, plans and money."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from incentives.funds.models import Budget, Claim, Fund, FundRequest
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.plans.models import Plan, PlanVersion
from incentives.statements.enums import BatchStatus, ClosingStatus, Method, PaymentStatus, StatementStatus
from incentives.statements.models import Batch, Closing, Payment, Statement, TaxRule
from incentives.tiers.enums import Direction
from incentives.tiers.models import (
    CheckMark,
    ManualCheck,
    Tier,
    TierBenefit,
    TierOverride,
    TierProposal,
    TierStanding,
)
from metrics.models import Scorecard
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.files.models import Attachment
from tests.factories import make_member
from tests.sweeps.house.portal import a_file
from tests.sweeps.house.things import Things


def scored(partner: Partner, manager: Membership) -> Things:
    """What a partner has of its own once it has been scored, and paid for it."""
    reference, _new = ManualCheck.objects.get_or_create(name="References")
    entry = LedgerEntry.objects.filter(partner=partner).first()
    return {
        "entry": entry.pk,
        "dispute": a_dispute(partner, entry.pk),
        "adjustment": Adjustment.objects.create(
            partner=partner, amount=100, currency="EUR", reason="Forgotten", proposed_by=manager
        ).pk,
        "mark": CheckMark.objects.create(
            partner=partner, item=reference, given_on=date(2026, 1, 1), note="Called", given_by=manager
        ).pk,
        "card": Scorecard.objects.filter(partner_id=partner.pk).first().pk,
        "standing": TierStanding.objects.get(partner=partner).pk,
    }


def of_all(ours: Partner, manager: Membership) -> Things:
    """What the vendor has, and no partner of its own."""
    lowest = Tier.objects.first()
    override = TierOverride.objects.create(
        partner=ours, tier=Tier.objects.last(), ends_on=date(2030, 1, 1), reason="New", proposed_by=manager
    )
    return {
        "tier": lowest.pk,
        "manual_check": ManualCheck.objects.get().pk,
        "benefit": TierBenefit.objects.create(tier=lowest, name="Training").pk,
        "override": override.pk,
        "plan": Plan.objects.first().pk,
        "version": PlanVersion.objects.first().pk,
        "proposal": propose(ours),
        "fund": Fund.objects.get().pk,
        "group_card": Scorecard.objects.filter(subject_kind="programme").first().pk,
    }


def a_dispute(partner: Partner, entry: UUID | str) -> UUID:
    who = make_member(Role.PARTNER_MEMBER, partner=partner)
    return Dispute.objects.create(partner=partner, entry_id=entry, text="Too little", raised_by=who).pk


def pay_out(partners: list[Partner], manager: Membership, admin: Membership) -> dict[str, UUID]:
    """Both partners have a statement that was paid."""
    today = timezone.localdate()
    closing = Closing.objects.create(
        period_kind="quarter",
        period_start=date(2026, 4, 1),
        status=ClosingStatus.APPROVED,
        proposed_by=manager,
        decided_by=admin,
    )
    batch = Batch.objects.create(
        number="PB-1",
        currency="EUR",
        method=Method.CSV,
        execution_on=today,
        total=2_00,
        count=2,
        proposed_by=manager,
        approved_by=admin,
        status=BatchStatus.SETTLED,
        file=b"paid",
    )
    for number, partner in enumerate(partners):
        statement = Statement.objects.create(
            closing=closing,
            partner=partner,
            number=f"ST-{number}",
            currency="EUR",
            status=StatementStatus.PAID,
            entries=0,
            opening=0,
            earned=1_00,
            withheld=0,
            payable=1_00,
            carried=0,
            paid_on=today,
        )
        Payment.objects.create(
            batch=batch,
            statement=statement,
            partner=partner,
            reference=f"ST-{number}-1",
            amount=1_00,
            currency="EUR",
            holder=partner.name,
            iban="NL91ABNA0417164300",
            status=PaymentStatus.PAID,
            paid_on=today,
        )
    tax = TaxRule.objects.create(country="NL", name="Tax", rate=Decimal("0.1"), starts_on=today)
    return {"closing": closing.pk, "batch": batch.pk, "tax_rule": tax.pk}


def statement_of(partner: Partner) -> dict[str, UUID]:
    payment = Payment.objects.get(partner=partner)
    return {"statement": payment.statement_id, "payment": payment.pk}


def a_request_for_funds(partner: Partner, by: Membership) -> dict[str, UUID]:
    fund, _new = Fund.objects.get_or_create(name="Growth", currency="EUR", starts_on=date(2026, 1, 1))
    budget = Budget.objects.create(fund=fund, partner=partner, period_start=date(2026, 4, 1), amount=1_000_00)
    asked = FundRequest.objects.create(
        budget=budget,
        partner=partner,
        number=f"MF-{partner.number}",
        title="Breakfast",
        kind="event",
        description="Forty people",
        starts_on=date(2026, 4, 9),
        ends_on=date(2026, 4, 9),
        cost=2_00,
        amount=1_00,
    )
    claim = Claim.objects.create(request=asked, partner=partner, cost=2_00, amount=1_00, claimed_by=by)
    return {"fund_request": asked.pk, "claim": claim.pk}


def a_proof(claim: Claim, by: Membership) -> Attachment:
    return a_file(claim, by)


def propose(partner: Partner) -> UUID:
    TierProposal.objects.filter(partner=partner).delete()
    lower, upper = Tier.objects.order_by("pk")[:2]
    proposal = TierProposal.objects.create(
        partner=partner,
        direction=Direction.PROMOTION,
        from_tier=lower,
        to_tier=upper,
        period_start=date(2026, 10, 1),
        effective_on=date(2026, 12, 1),
    )
    return proposal.pk
