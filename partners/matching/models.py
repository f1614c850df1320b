"""What tells companies apart: search keys, the vendor's direct accounts, and merges of customers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Customer, once
from portal.accounts.models import Membership
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class DirectAccount(TenantModel):
    """A company that the vendor sells to itself. Partners cannot read this table."""

    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    domain = models.CharField(_("web domain"), max_length=253, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("matching_directaccount"),
            once("external_id", name="matching_directaccount_external_id"),
        ]
        indexes = [models.Index(fields=["tenant", "name"], name="matching_directaccount_name")]

    def __str__(self) -> str:
        return self.name


class MatchKey(TenantModel):
    """One of a company's search keys: equal keys make two companies worth comparing.

    A trigram index cannot be used under row-level security, whose policies go before any operator that is not
    leakproof. `=` is leakproof, so what a trigram index would shortlist is kept as keys instead (`keys.py`).
    `name` is the normalised name, so that the shortlist is scored without reading the companies.
    """

    key = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    customer = TenantForeignKey(Customer, models.CASCADE, null=True, related_name="match_keys")
    account = TenantForeignKey(DirectAccount, models.CASCADE, null=True, related_name="match_keys")

    class Meta:
        constraints = [
            *tenant_constraints("matching_matchkey", "customer", "account"),
            models.CheckConstraint(
                name="matching_matchkey_one",
                condition=models.Q(customer__isnull=True) ^ models.Q(account__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "key"],
                include=["customer", "account", "name"],
                name="matching_matchkey_key",
            ),
            models.Index(fields=["tenant", "customer"], name="matching_matchkey_customer_ix"),
            models.Index(
                fields=["tenant", "account"],
                condition=models.Q(account__isnull=False),
                name="matching_matchkey_account_ix",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class CustomerMerge(TenantModel):
    """That one customer's record stands for another's from now on, and how to take it back."""

    kept = TenantForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("kept"))
    merged = TenantForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("merged"))
    by = TenantForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", verbose_name=_("merged by")
    )
    grounds = models.CharField(_("grounds"), max_length=200, blank=True)
    # What pointed to the merged record and was turned: {"deals.deal.customer": [ids]}.
    turned = models.JSONField(default=dict, editable=False)
    # Fields that the kept record took over because it had none: {"external_id": ["", "X1"]}.
    taken = models.JSONField(default=dict, editable=False)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)
    undone_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("matching_customermerge", "kept", "merged", "by", "undone_by"),
            models.UniqueConstraint(
                fields=["tenant", "merged"],
                condition=models.Q(undone_at__isnull=True),
                name="matching_customermerge_once",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at"], name="matching_customermerge_newest")]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"
