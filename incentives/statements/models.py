"""What partners are paid: statements of their ledger entries, and the payments of those.

Amounts are whole minor units. What has been approved is locked by the database (`LockedOnceApproved`).
"""

import hashlib
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from incentives.ledger.models import LedgerEntry
from incentives.statements.constraints import IssuedToPartner, LockedOnceApproved
from incentives.statements.enums import (
    LIVE_PAYMENTS,
    BatchStatus,
    ClosingStatus,
    Method,
    PaymentStatus,
    PeriodLength,
    StatementStatus,
)
from metrics.periods import Period, PeriodKind
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

COUNTRY = RegexValidator(r"^[A-Z]{2}\Z", _("Use a country’s two letters, such as NL."))


class PayoutTerms(TenantModel):
    """How the vendor pays: one row a tenant. `minimum` is in minor units of the tenant's currency."""

    period = models.CharField(
        _("statements are made by"), max_length=8, choices=PeriodLength, default=PeriodLength.QUARTER
    )
    minimum = models.BigIntegerField(
        _("least amount that is paid"), default=0, validators=[MinValueValidator(0)]
    )
    payer_name = models.CharField(_("name of the account’s holder"), max_length=70, blank=True)
    payer_iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    payer_bic = models.CharField(_("BIC"), max_length=11, blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("statements_payoutterms"),
            models.UniqueConstraint(fields=["tenant"], name="statements_payoutterms_once"),
            models.CheckConstraint(name="statements_payoutterms_minimum", condition=Q(minimum__gte=0)),
        ]

    def __str__(self) -> str:
        return self.payer_name


class TaxRule(TenantModel):
    """What is withheld from payments to partners of one country, from a day on."""

    country = models.CharField(_("country"), max_length=2, validators=[COUNTRY])
    name = models.CharField(_("name"), max_length=60)
    rate = models.DecimalField(
        _("rate"), max_digits=7, decimal_places=6, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    starts_on = models.DateField(_("from"))

    class Meta:
        ordering = ["country", "-starts_on"]
        constraints = [
            *tenant_constraints("statements_taxrule"),
            models.UniqueConstraint(
                fields=["tenant", "country", "starts_on"],
                name="statements_taxrule_once",
                violation_error_message=_("There is a rate for this country from that day already."),
            ),
            models.CheckConstraint(
                name="statements_taxrule_fraction", condition=Q(rate__gte=0) & Q(rate__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.name}"


class PayoutDetails(TenantModel):
    """Where a partner is paid, as its owner says. Counts once the vendor has verified it (`PayeeCheck`)."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="+")
    holder = models.CharField(_("account holder"), max_length=70)
    iban = models.CharField(_("account number or IBAN"), max_length=34)
    bic = models.CharField(_("BIC or bank code"), max_length=20, blank=True)
    country = models.CharField(_("country of tax residence"), max_length=2, validators=[COUNTRY])
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True)
    changed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("payout details")
        constraints = [
            *tenant_constraints("statements_payoutdetails", "partner", "changed_by"),
            PartnerIsolation(name="statements_payoutdetails_partner"),
            models.UniqueConstraint(fields=["tenant", "partner"], name="statements_payoutdetails_once"),
        ]

    def __str__(self) -> str:
        return self.holder

    @property
    def has_iban(self) -> bool:
        """Whether the account has an IBAN; elsewhere it is a number with the code of its bank."""
        return self.iban[:2].isalpha()

    @property
    def fingerprint(self) -> str:
        """Changes whenever money would go elsewhere."""
        text = "\n".join([self.holder, self.iban, self.bic, self.country])
        return hashlib.sha256(text.encode()).hexdigest()


class PayeeCheck(TenantModel):
    """What the vendor says of a partner's payout details: which have been verified, and whether payment is held.

    `country` is that of tax residence in the details that were verified last; until others are, tax goes by it.
    """

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=64, blank=True)
    country = models.CharField(max_length=2, blank=True)
    verified_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True)
    is_held = models.BooleanField(_("payments are held"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("statements_payeecheck", "partner", "verified_by"),
            PartnerIsolation(privileges="SELECT", name="statements_payeecheck_partner"),
            models.UniqueConstraint(fields=["tenant", "partner"], name="statements_payeecheck_once"),
        ]

    def __str__(self) -> str:
        return str(self.partner_id)


class Closing(TenantModel):
    """The close of one period: who proposed it on which grounds, and who approved it.

    `checks` is the check list as it stood when it was proposed: a list of {key, state, text}.
    """

    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodLength)
    period_start = models.DateField(_("first day"))
    status = models.CharField(
        _("status"), max_length=12, choices=ClosingStatus, default=ClosingStatus.COLLECTING
    )
    checks = models.JSONField(default=list)
    job_id = models.UUIDField(null=True)
    proposed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        ordering = ["-period_start", "-id"]
        constraints = [
            *tenant_constraints("statements_closing", "proposed_by", "decided_by"),
            PartnerReadable(name="statements_closing_readable"),
            models.UniqueConstraint(
                fields=["tenant", "period_start"],
                condition=~Q(status=ClosingStatus.CANCELLED),
                name="statements_closing_once",
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(status__in=[ClosingStatus.COLLECTING, ClosingStatus.PROPOSED]),
                name="statements_closing_one_open",
            ),
            models.CheckConstraint(
                name="statements_closing_second_person",
                condition=~Q(status=ClosingStatus.APPROVED)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
            ),
        ]

    def __str__(self) -> str:
        return self.period.label()

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.period_kind))


class Statement(TenantModel):
    """A partner's entries of one closing in one currency, and what is paid of them.

    `opening` is what an earlier statement carried forward, `earned` the sum of the lines. Where the two reach the least
    amount that is paid, `withheld` of it is tax and `payable` the rest; else, or where tax is withheld and nobody has verified
    the partner's country, all of it is carried forward.
    """

    closing = TenantForeignKey(Closing, models.PROTECT, related_name="statements")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="statements")
    number = models.CharField(_("number"), max_length=20, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    status = models.CharField(
        _("status"), max_length=10, choices=StatementStatus, default=StatementStatus.DRAFT
    )
    entries = models.PositiveIntegerField(_("entries"))
    opening = models.BigIntegerField(_("brought forward"))
    earned = models.BigIntegerField(_("earned"))
    tax_name = models.CharField(max_length=60, blank=True)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal(0))
    withheld = models.BigIntegerField(_("withheld"))
    payable = models.BigIntegerField(_("to be paid"))
    carried = models.BigIntegerField(_("carried forward"))
    paid_on = models.DateField(_("paid on"), null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("statements_statement", "closing", "partner"),
            IssuedToPartner(privileges="SELECT", name="statements_statement_partner"),
            LockedOnceApproved(
                "status = 'draft'",
                mutable=("status", "number", "paid_on"),
                name="statements_statement_locked",
            ),
            models.UniqueConstraint(
                fields=["tenant", "closing", "partner", "currency"], name="statements_statement_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "number"], condition=~Q(number=""), name="statements_statement_number"
            ),
            models.CheckConstraint(
                name="statements_statement_adds_up",
                condition=Q(opening=F("withheld") + F("payable") + F("carried") - F("earned")),
            ),
            models.CheckConstraint(
                name="statements_statement_no_negative_payment",
                condition=Q(payable__gte=0, withheld__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "currency"], name="statements_stmt_partner_ix"),
            models.Index(fields=["tenant", "status", "currency"], name="statements_stmt_status_ix"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.pk)

    @property
    def due(self) -> int:
        return self.opening + self.earned

    @property
    def name(self) -> str:
        """Its number; drafts have none."""
        return self.number or gettext("Draft")


class StatementLine(TenantModel):
    """That an entry is on a statement. No entry can be on two."""

    statement = TenantForeignKey(Statement, models.CASCADE, related_name="lines")
    entry = TenantForeignKey(LedgerEntry, models.PROTECT, related_name="+")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            *tenant_constraints("statements_statementline", "statement", "entry", "partner"),
            PartnerIsolation(privileges="SELECT", name="statements_statementline_partner"),
            LockedOnceApproved(
                "statement_id IN (SELECT id FROM statements_statement WHERE status = 'draft')",
                # A foreign key's check locks the rows that point to a statement, which needs the right to update one column.
                mutable=("created_at",),
                adds=True,
                name="statements_statementline_locked",
            ),
            models.UniqueConstraint(fields=["tenant", "entry"], name="statements_statementline_once"),
        ]
        indexes = [models.Index(fields=["tenant", "statement"], name="statements_line_statement_ix")]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.entry_id}"


class Batch(TenantModel):
    """Payments that go to the bank together, in one currency on one day.

    `file` is what the bank is given, made when the batch is approved and never again.
    """

    number = models.CharField(_("number"), max_length=20)
    currency = models.CharField(_("currency"), max_length=3)
    method = models.CharField(_("file"), max_length=6, choices=Method)
    execution_on = models.DateField(_("to be paid on"))
    status = models.CharField(_("status"), max_length=10, choices=BatchStatus, default=BatchStatus.DRAFT)
    total = models.BigIntegerField(_("total"))
    count = models.PositiveIntegerField(_("payments"))
    proposed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    approved_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(_("approved"), null=True)
    file = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("statements_batch", "proposed_by", "approved_by"),
            models.UniqueConstraint(fields=["tenant", "number"], name="statements_batch_number"),
            models.CheckConstraint(
                name="statements_batch_second_person",
                condition=Q(status__in=[BatchStatus.DRAFT, BatchStatus.CANCELLED])
                | (Q(approved_by__isnull=False) & ~Q(approved_by=F("proposed_by"))),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Payment(TenantModel):
    """One transfer for one statement, to the account as it stood. A failed one is followed by another."""

    batch = TenantForeignKey(Batch, models.PROTECT, related_name="payments")
    statement = TenantForeignKey(Statement, models.PROTECT, related_name="payments")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    reference = models.CharField(_("reference"), max_length=35)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    holder = models.CharField(_("account holder"), max_length=70)
    iban = models.CharField(_("account number or IBAN"), max_length=34)
    bic = models.CharField(_("BIC or bank code"), max_length=20, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=PaymentStatus, default=PaymentStatus.PLANNED
    )
    problem = models.CharField(_("why it failed"), max_length=300, blank=True)
    paid_on = models.DateField(_("paid on"), null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            *tenant_constraints("statements_payment", "batch", "statement", "partner"),
            PartnerIsolation(privileges="SELECT", name="statements_payment_partner"),
            LockedOnceApproved(
                "false", mutable=("status", "problem", "paid_on"), name="statements_payment_locked"
            ),
            models.UniqueConstraint(
                fields=["tenant", "statement"],
                condition=Q(status__in=LIVE_PAYMENTS),
                name="statements_payment_one_live",
            ),
            models.UniqueConstraint(fields=["tenant", "reference"], name="statements_payment_reference"),
            models.CheckConstraint(name="statements_payment_positive", condition=Q(amount__gt=0)),
        ]
        indexes = [
            models.Index(fields=["tenant", "batch"], name="statements_payment_batch_ix"),
            models.Index(fields=["tenant", "statement"], name="statements_payment_stmt_ix"),
        ]

    def __str__(self) -> str:
        return self.reference
