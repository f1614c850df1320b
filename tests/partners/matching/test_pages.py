"""Pages of direct accounts, likely duplicates and merges."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from partners.deals.models import Deal
from partners.directory.models import Customer
from partners.directory.names import normalise_name
from partners.matching import actions
from partners.matching.actions import index_customers
from partners.matching.models import CustomerMerge, DirectAccount, MatchKey
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory
from tests.importing import Importer
from tests.partners.deals.conftest import people  # noqa: F401 (a fixture)

SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"matching:{name}", args=("acme", *args))


def test_an_admin_keeps_the_list_of_direct_accounts_and_a_partner_never_sees_it(
    tenant: Tenant,
    people: SimpleNamespace,  # noqa: F811
    client_as: SignIn,
) -> None:
    client = client_as(people.admin)
    data = {
        "name": "Kaiserwerke AG",
        "domain": "https://www.kaiserwerke.de/",
        "country": "DE",
        "note": "Ours",
    }
    assert client.post(address("account_create"), data).url == address("accounts")
    with tenant_scope(tenant.pk):
        account = DirectAccount.objects.get()
        assert (account.domain, account.normalised_name) == ("kaiserwerke.de", "kaiserwerke")
        assert MatchKey.objects.filter(account=account).exists()
    assert client.post(address("account_edit", account.pk), data | {"name": "Kaiser"}).status_code == 302
    assert "Kaiser" in client.get(address("accounts")).content.decode()
    for name in ("accounts", "duplicates", "merges"):
        assert client_as(people.seller).get(address(name)).status_code == 403
    assert client_as(people.manager).post(address("account_create"), data).status_code == 403
    assert client.post(address("account_remove", account.pk)).url == address("accounts")
    with tenant_scope(tenant.pk):
        assert not DirectAccount.objects.exists()
        assert not MatchKey.objects.exists()


def test_direct_accounts_come_in_from_a_file(importer: Importer) -> None:
    importer.run("direct_accounts", b"name,country,website\nKaiserwerke AG,DE,www.kaiserwerke.de\n")
    account = DirectAccount.objects.get()
    assert (account.normalised_name, account.domain) == ("kaiserwerke", "kaiserwerke.de")
    assert MatchKey.objects.filter(account=account, key="d:kaiserwerke.de").exists()


def test_a_manager_merges_two_likely_duplicates_and_undoes_it(
    tenant: Tenant,
    people: SimpleNamespace,  # noqa: F811
    client_as: SignIn,
) -> None:
    with tenant_scope(tenant.pk):
        names = ("Zonneveld Bakkers B.V.", "Zonneveld Bakker", "Contoso")
        customers = [CustomerFactory(name=name, normalised_name=normalise_name(name)) for name in names]
        index_customers(customer.pk for customer in customers)
    client = client_as(people.manager)
    [pair] = client.get(address("duplicates")).context["pairs"]
    assert (pair.first, pair.second) == (customers[0], customers[1])
    url = f"{address('merge', pair.first.pk)}?with={pair.second.pk}"
    assert client.get(url).status_code == 200
    assert client.post(url, {"kept": str(pair.first.pk)}).url == address("merges")
    with tenant_scope(tenant.pk):
        merge = CustomerMerge.objects.get()
        assert Customer.objects.get(pk=pair.second.pk).merged_into_id == pair.first.pk
    listed = client.get(reverse("directory:customers", args=("acme",))).context["table"].data
    assert [row.name for row in listed] == ["Contoso", "Zonneveld Bakkers B.V."]
    assert client.get(address("duplicates")).context["pairs"] == []
    undo = address("merge_undo", merge.pk)
    assert undo in client.get(address("merges")).content.decode()
    assert client.get(undo).status_code == 200
    assert client.post(undo).url == address("merges")
    with tenant_scope(tenant.pk):
        assert Customer.objects.get(pk=pair.second.pk).merged_into_id is None


def test_an_undo_that_is_refused_half_way_changes_nothing(
    tenant: Tenant,
    people: SimpleNamespace,  # noqa: F811
    client_as: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tenant_scope(tenant.pk):
        kept, merged = CustomerFactory(), CustomerFactory()
        deal = DealFactory(partner=people.partner, customer=merged)
        merge = actions.merge_customers(kept, merged, by=people.admin)
    turn_back = actions._turn

    def refuse_after_the_deals(*turned: Any) -> None:
        turn_back(*turned)
        if Deal.objects.filter(customer=merged).exists():
            raise ActionRefused("One of them is protected.")

    monkeypatch.setattr(actions, "_turn", refuse_after_the_deals)
    answer = client_as(people.admin).post(address("merge_undo", merge.pk), follow=True)
    assert "One of them is protected." in answer.content.decode()
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert deal.customer_id == kept.pk
        assert Customer.objects.get(pk=merged.pk).merged_into_id == kept.pk
