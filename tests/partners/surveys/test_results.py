"""Results against examples worked by hand."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.directory.enums import PartnerType
from partners.surveys import actions
from partners.surveys.models import Survey, SurveyAnswer, SurveyResponse
from partners.surveys.results import Narrowed, figures, results, split, trend
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory
from tests.partners.surveys.builders import a_survey, answered

pytestmark = pytest.mark.usefixtures("scoped")


def many(survey: Survey, key: str, numbers: dict[int, int], high: int) -> None:
    """So many answers of each number, written at once."""
    version, low = survey.versions.get(), 0 if high == 10 else 1
    day = dt.date(2026, 2, 3)
    rows = [
        SurveyResponse(survey=survey, version=version, answered_on=day, wave=dt.date(2026, 1, 1))
        for _number in range(sum(numbers.values()))
    ]
    SurveyResponse.objects.bulk_create(rows)
    given = [number for number, times in numbers.items() for _time in range(times)]
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(response=row, key=key, number=number, low=low, high=high)
        for row, number in zip(rows, given, strict=True)
    )


def test_60_promoters_20_passives_and_20_detractors_are_40(admin: Membership) -> None:
    survey = a_survey(admin, "nps")
    many(survey, "q1", {10: 35, 9: 25, 8: 12, 7: 8, 6: 15, 0: 5}, 10)
    assert [(one.measure, one.value, one.answers) for one in figures(results(survey))] == [("nps", 40.0, 100)]


def test_160_of_200_in_the_top_two_boxes_are_80_percent(admin: Membership) -> None:
    survey = a_survey(admin, "csat")
    many(survey, "q1", {5: 100, 4: 60, 3: 30, 1: 10}, 5)
    assert [one.value for one in figures(results(survey))] == [0.8]


def test_partner_satisfaction_counts_each_of_its_three_answers(admin: Membership) -> None:
    survey = a_survey(admin, "partner")
    answered(survey, {"q1": {"response": 5, "support": 4, "communication": 3}})
    answered(survey, {"q1": {"response": 2, "support": 4, "communication": 5}})
    found = results(survey)
    assert figures(found)[0].value == pytest.approx(4 / 6)
    by_line = {item.row: item.total.numbers for item in found.items if item.row}
    assert by_line == {"response": {5: 1, 2: 1}, "support": {4: 2}, "communication": {3: 1, 5: 1}}


def test_alignment_is_the_share_of_the_steps_above_the_lowest(admin: Membership) -> None:
    survey = a_survey(admin, "alignment")
    answered(survey, {"q1": {"innovation": 5, "projects": 3, "initiatives": 1, "brand": 4}})
    # 4 + 2 + 0 + 3 of 16 steps
    assert figures(results(survey))[0].value == 56.25


def test_nobody_has_answered_is_no_figure_not_zero(admin: Membership) -> None:
    assert [one.value for one in figures(results(a_survey(admin, "nps")))] == [None]


def test_the_trend_goes_by_quarter_and_the_split_by_what_the_partner_was_then(admin: Membership) -> None:
    survey = a_survey(admin, "nps", expires_days=365)
    reseller = PartnerFactory(type=PartnerType.RESELLER, region="Benelux")
    msp = PartnerFactory(type=PartnerType.MSP, region="Nordics")
    with time_machine.travel("2026-02-03 12:00:00+00:00"):
        answered(survey, {"q1": 3, "q2": "a", "q3": "b"}, partner=reseller)
        answered(survey, {"q1": 10}, partner=msp)
    reseller.type = PartnerType.MSP
    reseller.save()
    with time_machine.travel("2026-05-03 12:00:00+00:00"):
        answered(survey, {"q1": 9}, partner=reseller)
    found = results(survey)
    assert [(str(wave), one.value) for wave, one in trend(found, "nps")] == [
        ("2026-01-01", 0.0),
        ("2026-04-01", 100.0),
    ]
    assert [(value, one.value, one.answers) for value, one in split(found, "nps", "type")] == [
        ("msp", 100.0, 2),
        ("reseller", -100.0, 1),
    ]
    only = results(survey, Narrowed(segments={"region": "Benelux"}))
    assert (only.shown, figures(only)[0].value) == (2, 0.0)
    assert results(survey, Narrowed(first=dt.date(2026, 4, 1))).shown == 1


def test_answers_of_versions_add_up_and_old_questions_stay(admin: Membership) -> None:
    survey = a_survey(admin, "csat")
    answered(survey, {"q1": 5, "q3": "First"})
    actions.delete_question(survey, "q3", by=admin)
    actions.publish(survey, by=admin)
    answered(survey, {"q1": 1})
    found = results(survey)
    assert {item.question.key: item.total.people for item in found.items} == {"q1": 2, "q2": 0, "q3": 1}


def test_the_page_shows_it_all_and_costs_the_same_with_more_answers(
    admin: Membership, client_as: Callable[[Membership], Client], tenant: Tenant
) -> None:
    survey = a_survey(admin, "nps")
    client, address = client_as(admin), f"/acme/surveys/{survey.pk}/results/"
    client.get(address)
    answered(survey, {"q1": 2, "q2": "Slow support", "q3": "Faster"}, partner=PartnerFactory())
    with CaptureQueriesContext(connection) as one:
        assert client.get(address).status_code == 200
    for _number in range(2):
        answered(survey, {"q1": 10, "q2": "Support is great"}, partner=PartnerFactory())
    with CaptureQueriesContext(connection) as three:
        page = client.get(address).content.decode()
    assert len(one) == len(three)
    assert "33.3" in page
    assert 'support <span class="tab-count">3</span>' in page
    actions.save_theme(survey, by=admin, name="Help desk", terms=["support"])
    assert "Slow support" in client.get(f"{address}?theme=Help+desk").content.decode()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_answer_is_a_row_of_the_file(
    form: str, admin: Membership, client_as: Callable[[Membership], Client]
) -> None:
    survey = a_survey(admin, "partner")
    answered(
        survey,
        {"q1": {"response": 5, "support": 4, "communication": 3}},
        partner=PartnerFactory(name="Alpha"),
    )
    answer = client_as(admin).get(f"/acme/surveys/{survey.pk}/results/export/{form}/")
    assert answer.status_code == 200
    if form == "csv":
        header, row = answer.getvalue().decode("utf-8-sig").splitlines()
        assert header.startswith("Answered,Partner,Customer,Person")
        assert row.endswith(",5,4,3,")
        assert ",Alpha," in row
