"""What people enter around the figures of a company that has become part of another."""

import datetime as dt
from collections.abc import Callable

import pytest
from django import forms
from django.test import Client

from metrics import actions
from metrics.costs.forms import CostForm
from metrics.costs.models import Cost
from metrics.models import Scorecard
from metrics.periods import Window, calendar_of
from metrics.readings.forms import ReadingForm
from metrics.readings.models import Reading
from metrics.reviews.agenda import prepared
from metrics.reviews.forms import GoalForm, ReviewForm
from metrics.reviews.models import Review, ReviewAction
from metrics.sources.reading import contributions, read_facts
from partners.directory.merging.actions import merge_partners
from partners.directory.models import Partner
from partners.surveys.queries import known_partners
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CostFactory, MetricDefinitionFactory, PartnerFactory, ReadingFactory
from tests.importing import Importer
from tests.metrics.test_imports import COSTS, RATES
from tests.metrics.test_recompute import snapshot

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)
NOVEMBER = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))


@pytest.fixture
def pair(tenant: Tenant) -> tuple[Partner, Partner]:
    with tenant_scope(tenant.pk):
        return PartnerFactory(name="Alpha"), PartnerFactory(name="Beta")


def test_readings_of_one_day_are_both_added_and_the_last_is_that_of_who_stands(
    scoped: Tenant, admin: Membership, pair: tuple[Partner, Partner]
) -> None:
    merged, kept = pair
    total, mean, last = (
        MetricDefinitionFactory(code=kind, combination=kind) for kind in ("sum", "mean", "last")
    )
    for value, partner in ((5, merged), (7, kept)):
        for definition in (total, mean, last):
            ReadingFactory(definition=definition, partner=partner, value=value)
    ReadingFactory(definition=last, partner=merged, day=dt.date(2026, 11, 3), value=1)
    merge_partners(merged, kept, by=admin, reason="Bought")
    assert Reading.objects.filter(partner=merged).count() == 3
    calendar = calendar_of(scoped)
    # The old company is one that was there, and nothing more.
    frame = read_facts([NOVEMBER], calendar, TODAY).filter(partner_id=str(kept.pk))
    assert read_facts([NOVEMBER], calendar, TODAY, [kept.pk]).select(frame.columns).rows() == frame.rows()
    ((who, *found),) = frame.select(
        "partner_id", "sum_total", "mean_total", "mean_readings", "last_total", "last_readings"
    ).rows()
    assert (who, found) == (str(kept.pk), [12, 12, 2, 7, 1])
    records = contributions("readings", NOVEMBER, calendar, TODAY, kept.pk)
    assert (records["sum_total"].sum(), records["last_total"].sum()) == (12, 7)
    # A later reading of the old company is the last one there is.
    ReadingFactory(definition=last, partner=merged, day=dt.date(2026, 11, 6), value=9)
    assert read_facts([NOVEMBER], calendar, TODAY, [kept.pk])["last_total"].to_list() == [9]


def test_what_comes_in_the_old_name_is_worked_out_for_who_stands(
    scoped: Tenant, admin: Membership, pair: tuple[Partner, Partner]
) -> None:
    merged, kept = pair
    CostFactory(partner=merged, amount=10_00)
    actions.recompute_everything(TODAY)
    merge_partners(merged, kept, by=admin, reason="Bought")
    assert Cost.objects.get().partner_id == kept.pk
    actions.recompute_everything(TODAY)
    said = snapshot()
    CostFactory(partner=merged, amount=3_00, spent_on=dt.date(2025, 6, 1))
    actions.mark_dirty([(merged.pk, actions.ALWAYS), (kept.pk, TODAY)])
    assert actions.recompute_dirty(TODAY).partners == 1
    cards = Scorecard.objects.filter(period_kind="year", period_start=dt.date(2025, 1, 1))
    assert cards.get(partner=kept).facts["programme_cost"] == 3_00
    assert cards.get(subject_kind="programme").facts["programme_cost"] == 3_00
    incremental = snapshot()
    assert incremental != said
    assert {key: row for key, row in said.items() if key[1] == str(merged.pk)} == {
        key: row for key, row in incremental.items() if key[1] == str(merged.pk)
    }
    actions.recompute_everything(TODAY)
    assert snapshot() == incremental


def test_new_costs_and_readings_are_of_companies_that_stand(
    tenant: Tenant,
    admin: Membership,
    pair: tuple[Partner, Partner],
    client_as: Callable[[Membership], Client],
) -> None:
    merged, kept = pair
    with tenant_scope(tenant.pk):
        merge_partners(merged, kept, by=admin, reason="Bought")
        definition = MetricDefinitionFactory()
        reading, cost = ReadingFactory(definition=definition, partner=merged), CostFactory(partner=merged)
        new: list[forms.Form] = [CostForm(by=admin), ReadingForm(by=admin, definition=definition)]
        new += [GoalForm(by=admin), ReviewForm(by=admin)]
        assert [list(form.fields["partner"].queryset) for form in new] == [[kept]] * 4
        # Who corrects what stayed in the old name does not lose whose it is.
        old = [CostForm(by=admin, cost=cost), ReadingForm(by=admin, definition=definition, reading=reading)]
        assert [list(form.fields["partner"].queryset) for form in old] == [[merged, kept], [merged, kept]]
    client = client_as(admin)
    about = {"spent_on": "2026-11-02", "category": "tools", "amount": 100}
    answers = {
        partner.pk: client.post(
            "/acme/api/v1/costs/", {**about, "partner": str(partner.pk)}, content_type="application/json"
        ).status_code
        for partner in pair
    }
    assert answers == {merged.pk: 400, kept.pk: 201}


def test_a_file_that_names_the_old_company_means_who_stands(
    scoped: Tenant, admin: Membership, pair: tuple[Partner, Partner], importer: Importer
) -> None:
    merged, kept = pair
    Partner.objects.filter(pk=merged.pk).update(number="P-OLD")
    merge_partners(merged, kept, by=admin, reason="Bought")
    importer.run("costs", COSTS.replace("Alpha", "alpha") + "3,2026-11-04,tools,1,EUR,P-OLD,\n", rates=RATES)
    of = dict(Cost.objects.values_list("external_id", "partner_id"))
    assert of == {"1": None, "2": kept.pk, "3": kept.pk}
    # A file of partners still finds each by its own name, and leaves the old company as it is.
    run = importer.run("partners", "name,status,region\nAlpha,Active,North\nBeta,Active,South\n")
    assert run.result == {"created": 0, "changed": 1, "skipped": 0, "refused": 1}
    assert set(Partner.objects.values_list("name", "status", "region")) == {
        ("Alpha", "terminated", "EMEA"),
        ("Beta", "active", "South"),
    }
    assert known_partners(["p-old", "beta"]) == {"p-old": kept, "beta": kept}


def test_a_file_changes_the_company_that_stands_where_both_have_one_name(
    scoped: Tenant, admin: Membership, pair: tuple[Partner, Partner], importer: Importer
) -> None:
    merged, kept = pair
    Partner.objects.update(name="Acme")
    merge_partners(merged, kept, by=admin, reason="Two records of one company")
    run = importer.run("partners", "name,region\nAcme,South\n")
    assert run.result == {"created": 0, "changed": 1, "skipped": 0, "refused": 0}
    assert dict(Partner.objects.values_list("pk", "region")) == {merged.pk: "EMEA", kept.pk: "South"}


def test_promises_to_the_old_company_are_on_the_next_agenda(
    scoped: Tenant, admin: Membership, pair: tuple[Partner, Partner]
) -> None:
    merged, kept = pair
    period = calendar_of(scoped).current("quarter", TODAY)
    review = Review.objects.create(
        partner=merged, period_start=period.previous().start, planned_on=TODAY, prepared_by=admin
    )
    ReviewAction.objects.create(review=review, text="Send the price list", owner=admin, due_on=TODAY)
    assert "price list" not in str(prepared(kept, period))
    merge_partners(merged, kept, by=admin, reason="Bought")
    assert "price list" in str(prepared(kept, period))
