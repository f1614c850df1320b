"""Goals, alerts and reviews as lists: pages and API."""

import datetime as dt
from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from metrics.models import SubjectKind
from metrics.periods import PeriodKind
from metrics.reviews.models import Alert, AlertRule, Goal, Review, ReviewAction, RuleKind
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member

SignIn = Callable[[Membership], Client]


def test_long_lists_have_pages(client_as: SignIn, tenant: Tenant, manager: Membership) -> None:
    with tenant_scope(tenant.pk):
        rule = AlertRule.objects.create(name="Low", kpi="revenue", kind=RuleKind.THRESHOLD, limit=1)
        partners = [PartnerFactory(name=f"P{number:02}", manager=manager) for number in range(27)]
        for number, partner in enumerate(partners):
            start = dt.date(2026, 1, 1)
            moment = timezone.now() - dt.timedelta(minutes=number)
            Alert.objects.create(
                rule=rule, partner=partner, period_start=start, value=0, reference=1, opened_at=moment
            )
            Review.objects.create(partner=partner, period_start=start, planned_on=start, prepared_by=manager)
            Goal.objects.create(
                subject_kind=SubjectKind.PARTNER,
                subject_key=str(partner.pk),
                partner=partner,
                kpi="revenue",
                period_kind=PeriodKind.QUARTER,
                period_start=start,
                target=1,
            )
    client = client_as(manager)
    for page, key in (("alerts", "alerts"), ("reviews", "reviews"), ("goals", "goals")):
        first, last = client.get(f"/acme/{page}/?mine=1"), client.get(f"/acme/{page}/?mine=1&page=2")
        assert (len(first.context[key]), len(last.context[key])) == (25, 2), page
        assert "page=2" in first.content.decode()
        assert "mine=1&amp;page=1" in last.content.decode()
        # Behind the end is the last page, and nonsense the first.
        assert len(client.get(f"/acme/{page}/?page=99").context[key]) == 2
        assert len(client.get(f"/acme/{page}/?page=x").context[key]) == 25


def test_goals_alerts_and_reviews_are_read_by_api(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        ours, theirs = PartnerFactory(name="Ours"), PartnerFactory(name="Theirs")
        owner = make_member(Role.PARTNER_OWNER, partner=ours)
        start = dt.date(2026, 1, 1)
        for partner in (ours, theirs, None):
            Goal.objects.create(
                subject_kind=SubjectKind.PARTNER if partner else SubjectKind.PROGRAMME,
                subject_key=str(partner.pk) if partner else "",
                partner=partner,
                kpi="revenue",
                period_kind=PeriodKind.QUARTER,
                period_start=start,
                baseline=100,
                value=150,
                target=200,
            )
        rule = AlertRule.objects.create(name="Low", kpi="revenue", kind=RuleKind.THRESHOLD, limit=1)
        Alert.objects.create(
            rule=rule, partner=ours, period_start=start, value=0, reference=1, opened_at=timezone.now()
        )
        review = Review.objects.create(
            partner=ours,
            period_start=start,
            planned_on=start,
            prepared_by=manager,
            agenda=[{"title": "Results", "lines": ["Score 80"]}],
        )
        ReviewAction.objects.create(review=review, text="Call", owner=manager, due_on=start, kpi="revenue")
    vendor, partner_side = client_as(manager), client_as(owner)

    def rows(client: Client, address: str) -> list[dict]:
        answer = client.get(f"/acme/api/v1/{address}")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    assert len(rows(vendor, "goals/")) == 3
    (own,) = rows(partner_side, "goals/")
    assert (own["partner"], own["progress"], own["target"]) == (str(ours.pk), 0.75, 200)
    assert [row["partner"] for row in rows(vendor, f"goals/?partner={theirs.pk}&kpi=revenue")] == [
        str(theirs.pk)
    ]
    assert rows(vendor, "goals/?status=reached") == []
    (alert,) = rows(vendor, "alerts/?is_open=true")
    assert (alert["rule_name"], alert["kpi"]) == ("Low", "revenue")
    assert rows(vendor, "alerts/?is_open=false") == []
    (found,) = rows(vendor, f"reviews/?partner={ours.pk}")
    assert found["agenda"] == [{"title": "Results", "lines": ["Score 80"]}]
    assert [action["text"] for action in found["actions"]] == ["Call"]
    for closed in ("alerts/", "reviews/"):
        assert partner_side.get(f"/acme/api/v1/{closed}").status_code == 403
    not_so = vendor.post("/acme/api/v1/goals/", {})
    assert (not_so.status_code, not_so.json()["title"]) == (405, 'Method "POST" not allowed.')
