from django.db import models
from django.utils.translation import gettext_lazy as _


class PartnerType(models.TextChoices):
    RESELLER = "reseller", _("Reseller")
    REFERRAL = "referral", _("Referral partner")
    MSP = "msp", _("Managed service provider")
    DISTRIBUTOR = "distributor", _("Distributor")
    INTEGRATOR = "integrator", _("Integrator")


class PartnerStatus(models.TextChoices):
    APPLIED = "applied", _("Applied")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    ONBOARDING = "onboarding", _("Onboarding")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    TERMINATED = "terminated", _("Terminated")


# Which statuses a partner may move to from each.
PARTNER_TRANSITIONS: dict[PartnerStatus, frozenset[PartnerStatus]] = {
    PartnerStatus.APPLIED: frozenset(
        {PartnerStatus.IN_REVIEW, PartnerStatus.APPROVED, PartnerStatus.REJECTED}
    ),
    PartnerStatus.IN_REVIEW: frozenset({PartnerStatus.APPROVED, PartnerStatus.REJECTED}),
    PartnerStatus.APPROVED: frozenset(
        {PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE, PartnerStatus.TERMINATED}
    ),
    PartnerStatus.REJECTED: frozenset(),
    PartnerStatus.ONBOARDING: frozenset(
        {PartnerStatus.ACTIVE, PartnerStatus.SUSPENDED, PartnerStatus.TERMINATED}
    ),
    PartnerStatus.ACTIVE: frozenset({PartnerStatus.SUSPENDED, PartnerStatus.TERMINATED}),
    PartnerStatus.SUSPENDED: frozenset({PartnerStatus.ACTIVE, PartnerStatus.TERMINATED}),
    # A partner that has left may come back.
    PartnerStatus.TERMINATED: frozenset({PartnerStatus.ACTIVE}),
}

# Partners that may write: register deals, report them won.
TRADING_STATUSES = frozenset({PartnerStatus.APPROVED, PartnerStatus.ONBOARDING, PartnerStatus.ACTIVE})
