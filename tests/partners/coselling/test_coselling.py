"""Selling a deal together: who is asked, who sees what, and what a share is."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from partners.coselling import actions
from partners.coselling.enums import ShareStatus
from partners.coselling.models import Seat, Share
from partners.coselling.queries import part_of, shared_with
from partners.deals import actions as deals
from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, UserFactory, make_member

SignIn = Callable[[Membership], Client]
SECRET = "Hush-hush notes"


@pytest.fixture
def holder(tenant: Tenant, partner_owner: Membership) -> Membership:
    with tenant_scope(tenant.pk):
        Partner.objects.filter(pk=partner_owner.partner_id).update(name="Holder Ltd")
    return partner_owner


@pytest.fixture
def second(tenant: Tenant) -> Membership:
    """Of the partner that is asked."""
    with tenant_scope(tenant.pk):
        return make_member(
            Role.PARTNER_OWNER,
            partner=PartnerFactory(name="Second Inc"),
            user=UserFactory(email="sue@second.example", name="Sue Second"),
        )


@pytest.fixture
def deal(tenant: Tenant, holder: Membership) -> Deal:
    with tenant_scope(tenant.pk):
        partner = Partner.objects.get(pk=holder.partner_id)
        return DealFactory(
            partner=partner,
            status="",
            origin="imported",
            stage=SalesStage.PROPOSAL,
            title="Big one",
            customer=CustomerFactory(name="Cafe Customer", served_by=partner),
            owner=holder,
            notes=SECRET,
            amount=100_01,
        )


def invited(deal: Deal, by: Membership, percent: int = 30, **whom: object) -> Share:
    with tenant_scope(by.tenant_id, by.partner_id):
        share = actions.invite(deal, percent, by=by, **(whom or {"email": "Sue@second.example"}))
    dispatch_pending(deal.tenant_id)
    return share


def seat_of(share: Share) -> Seat:
    with tenant_scope(share.tenant_id):
        return Seat.objects.select_related("partner").get(share=share)


def joined(deal: Deal, by: Membership, second: Membership, percent: int = 30) -> Share:
    share = invited(deal, by, percent)
    with tenant_scope(deal.tenant_id, second.partner_id):
        return actions.join(share.pk, by=second, seat=Seat.objects.select_related("partner").get())


def test_an_invitation_counts_only_when_it_is_accepted(deal: Deal, holder: Membership, second: Membership):
    share = invited(deal, holder)
    with tenant_scope(deal.tenant_id):
        deal.refresh_from_db()
    assert (share.status, deal.shared_percent) == (ShareStatus.INVITED, 0)
    with tenant_scope(deal.tenant_id, second.partner_id):
        actions.join(share.pk, by=second, seat=Seat.objects.select_related("partner").get())
    with tenant_scope(deal.tenant_id):
        deal.refresh_from_db()
        share.refresh_from_db()
    assert (share.status, share.with_name, deal.shared_percent, share.percent) == (
        ShareStatus.JOINED,
        "Second Inc",
        30,
        30,
    )


def test_before_joining_the_second_partner_sees_who_asks_and_how_much_and_nothing_of_the_customer(
    deal: Deal, holder: Membership, second: Membership, client_as: SignIn
):
    share = invited(deal, holder)
    with tenant_scope(deal.tenant_id, second.partner_id):
        (told,) = shared_with(second)
    assert (told.holder, told.percent, told.is_invited) == ("Holder Ltd", 30, True)
    blank = ("title", "customer", "product", "contact", "stage", "currency", "amount", "part", "next_step")
    assert {name: value for name, value in asdict(told).items() if name in blank and value} == {}
    page = client_as(second).get(f"/acme/shared/seats/{seat_of(share).pk}/").content.decode()
    assert "Holder Ltd" in page and "30%" in page
    assert "Cafe Customer" not in page and "Big one" not in page and "100.01" not in page


def test_after_joining_it_sees_what_co_selling_needs_and_no_more(
    deal: Deal, holder: Membership, second: Membership, client_as: SignIn
):
    share = joined(deal, holder, second)
    client = client_as(second)
    page = client.get(f"/acme/shared/seats/{seat_of(share).pk}/").content.decode()
    assert "Cafe Customer" in page and "Big one" in page and "€30" in page
    assert SECRET not in page and deal.number not in page
    assert client.get(f"/acme/deals/{deal.pk}/").status_code == 404
    assert client.get(f"/acme/api/v1/deals/{deal.pk}/").status_code == 404
    assert "Big one" not in client.get("/acme/deals/").content.decode()
    assert "Big one" not in client.get("/acme/deals/board/").content.decode()
    with tenant_scope(deal.tenant_id, second.partner_id), connection.cursor() as cursor:
        for table in ("deals_deal", "coselling_share", "directory_customer"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table
        cursor.execute("SELECT count(*) FROM directory_partner")
        assert cursor.fetchone() == (1,)


def test_the_holder_learns_a_name_only_by_an_answer(
    deal: Deal, holder: Membership, second: Membership, client_as: SignIn
):
    unknown = invited(deal, holder, 10, email="nobody@nowhere.example")
    known = invited(deal, holder, 10)
    client = client_as(holder)
    page = client.get(f"/acme/deals/{deal.pk}/").content.decode()
    assert "nobody@nowhere.example" in page and "sue@second.example" in page and "Second Inc" not in page
    with tenant_scope(deal.tenant_id, holder.partner_id):
        rows = [
            {name: value for name, value in row.items() if name not in ("id", "created_at", "email", "slice")}
            for row in Share.objects.filter(pk__in=[unknown.pk, known.pk]).values()
        ]
        assert rows[0] == rows[1]
        assert Seat.objects.count() == 0
        assert set(Event.objects.values_list("type", flat=True)) == {"deal.share_offered"}
    with tenant_scope(deal.tenant_id, second.partner_id):
        actions.join(known.pk, by=second, seat=Seat.objects.select_related("partner").get())
    page = client.get(f"/acme/deals/{deal.pk}/").content.decode()
    assert "Second Inc" in page and "Sue Second" not in page


def test_neither_side_s_events_carry_the_other_s_people(deal: Deal, holder: Membership, second: Membership):
    joined(deal, holder, second)
    for member, other in ((holder, second), (second, holder)):
        with tenant_scope(deal.tenant_id, member.partner_id):
            assert not Event.objects.filter(actor_id=other.pk).exists()


def test_each_side_talks_with_the_vendor_alone(
    deal: Deal, holder: Membership, second: Membership, manager: Membership, client_as: SignIn
):
    share = joined(deal, holder, second)
    seat = seat_of(share)
    client_as(second).post(f"/acme/discussion/coselling.seat/{seat.pk}/", {"text": "From the second"})
    client_as(holder).post(f"/acme/discussion/deals.deal/{deal.pk}/", {"text": "From the holder"})
    at_seat = client_as(second).get(f"/acme/shared/seats/{seat.pk}/").content.decode()
    at_deal = client_as(holder).get(f"/acme/deals/{deal.pk}/").content.decode()
    assert "From the second" in at_seat and "From the holder" not in at_seat
    assert "From the holder" in at_deal and "From the second" not in at_deal
    assert "From the second" in client_as(manager).get(f"/acme/shared/seats/{seat.pk}/").content.decode()
    assert client_as(holder).get(f"/acme/shared/seats/{seat.pk}/").status_code == 404


def test_shares_never_come_to_more_than_a_hundred(deal: Deal, holder: Membership, manager: Membership):
    invited(deal, holder, 60)
    with pytest.raises(ActionRefused) as refusal:
        invited(deal, holder, 40, colleague=manager)
    assert refusal.value.field == "percent"
    invited(deal, holder, 39, colleague=manager)
    with tenant_scope(deal.tenant_id), pytest.raises(IntegrityError), transaction.atomic():
        Share.objects.create(
            deal=deal,
            partner=deal.partner,
            email="z@z.example",
            slice=NumericRange(50, 60),
            invited_by=holder,
        )
    for bounds in ((0, 1), (1, 101), (5, 5)):
        with tenant_scope(deal.tenant_id), pytest.raises(IntegrityError), transaction.atomic():
            Share.objects.create(
                deal=DealFactory(),
                partner=deal.partner,
                email="z@z.example",
                slice=NumericRange(*bounds),
                invited_by=holder,
            )


@given(amount=st.integers(0, 10**14), cuts=st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))
def test_parts_add_up_to_the_amount(amount: int, cuts: list[int]):
    bounds = [0, *sorted(cuts), 100]
    parts = [part_of(amount, _Slice(NumericRange(low, high))) for low, high in pairwise(bounds)]
    assert sum(parts) == amount
    assert min(parts) >= 0


class _Slice:
    def __init__(self, slice_: NumericRange):
        self.slice = slice_


def test_ending_one_share_makes_room_again(deal: Deal, holder: Membership, manager: Membership):
    first = invited(deal, holder, 50)
    second = invited(deal, holder, 20, colleague=manager)
    with tenant_scope(deal.tenant_id, holder.partner_id):
        actions.end(first, by=holder)
        second.refresh_from_db()
        assert (second.slice.lower, second.slice.upper) == (80, 100)
    assert invited(deal, holder, 79).percent == 79


def test_a_vendor_s_colleague_joins(deal: Deal, holder: Membership, manager: Membership, client_as: SignIn):
    share = invited(deal, holder, 15, colleague=manager)
    client = client_as(manager)
    assert "15%" in client.get("/acme/shared/").content.decode()
    client.post(f"/acme/shared/shares/{share.pk}/answer/", {"verb": "join"})
    with tenant_scope(deal.tenant_id):
        deal.refresh_from_db()
    assert deal.shared_percent == 15
    assert manager.name in client_as(holder).get(f"/acme/deals/{deal.pk}/").content.decode()


def test_nobody_answers_for_another(
    deal: Deal,
    holder: Membership,
    second: Membership,
    manager: Membership,
    admin: Membership,
    client_as: SignIn,
):
    share = invited(deal, holder)
    seat = seat_of(share)
    for stranger in (holder, manager):
        with tenant_scope(deal.tenant_id), pytest.raises(PermissionDenied):
            actions.join(share.pk, by=stranger, seat=seat)
    for_manager = invited(deal, holder, 10, colleague=manager)
    with tenant_scope(deal.tenant_id), pytest.raises(PermissionDenied):
        actions.join(for_manager.pk, by=admin)
    assert client_as(admin).post(f"/acme/shared/seats/{seat.pk}/answer/").status_code == 403


def test_pages_invite_join_and_leave(deal: Deal, holder: Membership, second: Membership, client_as: SignIn):
    form = {"email": "sue@second.example", "percent": "30", "note": "You know them well"}
    assert client_as(holder).post(f"/acme/shared/deals/{deal.pk}/", form).status_code == 302
    dispatch_pending(deal.tenant_id)
    client = client_as(second)
    with tenant_scope(deal.tenant_id):
        seat = Seat.objects.get()
    address = f"/acme/shared/seats/{seat.pk}/"
    assert "You know them well" in client.get(address).content.decode()
    client.post(f"{address}answer/", {"verb": "join"})
    assert "Cafe Customer" in client.get(address).content.decode()
    client.post(f"{address}answer/", {"verb": "leave"})
    assert "Cafe Customer" not in client.get(address).content.decode()
    with tenant_scope(deal.tenant_id):
        deal.refresh_from_db()
    assert deal.shared_percent == 0


@pytest.mark.parametrize(
    "form",
    [
        {"percent": "30"},
        {"percent": "0", "email": "a@b.example"},
        {"percent": "100", "email": "a@b.example"},
        {"percent": "30", "email": "own@holder.example"},
    ],
)
def test_a_wrong_invitation_is_explained_beside_the_field(
    deal: Deal, holder: Membership, client_as: SignIn, form: dict[str, str]
):
    with tenant_scope(deal.tenant_id):
        make_member(
            Role.PARTNER_MEMBER,
            partner=Partner.objects.get(pk=holder.partner_id),
            user=UserFactory(email="own@holder.example"),
        )
    answer = client_as(holder).post(f"/acme/shared/deals/{deal.pk}/", form)
    assert answer.status_code == 422


def test_a_closed_deal_s_shares_stay(deal: Deal, holder: Membership, second: Membership):
    share = joined(deal, holder, second)
    with tenant_scope(deal.tenant_id, holder.partner_id):
        deals.win(deal, by=holder, revenue=100_01, won_on=date(2026, 11, 1))
    with tenant_scope(deal.tenant_id, second.partner_id):
        (told,) = shared_with(second)
        with pytest.raises(ActionRefused):
            actions.leave(seat_of(share), by=second)
    assert (told.part, told.amount) == (30_00, 100_01)


def test_a_draft_is_not_shared(deal: Deal, holder: Membership):
    with tenant_scope(deal.tenant_id):
        Deal.objects.filter(pk=deal.pk).update(status=RegistrationStatus.DRAFT, origin="registered")
    with pytest.raises(ActionRefused):
        invited(deal, holder)


def test_a_partner_cannot_take_a_seat_by_itself(deal: Deal, holder: Membership, second: Membership):
    share = invited(deal, holder, 10, email="nobody@nowhere.example")
    with tenant_scope(deal.tenant_id, second.partner_id), pytest.raises(DatabaseError), transaction.atomic():
        Seat.objects.create(share_id=share.pk, deal_id=deal.pk, partner_id=second.partner_id)
