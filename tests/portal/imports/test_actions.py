"""All or nothing, interrupted imports, memory and refusals."""

from threading import Thread

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from partners.deals.models import Deal
from partners.directory.models import Customer, Partner, Product
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.imports import actions, handlers, parts
from portal.imports.columns import Answer
from portal.imports.enums import Decision, RunState
from portal.imports.models import ImportFile, ImportPart, ImportRun
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import do_chunk, restart_stale, run_inline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.tenancy.sequences import SetAside, next_number
from tests.factories import PartnerFactory, ProductFactory, make_member
from tests.importing import Importer

pytestmark = pytest.mark.django_db

CUSTOMERS = "name,employees\n" + "".join(f"Customer {n},{n}\n" for n in range(25))
BROKEN = "name,employees\nGood,1\nBad,many\n"


class Killed(Exception):
    """What a SIGKILL looks like to the database: the transaction is gone."""


def test_good_rows_go_in_and_refused_rows_stay_out(importer: Importer) -> None:
    run = importer.run("customers", BROKEN)
    assert run.result == {"created": 1, "changed": 0, "skipped": 0, "refused": 1}
    assert Customer.objects.get().name == "Good"


def test_all_or_nothing_writes_nothing_while_a_row_is_refused(importer: Importer) -> None:
    run = importer.check("customers", BROKEN)
    with pytest.raises(ActionRefused, match="1 rows are refused"):
        actions.commit_run(run, by=importer.by, all_or_nothing=True)
    assert not Customer.objects.exists()
    assert ImportRun.objects.get().state == RunState.CHECKED


def test_all_or_nothing_is_one_transaction(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    run = importer.check("customers", CUSTOMERS)
    commit_part = handlers.commit_part

    def die_in_the_third(run: ImportRun, job: Job, position: int, numbers: SetAside) -> object:
        if position == 2:
            raise Killed
        return commit_part(run, job, position, numbers)

    monkeypatch.setattr(handlers, "commit_part", die_in_the_third)
    run = importer.commit(run, all_or_nothing=True)
    assert run.job.state == JobState.FAILED
    assert not Customer.objects.exists()

    monkeypatch.setattr(handlers, "commit_part", commit_part)
    run = importer.commit(actions.check_again(run, by=importer.by), all_or_nothing=True)
    assert run.result["created"] == 25


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_of_all_or_nothing_when_the_last_row_fails(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product of the last row is deleted after the check; a partner and a customer would have been made."""
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    rows = "id,partner,account,product,stage\n" + "".join(
        f"A{n},New One,Buyer,Kept,Open\n" for n in range(24)
    )
    make = {name: {"*": Answer(Decision.CREATE)} for name in ("partner", "customer")}
    with tenant_scope(tenant.pk):
        importer = Importer(make_member(Role.ADMIN))
        ProductFactory(name="Kept")
        gone = ProductFactory(name="Gone")
        run = importer.check("deals", rows + "A24,New One,Buyer,Gone,Open\n", answers=make)
        assert run.counts["create"] == 25
        run = actions.commit_run(run, by=importer.by, all_or_nothing=True, inline=True)
    with tenant_scope(tenant.pk):
        Product.objects.filter(pk=gone.pk).delete()

    job = run_inline(run.job)

    with tenant_scope(tenant.pk):
        assert (job.state, "ForeignKeyViolation" in job.error or "foreign key" in job.error) == (
            "failed",
            True,
        )
        assert not Deal.objects.exists()
        assert not Partner.objects.exists()
        assert not Customer.objects.exists()
        assert not Event.objects.filter(type__in=["deals.imported", "partner.imported"]).exists()
        # It can be checked again, and then the row is refused before anything is written.
        run = actions.check_again(ImportRun.objects.get(pk=run.pk), by=importer.by)
        assert run.counts == {"create": 24, "change": 0, "skip": 0, "refuse": 1}


@pytest.mark.django_db(transaction=True)
def test_a_long_import_does_not_hold_the_numbers(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else gets the next number while the import's transaction is open, and none comes twice."""
    with tenant_scope(tenant.pk):
        importer = Importer(make_member(Role.ADMIN))
        run = importer.check("customers", CUSTOMERS)
        run = actions.commit_run(run, by=importer.by, all_or_nothing=True, inline=True)
    taken: list[str] = []
    commit_part = handlers.commit_part

    def take_one_meanwhile(run: ImportRun, job: Job, position: int, numbers: SetAside) -> object:
        outcome = commit_part(run, job, position, numbers)
        if not taken:
            thread = Thread(target=another_connection)
            thread.start()
            thread.join(10)
        return outcome

    def another_connection() -> None:
        try:
            with tenant_scope(tenant.pk), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                taken.append(next_number("C"))
        finally:
            connection.close()

    monkeypatch.setattr(handlers, "commit_part", take_one_meanwhile)
    assert run_inline(run.job).state == JobState.DONE

    assert taken == ["C-00026"]
    with tenant_scope(tenant.pk):
        numbers = sorted(Customer.objects.values_list("number", flat=True))
    assert numbers == [f"C-{n:05d}" for n in range(1, 26)]


def test_all_or_nothing_has_a_limit_that_says_what_to_do(importer: Importer, settings: object) -> None:
    settings.IMPORT_ALL_OR_NOTHING_ROWS = 24
    run = importer.check("customers", CUSTOMERS)
    with pytest.raises(ActionRefused, match="possible up to 24 rows; this file has 25 to write"):
        actions.commit_run(run, by=importer.by, all_or_nothing=True)
    assert importer.commit(run).result["created"] == 25


def test_a_killed_worker_goes_on_where_it_was(
    importer: Importer, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, time_machine: object
) -> None:
    """The worker dies in the second of three parts, after its rows were written and before they were
    committed. The first part's message comes a second time as well."""
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    run = actions.commit_run(importer.check("customers", CUSTOMERS), by=importer.by, inline=True)
    assert do_chunk(tenant.pk, run.job_id) is True  # the numbers
    assert do_chunk(tenant.pk, run.job_id) is True
    assert Customer.objects.count() == 10

    advance = handlers.advance
    monkeypatch.setattr(
        handlers, "advance", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt())
    )
    with pytest.raises(KeyboardInterrupt):
        do_chunk(tenant.pk, run.job_id)
    assert Customer.objects.count() == 10
    job = Job.objects.get(pk=run.job_id)
    assert (job.cursor["part"], job.done, job.state) == (1, 10, JobState.RUNNING)

    monkeypatch.setattr(handlers, "advance", advance)
    while do_chunk(tenant.pk, run.job_id):
        pass
    assert do_chunk(tenant.pk, run.job_id) is False
    run.refresh_from_db()
    assert run.result == {"created": 25, "changed": 0, "skipped": 0, "refused": 0}
    assert Customer.objects.count() == Customer.objects.values("number").distinct().count() == 25
    assert sum(e.data["count"] for e in Event.objects.filter(type="customer.imported")) == 25
    assert restart_stale(tenant.pk) == 0


def test_rows_that_another_import_wrote_meanwhile_are_not_doubled(importer: Importer) -> None:
    PartnerFactory(name="One")
    rows = "id,partner,stage,title\nA1,One,Engaging,first\nA2,One,Engaging,first\n"
    waiting = importer.check("deals", rows.replace("first", "second"))
    importer.run("deals", rows.replace("A2,One,Engaging,first\n", ""))
    run = importer.commit(waiting)
    assert run.result == {"created": 1, "changed": 1, "skipped": 0, "refused": 0}
    assert set(Deal.objects.values_list("external_id", "title")) == {("A1", "second"), ("A2", "second")}


def test_a_name_that_appears_between_check_and_commit_is_not_made_twice(importer: Importer) -> None:
    rows = "name,series\nGTX Pro,GTX\n"
    waiting = importer.check("products", rows)
    importer.run("products", "name,series\nOther,GTX\n")
    run = importer.commit(waiting)
    assert run.job.state == JobState.FAILED
    assert "“GTX” was added to the portal after this file was checked." in run.job.error
    run = importer.commit(actions.check_again(run, by=importer.by))
    assert run.result["created"] == 1


def test_columns_are_remembered_for_the_next_file(importer: Importer) -> None:
    strange = "Firma,Kopf\nA,5\n"
    run = importer.check("customers", strange, mapping={"name": 0, "employees": 1})
    assert run.counts["create"] == 1
    again = actions.start_run(by=importer.by, target="customers", file_name="x.csv", content=strange.encode())
    assert again.options["mapping"] == {"name": 0, "employees": 1}


def test_a_column_that_must_be_there_is_asked_for(importer: Importer) -> None:
    with pytest.raises(ActionRefused, match="Choose the column that holds “Name”"):
        importer.check("customers", CUSTOMERS, mapping={"employees": 1})
    with pytest.raises(ActionRefused, match="hold these: “Name”, “Family”"):
        importer.check("products", CUSTOMERS, mapping={})
    with pytest.raises(ActionRefused, match="One column cannot be two things"):
        importer.check("customers", CUSTOMERS, mapping={"name": 0, "employees": 0})


def test_a_large_file_is_checked_by_a_worker(importer: Importer, tenant: Tenant, settings: object) -> None:
    settings.IMPORT_INLINE_ROWS = 10
    run = actions.start_run(by=importer.by, target="customers", file_name="x.csv", content=CUSTOMERS.encode())
    run = actions.map_columns(run, by=importer.by, mapping=run.options["mapping"])
    assert (run.state, run.job.kind) == (RunState.CHECKING, "imports.check")
    with pytest.raises(ActionRefused, match="This import is now"):
        actions.commit_run(run, by=importer.by)
    assert do_chunk(tenant.pk, run.job_id) is False
    run.refresh_from_db()
    assert (run.state, run.counts["create"]) == (RunState.CHECKED, 25)


def test_giving_up_deletes_the_file(importer: Importer) -> None:
    run = importer.check("customers", CUSTOMERS)
    actions.discard_run(run, by=importer.by)
    assert (ImportFile.objects.count(), ImportPart.objects.count()) == (0, 0)
    with pytest.raises(ActionRefused):
        actions.commit_run(run, by=importer.by)


def test_only_admins_import(importer: Importer, manager: Membership) -> None:
    run = importer.check("customers", CUSTOMERS)
    with pytest.raises(PermissionDenied):
        actions.start_run(by=manager, target="customers", file_name="x.csv", content=b"name\nA\n")
    with pytest.raises(PermissionDenied):
        actions.commit_run(run, by=manager)
    assert not Customer.objects.exists()


def test_another_tenant_sees_neither_files_nor_rows_nor_memory(
    importer: Importer, other_tenant: Tenant
) -> None:
    importer.check("customers", CUSTOMERS)
    with tenant_scope(other_tenant.pk):
        assert not ImportRun.objects.exists()
        assert not ImportFile.objects.exists()
        assert not ImportPart.objects.exists()
