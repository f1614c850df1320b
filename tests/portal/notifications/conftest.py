"""A programme with a partner whose people are told things, and news that a test makes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import EventDraft, record_many
from portal.shell import notices
from portal.shell.notices import Notice, notifies
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member


@dataclass
class News:
    """Events of a kind that only tests know: `happen()` records some and dispatches them."""

    tenant: Tenant
    partner: Partner
    members: set[UUID] = field(default_factory=set)

    def happen(self, *names: str, by: Membership | None = None, partner: Partner | None = None) -> None:
        about = partner or self.partner
        with tenant_scope(self.tenant.pk):
            record_many(EventDraft("test.happened", about, by, about.pk, {"name": name}) for name in names)
        dispatch_pending(self.tenant.pk)

    def tell(self, events: list[Event]) -> Iterable[Notice]:
        for event in events:
            yield Notice(event, self.members, {"name": event.data["name"]}, "deals:list")


@pytest.fixture
def company(tenant: Tenant) -> Partner:
    with tenant_scope(tenant.pk):
        return PartnerFactory(name="Ours")


@pytest.fixture
def seller(tenant: Tenant, company: Partner) -> Membership:
    """Is told the news of the partner."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_MEMBER, partner=company)


@pytest.fixture
def news(
    tenant: Tenant, company: Partner, seller: Membership, monkeypatch: pytest.MonkeyPatch
) -> Iterator[News]:
    monkeypatch.setattr(notices, "_kinds", dict(notices._kinds))
    found = News(tenant, company, {seller.pk})
    notifies(
        "test.news",
        "News of tests",
        group="Tests",
        events=("test.happened",),
        tell=found.tell,
        text=lambda words: f"{words['name']} has happened",
        many=lambda count: f"{count} things have happened",
        many_url="deals:list",
    )
    yield found
