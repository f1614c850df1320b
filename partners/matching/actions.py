"""Writes: search keys, direct accounts, and merging customers.

All raise PermissionDenied when the member may not, and ActionRefused (with a sentence for the person who
asked) when something forbids it.
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.domains import company_domain
from partners.directory.models import Customer, CustomerPartner
from partners.directory.names import normalise_name
from partners.matching.keys import keys_of
from partners.matching.models import CustomerMerge, DirectAccount, MatchKey
from partners.matching.queries import known_as
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope

BATCH = 2000
EXCLUSION_VIOLATION = "23P01"

# --- search keys -------------------------------------------------------------------------------


def index_customers(ids: Iterable[UUID]) -> None:
    """Write the keys of these customers anew."""
    with tenant_scope(current_tenant_id()):
        wanted = list(ids)
        for start in range(0, len(wanted), BATCH):
            _index("customer", Customer.objects.filter(pk__in=wanted[start : start + BATCH]))


def index_accounts(ids: Iterable[UUID]) -> None:
    _index("account", DirectAccount.objects.filter(pk__in=list(ids)))


def index_missing() -> int:
    """Write the keys of all customers and accounts that have none; the number of companies. For commands and tests."""
    total = 0
    while count := index_some_missing():
        total += count
    return total


def index_some_missing() -> int:
    """Write the keys of a chunk of the customers and of the accounts that have none; the number of companies."""
    count = 0
    for kind, model in (("customer", Customer), ("account", DirectAccount)):
        missing = model.objects.filter(~Exists(MatchKey.objects.filter(**{kind: OuterRef("pk")})))
        ids = list(missing.order_by("pk").values_list("pk", flat=True)[:BATCH])
        _index(kind, model.objects.filter(pk__in=ids))
        count += len(ids)
    return count


def forget_customers(ids: Collection[UUID]) -> None:
    """Take the keys of these customers away, for `index_some_missing` to write them anew."""
    MatchKey.objects.filter(customer__in=ids).delete()


def _index(kind: str, companies: models.QuerySet[Any]) -> None:
    # In order, and locked: two that index one company at once must not write its keys twice.
    rows = list(companies.select_for_update(of=("self",), no_key=True).order_by("pk"))
    MatchKey.objects.filter(**{f"{kind}__in": rows}).delete()
    _write(kind, rows)


def _write(kind: str, rows: Collection[Any]) -> None:
    MatchKey.objects.bulk_create(
        [
            MatchKey(key=key, name=row.normalised_name, **{kind: row})
            for row in rows
            for key in sorted(keys_of(row.normalised_name, row.domain, row.country))
        ],
        batch_size=BATCH,
    )


# --- direct accounts ---------------------------------------------------------------------------


def save_account(
    account: DirectAccount | None = None,
    *,
    by: Membership,
    name: str,
    domain: str = "",
    country: str = "",
    note: str = "",
) -> DirectAccount:
    """Note a company that the vendor sells to itself, or change what is noted."""
    check(by, "matching.change_account")
    normalised = normalise_name(name)[:200]
    if not normalised:
        raise ActionRefused(_("Name the company."), field="name")
    values = {
        "name": " ".join(name.split()),
        "normalised_name": normalised,
        "domain": company_domain(domain),
        "country": country,
        "note": note,
    }
    if account is None:
        account = DirectAccount.objects.create(**values)
        record("direct_account.added", subject=account, by=by, data={"name": account.name})
    else:
        account = DirectAccount.objects.select_for_update(of=("self",)).get(pk=account.pk)
        old = {field: getattr(account, field) for field in values}
        for field, value in values.items():
            setattr(account, field, value)
        account.save(update_fields=[*values, "updated_at"])
        record(
            "direct_account.changed",
            subject=account,
            by=by,
            data={"name": account.name, "old": old, "new": values},
        )
    index_accounts([account.pk])
    return account


def remove_account(account: DirectAccount, *, by: Membership) -> None:
    """The company is no longer sold to directly."""
    check(by, "matching.change_account")
    record("direct_account.removed", subject=account, by=by, data={"name": account.name})
    account.delete()


# --- one company, one record -------------------------------------------------------------------


def lock_customers() -> None:
    """Until the transaction ends nobody else settles or merges customers of the tenant.

    Taken before any deal is locked: settling turns deals that others may be about to approve, and two that
    wait for each other would both fail.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{current_tenant_id()}:customers"]
        )


def settle(customer: Customer, *, by: Membership | None) -> Customer:
    """Make a partner's own record the vendor's, when the vendor says yes to it: the record that the vendor
    has of the company already, or else this one. Returns the one that stands."""
    with tenant_scope(current_tenant_id()):
        lock_customers()
        customer = Customer.objects.get(pk=customer.pk)
        if customer.merged_into_id is not None:
            return standing_for(customer)
        if customer.named_by_id is None:
            return customer
        known = known_as(customer)
        if known is not None:
            return _merge(known, customer, by, _("The registration was approved.")).kept
        partner_id, customer.named_by = customer.named_by_id, None
        customer.save(update_fields=["named_by", "updated_at"])
        record("customer.taken_over", subject=customer, by=by, partner_id=partner_id)
        return customer


def standing_for(customer: Customer) -> Customer:
    """The record that stands for a customer's after all merges; the customer itself where there were none."""
    while customer.merged_into_id is not None:
        customer = Customer.objects.get(pk=customer.merged_into_id)
    return customer


def merge_customers(kept: Customer, merged: Customer, *, by: Membership, grounds: str = "") -> CustomerMerge:
    """Let one record stand for both: all that points to `merged` points to `kept` from now on."""
    check(by, "matching.merge_customers")
    lock_customers()
    return _merge(kept, merged, by, grounds)


def undo_merge(merge: CustomerMerge, *, by: Membership) -> CustomerMerge:
    """Take a merge back: what it turned, and what still stands where it was put, goes where it came from."""
    check(by, "matching.merge_customers")
    lock_customers()
    merge = CustomerMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
    if merge.undone_at is not None:
        raise ActionRefused(_("This merge has been undone already."), code="done")
    kept, merged = _locked(merge.kept_id, merge.merged_id)
    if kept.merged_into_id is not None:
        raise ActionRefused(_("%s has been merged further since. Undo that merge first.") % kept.name)
    for relation in references():
        rows = _rows(relation, kept).filter(pk__in=merge.turned.get(_label(relation), []))
        _turn(relation, rows, merged)
        if relation.related_model is CustomerPartner:
            # Those left have their like there already, and here they would go on to show the partner this customer.
            rows.delete()
    changed = []
    for name, (before, after) in merge.taken.items():
        if _plain(getattr(kept, name)) == after:
            setattr(kept, name, before)
            changed.append(name)
    kept.save(update_fields=[*changed, "updated_at"])
    if "external_id" in changed:
        merged.external_id = merge.taken["external_id"][1]
    merged.merged_into = None
    merged.save(update_fields=["merged_into", "external_id", "updated_at"])
    merge.undone_at, merge.undone_by = timezone.now(), by
    merge.save(update_fields=["undone_at", "undone_by"])
    index_customers([kept.pk, merged.pk])
    data = {"customers": [str(merged.pk)], "merged": merged.name}
    record("customer.merge_undone", subject=kept, by=by, data=data)
    return merge


def references() -> list[models.ManyToOneRel]:
    """Every foreign key to a customer, of all apps, but those that are about merging and matching itself."""
    ours = (Customer, CustomerMerge, MatchKey)
    return [
        relation
        for relation in Customer._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel) and relation.related_model not in ours
    ]


def is_used_elsewhere(customer: Customer, *, than: models.Model) -> bool:
    """Whether anything but `than` speaks of the customer. That a partner serves it does not count."""
    with tenant_scope(current_tenant_id()):
        return any(
            _rows(relation, customer).exclude(pk=than.pk).exists()
            for relation in references()
            if relation.related_model is not CustomerPartner
        )


def forget_own_customer(customer: Customer, *, by: Membership) -> None:
    """Remove the record of a customer that a partner named by mistake, once nothing speaks of it any more."""
    check(by, "directory.add_customer")
    with tenant_scope(current_tenant_id()):
        if customer.named_by_id is None:
            return
        try:
            with transaction.atomic():
                Customer.objects.get(pk=customer.pk).delete()
        except models.ProtectedError:
            return  # something does
        record("customer.forgotten", subject=customer, by=by, partner_id=customer.named_by_id)


# What a record takes over from the one it stands for, where it has nothing itself.
_TAKEN = ("external_id", "domain", "country", "industry", "employees", "parent_name", "started_on")


def _merge(kept: Customer, merged: Customer, by: Membership | None, grounds: str) -> CustomerMerge:
    if kept.pk == merged.pk:
        raise ActionRefused(_("Choose two different customers."))
    kept, merged = _locked(kept.pk, merged.pk)
    for customer in (kept, merged):
        if customer.merged_into_id is not None:
            raise ActionRefused(_("%s has been merged already.") % customer.name, code="done")
    turned = {}
    for relation in references():
        if ids := _turn(relation, _rows(relation, merged), kept):
            turned[_label(relation)] = ids
    taken = {
        name: [_plain(getattr(kept, name)), _plain(getattr(merged, name))]
        for name in _TAKEN
        if getattr(kept, name) in ("", None) and getattr(merged, name) not in ("", None)
    }
    for name in taken:
        setattr(kept, name, getattr(merged, name))
    if kept.named_by_id != merged.named_by_id and kept.named_by_id is not None:
        taken["named_by_id"] = [str(kept.named_by_id), None]
        kept.named_by_id = None
    if "external_id" in taken:
        merged.external_id = ""
    merged.merged_into = kept
    merged.save(update_fields=["merged_into", "external_id", "updated_at"])
    kept.save(update_fields=[*taken, "updated_at"])
    merge = CustomerMerge.objects.create(
        kept=kept, merged=merged, by=by, grounds=grounds, turned=turned, taken=taken
    )
    MatchKey.objects.filter(customer=merged).delete()
    index_customers([kept.pk])
    # Whom the two served is found by what they are called now.
    data = {"customers": [str(merged.pk)], "merged": merged.name, "grounds": grounds}
    record("customer.merged", subject=kept, by=by, data=data)
    return merge


def _locked(kept_id: UUID, merged_id: UUID) -> tuple[Customer, Customer]:
    rows = Customer.objects.select_for_update(of=("self",)).filter(pk__in=[kept_id, merged_id])
    found = {row.pk: row for row in rows.order_by("pk")}
    return found[kept_id], found[merged_id]


def _turn(relation: models.ManyToOneRel, rows: models.QuerySet[Any], customer: Customer) -> list[str]:
    """Point the rows to the customer; the ids of those that now do. A row of which it has its like already (the
    partner serves both) stays."""
    field = relation.field.name
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    turned = []
    try:
        with transaction.atomic():
            rows.update(**{field: customer})
        turned = ids
    except IntegrityError as error:
        _refuse_two_holders(error)
        for pk in ids:
            try:
                with transaction.atomic():
                    rows.filter(pk=pk).update(**{field: customer})
                turned.append(pk)
            except IntegrityError as single:
                _refuse_two_holders(single)
    return [str(pk) for pk in turned]


def _rows(relation: models.ManyToOneRel, customer: Customer) -> models.QuerySet[Any]:
    """What points to the customer through this key, in the tenant in scope."""
    model: Any = relation.related_model
    return model.objects.filter(**{relation.field.name: customer})


def _refuse_two_holders(error: IntegrityError) -> None:
    if getattr(error.__cause__, "sqlstate", None) == EXCLUSION_VIOLATION:
        raise ActionRefused(
            _(
                "Both customers are protected for the same products at the same time, and one customer can"
                " have one holder only. End one of the two registrations first."
            ),
            code="held",
        ) from error


def _label(relation: models.ManyToOneRel) -> str:
    return f"{relation.related_model._meta.label_lower}.{relation.field.name}"


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) or hasattr(value, "isoformat") else value
