# ruff: noqa: F811 (fixtures of the deals are used here as well)
"""Which companies are taken for one, and what a registration is in conflict with."""

import csv
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from partners.deals import actions as deals
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.directory.domains import company_domain, registrable_domain
from partners.directory.models import Customer, CustomerPartner
from partners.directory.names import normalise_name
from partners.matching import actions, queries
from partners.matching.enums import ConflictKind, Grounds
from partners.matching.keys import keys_of
from partners.matching.models import CustomerMerge, DirectAccount, MatchKey
from partners.matching.scoring import THRESHOLD, Company, likeness
from partners.matching.tasks import index as index_task
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.record import record
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, ProductFamilyFactory
from tests.partners.deals.conftest import deal_in, people  # noqa: F401 (fixtures)

MakeDeal = Callable[..., Deal]
pytestmark = pytest.mark.django_db


def company(name: str, **fields: str) -> Company:
    return queries.company(name, **fields)


def customer(name: str, **fields: Any) -> Customer:
    found = CustomerFactory(name=name, normalised_name=normalise_name(name), **fields)
    actions.index_customers([found.pk])
    return found


# --- domains and names -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop.acme.co.uk", "acme.co.uk"),
        ("https://www.acme.de/contact", "acme.de"),
        ("sales@mail.acme.com", "acme.com"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("a.city.kawasaki.jp", "city.kawasaki.jp"),
        ("münchen.de", "xn--mnchen-3ya.de"),
        ("co.uk", ""),
        ("acme", ""),
        ("127.0.0.1", ""),
    ],
)
def test_a_host_is_reduced_to_what_the_company_registered(text: str, expected: str) -> None:
    assert registrable_domain(text) == expected


def test_a_mailbox_at_a_public_provider_tells_no_company() -> None:
    assert [company_domain(text) for text in ("anna@gmail.com", "piet@ziggo.nl", "a@gmail.co")] == [
        "",
        "",
        "gmail.co",
    ]
    a, b = company("Kaas", domain="kaas@gmail.com"), company("Brood", domain="brood@gmail.com")
    assert not likeness(a, b).matches


def pairs() -> list[dict[str, str]]:
    with (Path(__file__).parent / "pairs.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="|"))


def sides(pair: dict[str, str]) -> tuple[Company, Company]:
    a, b = (
        company(pair[side], domain=pair[f"{side}_domain"], country=pair[f"{side}_country"]) for side in "ab"
    )
    return a, b


def test_the_labelled_pairs_are_told_apart_at_the_shipped_threshold() -> None:
    """Found means that the keys bring the two together and the likeness reaches the threshold."""
    right = wrong = missed = 0
    for pair in pairs():
        a, b = sides(pair)
        keys = [keys_of(one.name, one.domain, one.country) for one in (a, b)]
        found = bool(keys[0] & keys[1]) and likeness(a, b).matches
        right += found and pair["same"] == "1"
        wrong += found and pair["same"] == "0"
        missed += not found and pair["same"] == "1"
    assert len(pairs()) >= 400
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.90


def test_likeness_does_not_depend_on_who_is_asked_first() -> None:
    for pair in pairs():
        a, b = sides(pair)
        assert likeness(a, b) == likeness(b, a), pair


# --- looking up --------------------------------------------------------------------------------


def test_domain_comes_before_name_and_country_and_those_before_likeness(scoped: Tenant) -> None:
    by_domain = customer("Something Else", domain="initech.com")
    by_name = customer("Initech GmbH", country="NL")
    alike = customer("Inittech", country="NL")
    customer("Initech Ltd", country="GB")  # the same name in another country
    customer("Contoso", country="NL")
    found = queries.matches(company("INITECH B.V.", domain="www.initech.com", country="NL"))
    assert [(match.customer, match.grounds) for match in found] == [
        (by_name, Grounds.NAME),
        (by_domain, Grounds.DOMAIN),
        (alike, Grounds.LIKENESS),
    ]
    assert [match.likeness for match in found][:2] == [100, 100]
    assert THRESHOLD <= found[2].likeness < 100


def test_another_tenants_companies_are_not_found(scoped: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        customer("Initech")
    assert queries.matches(company("Initech")) == []


def test_keys_follow_what_happens_to_a_customer(scoped: Tenant) -> None:
    one = customer("Initech")
    Customer.objects.filter(pk=one.pk).update(name="Globex", normalised_name="globex")
    actions.index_customers([one.pk])
    assert queries.matches(company("Initech")) == []
    assert [match.customer for match in queries.matches(company("Globex"))] == [one]
    MatchKey.objects.all().delete()
    assert actions.index_missing() == 1
    assert actions.index_missing() == 0


def test_a_large_import_gets_its_keys_by_and_by(
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    monkeypatch.setattr("partners.matching.actions.BATCH", 4)
    sent: list[str] = []
    monkeypatch.setattr(
        "partners.matching.consumers.current_app.send_task", lambda name, **_more: sent.append(name)
    )
    with tenant_scope(tenant.pk):
        CustomerFactory.create_batch(9, name="Brought in", normalised_name="brought in")
        record("customer.imported", subject=tenant, data={"count": 9})
    with django_capture_on_commit_callbacks(execute=True):
        dispatch_pending(tenant.pk)
    assert sent == ["matching.index"]
    with tenant_scope(tenant.pk):
        assert MatchKey.objects.values("customer").distinct().count() == 4
    index_task(tenant_id=str(tenant.pk))
    with tenant_scope(tenant.pk):
        assert MatchKey.objects.values("customer").distinct().count() == 9
        assert actions.index_missing() == 0


# --- conflicts ---------------------------------------------------------------------------------


def test_a_registration_stands_against_others_deals_its_own_and_direct_accounts(
    scoped: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    asked = deal_in(Status.SUBMITTED, customer=customer("Initech B.V."))
    other = people.other_partner
    protected = deal_in(Status.APPROVED, customer=customer("Initech"), partner=other)
    waiting = deal_in(Status.IN_REVIEW, customer=customer("Inittech"), partner=other)
    own = deal_in(Status.SUBMITTED, customer=asked.customer)
    elsewhere = deal_in(
        Status.SUBMITTED, customer=protected.customer, partner=other, product=None, family=None
    )
    Deal.objects.filter(pk=elsewhere.pk).update(family=ProductFamilyFactory())
    for status in (Status.DRAFT, Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.LOST, ""):
        deal_in(status, customer=protected.customer, partner=other)
    account = actions.save_account(by=people.admin, name="Initech Nederland", country="NL")
    found = queries.conflicts_of(asked)
    assert [(one.kind, one.deal or one.account) for one in found] == [
        (ConflictKind.OWN, own),
        (ConflictKind.PROTECTED, protected),
        (ConflictKind.DIRECT, account),
        (ConflictKind.SUBMITTED, waiting),
        (ConflictKind.SUBMITTED, elsewhere),
    ]
    assert [one.same_family for one in found] == [True, True, True, True, False]
    assert found[0].grounds == Grounds.RECORD
    assert queries.has_conflict(asked)


def test_a_partner_is_told_only_that_there_is_a_conflict_and_always_after_the_same_work(
    tenant: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.APPROVED, customer=customer("Initech"), partner=people.other_partner)
        family = people.product.family_id

    def ask(name: str) -> tuple[queries.Notice, list[str]]:
        with (
            tenant_scope(tenant.pk, people.partner.pk),
            CaptureQueriesContext(connection) as asked,
        ):
            told = queries.notice(company(name), partner_id=people.partner.pk, families=[family])
        return told, [query["sql"].split()[0] for query in asked]

    taken, statements = ask("Initech")
    free, others = ask("Umbrella")
    assert (taken, free) == (queries.Notice(True), queries.Notice(False))
    assert statements == others


def test_a_partner_s_session_cannot_read_what_matching_knows(
    tenant: Tenant,
    people: SimpleNamespace,
) -> None:
    for model in (MatchKey, DirectAccount, CustomerMerge):
        with (
            tenant_scope(tenant.pk, people.partner.pk),
            pytest.raises(ProgrammingError),
            transaction.atomic(),
        ):
            model.objects.count()


# --- settling and merging ----------------------------------------------------------------------


def test_approval_brings_the_partner_s_record_to_the_vendor_s(
    scoped: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    known = customer("Initech", domain="shop.initech.com", industry="Software")
    mine = customer("Initech Inc", domain="initech.com", named_by=people.partner, served_by=people.partner)
    deal = deal_in(Status.SUBMITTED, customer=mine)
    draft = deal_in(Status.DRAFT, customer=mine)
    assert deals.approve(deal, by=people.manager).customer_id == known.pk
    draft.refresh_from_db()
    mine.refresh_from_db()
    assert (draft.customer_id, mine.merged_into_id) == (known.pk, known.pk)
    assert CustomerPartner.objects.filter(customer=known, partner=people.partner).exists()


def test_approval_of_a_company_that_nobody_knew_makes_the_record_the_vendor_s(
    scoped: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    mine = customer("Initech", named_by=people.partner, served_by=people.partner)
    deals.approve(deal_in(Status.SUBMITTED, customer=mine), by=people.manager)
    mine.refresh_from_db()
    assert (mine.named_by_id, mine.merged_into_id) == (None, None)


def test_a_merge_turns_everything_and_its_undo_turns_it_back(
    scoped: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    kept = customer("Initech", served_by=people.partner)
    merged = customer("Inittech", domain="initech.com", external_id="X1", served_by=people.partner)
    CustomerPartner.objects.create(customer=merged, partner=people.other_partner)
    deal = deal_in(Status.WON, customer=merged)
    merge = actions.merge_customers(kept, merged, by=people.manager)
    deal.refresh_from_db()
    kept.refresh_from_db()
    assert (deal.customer_id, kept.domain, kept.external_id) == (kept.pk, "initech.com", "X1")
    served = CustomerPartner.objects.filter(customer=kept).values_list("partner_id", flat=True)
    assert set(served) == {people.partner.pk, people.other_partner.pk}
    assert not MatchKey.objects.filter(customer=merged).exists()
    with pytest.raises(ActionRefused):
        actions.merge_customers(kept, merged, by=people.manager)

    actions.undo_merge(merge, by=people.admin)
    for row in (deal, kept, merged):
        row.refresh_from_db()
    assert (deal.customer_id, kept.domain, kept.external_id) == (merged.pk, "", "")
    assert (merged.merged_into_id, merged.external_id) == (None, "X1")
    served = CustomerPartner.objects.filter(customer=kept).values_list("partner_id", flat=True)
    assert list(served) == [people.partner.pk]
    with pytest.raises(ActionRefused):
        actions.undo_merge(merge, by=people.admin)


def test_a_merge_that_would_make_two_holders_is_refused_and_changes_nothing(
    scoped: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
) -> None:
    kept, merged = customer("Initech"), customer("Inittech")
    deal_in(Status.APPROVED, customer=kept)
    deal_in(Status.APPROVED, customer=merged, partner=people.other_partner)
    with pytest.raises(ActionRefused, match="one holder only"):
        actions.merge_customers(kept, merged, by=people.manager)


def test_the_later_merge_is_undone_first(scoped: Tenant, people: SimpleNamespace) -> None:
    a, b, c = customer("Initech"), customer("Inittech"), customer("Initec")
    first = actions.merge_customers(b, c, by=people.admin)
    second = actions.merge_customers(a, b, by=people.admin)
    with pytest.raises(ActionRefused, match="further"):
        actions.undo_merge(first, by=people.admin)
    actions.undo_merge(second, by=people.admin)
    actions.undo_merge(first, by=people.admin)
    assert Customer.objects.filter(merged_into=None).count() == 3


def test_every_reference_to_a_customer_can_be_turned(scoped: Tenant, people: SimpleNamespace) -> None:
    """Of all apps: the application may update the column, whatever an app has made append-only."""
    kept, merged = CustomerFactory(), CustomerFactory()
    labels = set()
    for relation in actions.references():
        labels.add(f"{relation.related_model._meta.label}.{relation.field.name}")
        relation.related_model.objects.filter(**{relation.field.name: merged}).update(
            **{relation.field.name: kept}
        )
    assert {"deals.Deal.customer", "directory.CustomerPartner.customer"} <= labels
    assert PartnerFactory._meta.model._meta.label not in labels


def test_undoing_finds_whom_the_old_record_has_come_to_serve_meanwhile(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    """Whoever waited for the merge still wrote in the old record's name. The partner goes on to see that one alone."""
    kept, merged, partner = CustomerFactory(), CustomerFactory(), PartnerFactory()
    CustomerPartner.objects.create(customer=merged, partner=partner)
    merge = actions.merge_customers(kept, merged, by=people.admin)
    CustomerPartner.objects.create(customer=merged, partner=partner)
    actions.undo_merge(merge, by=people.admin)
    served = CustomerPartner.objects.filter(partner=partner).values_list("customer_id", flat=True)
    assert list(served) == [merged.pk]
