"""The check of the ledger: silent where all adds up, loud about a cent; and what the database refuses by itself."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client

from incentives.ledger.models import LedgerEntry
from incentives.statements.audit import audit, findings_of, last_audit, start_audit, unguarded
from incentives.statements.models import Statement
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.runner import do_chunk, run_inline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.incentives.statements.test_closing import close

Earn = Callable[..., Deal]
As = Callable[[Membership], Client]


def unsaved(entry: LedgerEntry, *, found: int | None = None, **changes: object) -> LedgerEntry:
    """A posting after another one, which says that it found so much; the other's amount if not given."""
    values = {
        field.attname: getattr(entry, field.attname)
        for field in LedgerEntry._meta.concrete_fields
        if not field.generated and field.name != "id"
    }
    before = {"before_posting": entry.amount if found is None else found}
    values |= {"sequence": entry.sequence + 1, "explanation": entry.explanation | before} | changes
    return LedgerEntry(**values)


def forged(entry: LedgerEntry, **changes: object) -> LedgerEntry:
    """As a bug or a hand in the database could make it."""
    row = unsaved(entry, **changes)
    row.save(force_insert=True)
    return row


def all_partners() -> list[object]:
    return list(Partner.objects.values_list("pk", flat=True))


@pytest.mark.usefixtures("scoped")
class TestTheCheck:
    def test_finds_nothing_where_everything_adds_up(
        self, people: SimpleNamespace, earn: Earn, django_assert_max_num_queries: Callable
    ) -> None:
        earn(people.alpha, 100_05)
        close(people)
        assert audit(all_partners()) == []
        with django_assert_max_num_queries(14):
            audit([people.alpha.pk])
        earn(people.alpha, 33_33, dt.date(2026, 5, 2))
        earn(people.beta, 50_00)
        earn(people.beta, 70_00)
        with django_assert_max_num_queries(14):
            assert audit(all_partners()) == []

    def test_names_the_entry_that_comes_to_other_cents(self, people: SimpleNamespace, earn: Earn) -> None:
        deal = earn(people.alpha, 100_00)
        entry = LedgerEntry.objects.get(deal=deal)
        wrong = forged(entry, amount=1, explanation=entry.explanation | {"before_posting": 10_00})
        (found,) = audit([people.alpha.pk])
        assert (found.kind, found.id, found.stands, found.expected) == ("entry", str(wrong.pk), 1, 0)

    def test_sees_a_posting_that_says_it_found_something_else(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        """Which the database refuses, where nobody has taken its guard away."""
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
        with connection.cursor() as cursor:
            cursor.execute("DROP POLICY incentives_ledgerentry_follows ON incentives_ledgerentry")
        forged(entry, amount=-10_00, explanation={"taken_back": True, "before_posting": 25_00})
        (found,) = audit([people.alpha.pk])
        assert found.kind == "entry"

    def test_names_a_statement_that_is_not_the_sum_of_its_entries(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        earn(people.alpha, 100_00)
        closing = close(people)
        more = Statement.objects.get()
        Statement.objects.create(
            closing=closing,
            partner=people.beta,
            currency="EUR",
            entries=0,
            opening=3_00,
            earned=7_00,
            withheld=0,
            payable=10_00,
            carried=0,
        )
        found = audit(all_partners())
        assert sorted((row.kind, row.stands, row.expected) for row in found) == [
            ("carried", 3_00, 0),
            ("statement", 7_00, 0),
        ]
        assert str(more.pk) not in {row.id for row in found}

    def test_says_in_the_end_what_it_checked(self, people: SimpleNamespace, earn: Earn) -> None:
        earn(people.alpha, 100_00)
        earn(people.beta, 50_00)
        job = start_audit(by=people.admin, send=False)
        while not job.has_ended:
            do_chunk(job.tenant_id, job.pk)
            job.refresh_from_db()
        assert job.result == {"entries": 2, "findings": 0}
        assert (last_audit(), findings_of(job)) == (job, [])


@pytest.mark.usefixtures("scoped")
class TestWhatTheDatabaseHolds:
    def test_no_posting_takes_back_more_than_was_posted(self, people: SimpleNamespace, earn: Earn) -> None:
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
        with pytest.raises(IntegrityError, match="incentives_ledgerentry_balance"), transaction.atomic():
            forged(entry, amount=-10_01, explanation={"taken_back": True, "before_posting": 10_00})
        with pytest.raises(IntegrityError, match="incentives_ledgerentry_balance"), transaction.atomic():
            forged(entry, occurred_on=dt.date(2026, 4, 3), amount=-1, sequence=1, explanation={})

    def test_two_postings_are_never_the_same_version(self, people: SimpleNamespace, earn: Earn) -> None:
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
        with pytest.raises(IntegrityError, match="incentives_ledgerentry_once"), transaction.atomic():
            forged(entry, sequence=1, explanation={})
        with pytest.raises(ProgrammingError, match="incentives_ledgerentry_follows"), transaction.atomic():
            forged(entry, sequence=0)

    def test_a_posting_follows_the_last_one_and_says_what_it_found(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
        lies = [
            # A gap, another sum than what stands, nothing said of it, and a first posting that says it found something.
            {"sequence": 3, "explanation": {"before_posting": 10_00}},
            {"explanation": {"before_posting": 10_01}},
            {"explanation": {}},
            {"sequence": 1, "occurred_on": dt.date(2026, 4, 3), "explanation": {"before_posting": 10_00}},
        ]
        for lie in lies:
            with (
                pytest.raises(ProgrammingError, match="incentives_ledgerentry_follows"),
                transaction.atomic(),
            ):
                forged(entry, amount=1, **lie)
        assert LedgerEntry.objects.count() == 1
        second = forged(entry, amount=-4_00, explanation={"before_posting": 10_00})
        forged(second, amount=1, explanation={"before_posting": 6_00})
        assert list(LedgerEntry.objects.order_by("sequence").values_list("amount", flat=True)) == [
            10_00,
            -4_00,
            1,
        ]

    def test_one_statement_that_posts_twice_to_the_same_is_held_to_it(
        self, people: SimpleNamespace, earn: Earn
    ) -> None:
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))

        def rows(found: int) -> list[LedgerEntry]:
            return [unsaved(entry, amount=-1, sequence=2), unsaved(entry, amount=-1, sequence=3, found=found)]

        with pytest.raises(ProgrammingError, match="incentives_ledgerentry_follows"), transaction.atomic():
            LedgerEntry.objects.bulk_create(rows(10_00))
        assert len(LedgerEntry.objects.bulk_create(rows(9_99))) == 2

    @pytest.mark.parametrize("verb", ["TRUNCATE", "DELETE FROM", "UPDATE"])
    def test_a_partners_session_takes_nothing_away(
        self, people: SimpleNamespace, tenant: Tenant, verb: str
    ) -> None:
        with (
            tenant_scope(tenant.pk, people.alpha.pk),
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"{verb} incentives_ledgerentry{' SET amount = 1' if verb == 'UPDATE' else ''}")

    def test_the_applications_role_may_neither_change_nor_delete(self, people: SimpleNamespace) -> None:
        """It owns the tables of a throw-away database, as whose owner it may empty them; see the test below."""
        assert unguarded() == ["TRUNCATE"]


def test_on_the_owners_tables_the_application_is_granted_no_truncate() -> None:
    """What `prepare_database` grants on whatever the owner creates, in the database that it prepared."""
    with psycopg.connect(settings.DATABASE_URL) as prepared:
        rows = prepared.execute(
            "SELECT grantee::regrole::text, array_agg(privilege_type ORDER BY privilege_type)"
            " FROM pg_default_acl, aclexplode(defaclacl) WHERE defaclobjtype = 'r' GROUP BY 1"
        ).fetchall()
    assert rows == [("portal_app", ["DELETE", "INSERT", "SELECT", "UPDATE"])]


def test_the_command_says_what_it_found(people: SimpleNamespace, earn: Earn, tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
    out = StringIO()
    call_command("verify_ledger", tenant="acme", stdout=out, stderr=StringIO())
    assert out.getvalue() == "acme: 1 entries (€10), 0 findings\n"
    with tenant_scope(tenant.pk):
        forged(entry, amount=1, explanation=entry.explanation | {"before_posting": 10_00})
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_ledger", stdout=out, stderr=StringIO())
    assert "An entry comes to another amount when it is computed again. Alpha" in out.getvalue()
    with pytest.raises(CommandError, match="no tenant 'nobody'"):
        call_command("verify_ledger", tenant="nobody")


def test_the_page_starts_a_check_and_shows_what_it_found(
    people: SimpleNamespace, earn: Earn, tenant: Tenant, client_as: As
) -> None:
    address = "/acme/payouts/check/"
    admin = client_as(people.admin)
    assert "Not checked yet" in admin.get(address).content.decode()
    assert client_as(people.manager).get(address).status_code == 403
    with tenant_scope(tenant.pk):
        entry = LedgerEntry.objects.get(deal=earn(people.alpha, 100_00))
        forged(entry, amount=1, explanation=entry.explanation | {"before_posting": 10_00})
    for _click in range(2):
        assert admin.post(address).status_code == 302
    with tenant_scope(tenant.pk):
        job = last_audit()
    assert job is not None
    if not job.has_ended:
        run_inline(job)
    page = admin.get(address).content.decode()
    assert "1 thing does not add up." in page
    assert "Alpha · " in page
