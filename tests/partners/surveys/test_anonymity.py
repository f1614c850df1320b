"""Trying to find out what one person answered to an anonymous survey, in every way there is."""

from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.surveys import actions
from partners.surveys.models import Survey
from partners.surveys.results import Narrowed, figures, results, shown_people, split
from partners.surveys.waves import FEWEST
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory
from tests.partners.surveys.builders import a_survey, answered, response_to

SignIn = Callable[[Membership], Client]
SECRET = "What only one person says"


@pytest.fixture
def survey(tenant: Tenant, admin: Membership) -> Iterator[Survey]:
    with time_machine.travel("2026-02-03 12:00:00+00:00"), tenant_scope(tenant.pk):
        yield a_survey(admin, "nps", is_anonymous=True, segment="type", expires_days=365)


def give(
    survey: Survey, scores: list[int], kind: PartnerType = PartnerType.RESELLER, text: str = "Fine"
) -> None:
    partner = PartnerFactory(type=kind)
    for score in scores:
        answered(survey, {"q1": score, "q2": text} | ({"q3": text} if score <= 8 else {}), partner=partner)


def close(survey: Survey, by: Membership) -> None:
    actions.close(survey, by=by)
    survey.refresh_from_db()


def seen_everywhere(survey: Survey, client: Client) -> str:
    """What pages, files and API say, as one text."""
    root = f"/acme/surveys/{survey.pk}/"
    pages = [
        client.get(root),
        client.get(f"{root}results/"),
        client.get(f"{root}results/?type=reseller&region=North&tier=gold&first=2026-01-01&last=2026-01-01"),
        client.get(f"{root}answers/"),
        client.get(f"{root}people/"),
        client.get(f"{root}people/?status=answered&export=csv"),
        client.get(f"/acme/api/v1/surveys/{survey.pk}/results/"),
        client.get("/acme/api/v1/survey-responses/"),
        client.get(f"{root}results/export/csv/?type=reseller"),
        client.get("/acme/settings/audit/"),
    ]
    assert {page.status_code for page in pages} == {200}
    book = load_workbook(BytesIO(client.get(f"{root}results/export/xlsx/").getvalue()))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row]
    return "\n".join([page.getvalue().decode() for page in pages] + cells)


def test_fewer_than_five_are_nowhere_even_when_the_survey_is_closed(
    survey: Survey, admin: Membership, client_as: SignIn
) -> None:
    give(survey, [0, 1, 2, 3], text=SECRET)
    close(survey, admin)
    found = results(survey)
    assert (found.received, found.shown, found.held) == (4, 0, 4)
    assert [one.value for one in figures(found)] == [None]
    assert SECRET not in seen_everywhere(survey, client_as(admin))


def test_five_are_shown_when_the_quarter_is_over_and_not_before(survey: Survey) -> None:
    give(survey, [10, 10, 10, 0, 0])
    assert results(survey).shown == 0
    with time_machine.travel("2026-04-01 12:00:00+00:00"):
        assert results(survey).shown == 0
    with time_machine.travel("2026-04-02 12:00:00+00:00"):
        assert figures(results(survey))[0].value == 20.0


def test_the_sixth_answer_cannot_be_had_by_looking_before_and_after(
    survey: Survey, admin: Membership, client_as: SignIn
) -> None:
    """The difference of two looks is nothing, or a whole quarter of five and more."""
    give(survey, [10] * 5)
    with time_machine.travel("2026-04-02 12:00:00+00:00"):
        client = client_as(admin)
        before = client.get(f"/acme/api/v1/surveys/{survey.pk}/results/").json()
        give(survey, [0], text=SECRET)
        after = client.get(f"/acme/api/v1/surveys/{survey.pk}/results/").json()
        assert before["questions"] == after["questions"]
        assert SECRET not in seen_everywhere(survey, client)
    with time_machine.travel("2026-07-02 12:00:00+00:00"):
        client = client_as(admin)
        # The quarter with one answer is over, and it stays back.
        assert results(survey).shown == 5
        close(survey, admin)
        assert SECRET not in seen_everywhere(survey, client)
        assert figures(results(survey))[0].value == 100.0


def test_closing_shows_the_last_quarter_once_and_takes_no_more(survey: Survey, admin: Membership) -> None:
    give(survey, [10] * 5)
    close(survey, admin)
    assert results(survey).shown == 5
    with pytest.raises(ActionRefused):
        give(survey, [0])
    with pytest.raises(ActionRefused):
        actions.publish(survey, by=admin)


def test_the_whole_less_the_groups_is_nobody_or_five(survey: Survey, admin: Membership) -> None:
    give(survey, [10] * 6, PartnerType.RESELLER)
    give(survey, [9] * 5, PartnerType.MSP)
    give(survey, [0], PartnerType.REFERRAL)
    close(survey, admin)
    found = results(survey)
    assert found.shown == 12
    # Of the two groups that are large enough one stays back, or the one referral partner would be what is left.
    assert [(value, one.answers) for value, one in split(found, "nps", "type")] == [("reseller", 6)]


def test_a_group_over_two_quarters_is_the_sum_of_what_each_may_show(
    survey: Survey, admin: Membership
) -> None:
    give(survey, [10] * 5, PartnerType.RESELLER)
    with time_machine.travel("2026-05-03 12:00:00+00:00"):
        give(survey, [0], PartnerType.RESELLER)
        give(survey, [9] * 5, PartnerType.MSP)
        close(survey, admin)
        found = results(survey)
        assert [(value, one.answers) for value, one in split(found, "nps", "type")] == [("reseller", 5)]
        assert found.shown == 11


def test_it_is_split_by_one_thing_alone_whatever_is_asked(survey: Survey, admin: Membership) -> None:
    give(survey, [10] * 5)
    give(survey, [0] * 5, PartnerType.MSP)
    close(survey, admin)
    whole = results(survey)
    for segments in ({"region": "North"}, {"type": "msp"}, {"tier": "gold", "type": "reseller"}):
        assert results(survey, Narrowed(segments=segments)).items == whole.items
    assert whole.segments == ["type"]


def test_an_optional_question_that_few_answered_stays_back(survey: Survey, admin: Membership) -> None:
    partner = PartnerFactory()
    for number in range(6):
        answered(survey, {"q1": 10} | ({"q2": SECRET} if number < 4 else {}), partner=partner)
    close(survey, admin)
    found = {item.question.key: item for item in results(survey).items}
    assert (found["q1"].total.people, found["q2"].total.people, found["q2"].texts) == (6, 0, [])


def test_texts_come_in_no_order_and_with_nothing_beside_them(
    survey: Survey, admin: Membership, client_as: SignIn
) -> None:
    partner = PartnerFactory(name="Quite Unique Partner")
    words = [f"Text {number}" for number in range(30)]
    for word in words:
        answered(survey, {"q1": 10, "q2": word}, partner=partner)
    close(survey, admin)
    orders = {
        tuple(next(i for i in results(survey).items if i.question.key == "q2").texts) for _n in range(3)
    }
    assert len(orders) == 3
    assert {tuple(sorted(order)) for order in orders} == {tuple(sorted(words))}
    page = client_as(admin).get(f"/acme/surveys/{survey.pk}/results/").content.decode()
    assert "Quite Unique Partner" not in page
    lines = client_as(admin).get(f"/acme/surveys/{survey.pk}/results/export/csv/").getvalue().decode()
    assert "Text 7" in lines
    assert "Quite Unique Partner" not in lines


def test_an_anonymous_answer_has_no_page_and_no_task(
    survey: Survey, admin: Membership, client_as: SignIn
) -> None:
    give(survey, [0] * 5)
    response = survey.responses.first()
    client = client_as(admin)
    assert client.get(f"/acme/surveys/answers/{response.pk}/").status_code == 404
    assert client.get(f"/acme/api/v1/survey-responses/{response.pk}/").status_code == 404
    assert client.get(f"/acme/surveys/answers/{response.pk}/follow-up/").status_code == 404
    assert actions.follow_detractors([response.pk]) == 0
    with pytest.raises(ActionRefused):
        actions.add_follow_up(
            survey, by=admin, title="Who was it?", owner=admin, due_on=response.answered_on, response=response
        )


def test_a_named_answer_is_known_and_followed(survey: Survey, admin: Membership) -> None:
    named = a_survey(admin, "nps")
    response = response_to(answered(named, {"q1": 1, "q2": "Bad", "q3": "All"}, partner=PartnerFactory()))
    assert actions.follow_detractors([response.pk]) == 1
    assert actions.follow_detractors([response.pk]) == 0
    assert response.follow_ups.get().owner == admin
    assert Partner.objects.filter(pk=response.partner_id).exists()


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=1), st.integers(1, 12), max_size=6))
def test_what_is_shown_of_any_groups_leaves_none_or_five(cells: dict[str, int]) -> None:
    shown = shown_people(cells)
    rest = sum(people for name, people in cells.items() if name not in shown)
    assert all(cells[name] >= FEWEST for name in shown)
    assert not shown or rest == 0 or rest >= FEWEST
