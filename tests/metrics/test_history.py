"""History that was never computed: a little is made up for at once, much of it by a job."""

from datetime import timedelta

import pytest
from django.utils import timezone

from metrics import actions
from metrics.actions import ensure_default_template, mark_dirty, recompute_dirty
from metrics.models import DirtyPartner, Scorecard
from portal.jobs.models import Job
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, won_deal


@pytest.fixture
def marked(scoped: Tenant) -> None:
    ensure_default_template(scoped)
    partner = PartnerFactory()
    long_ago = timezone.now().date() - timedelta(days=400)
    won_deal(partner, 5_000_00, long_ago)
    mark_dirty([(partner.pk, long_ago)])


def test_a_small_programme_is_computed_at_once(marked: None):
    recompute_dirty()
    assert not Job.objects.exists()
    assert Scorecard.objects.filter(facts__revenue_won=5_000_00).exists()


def test_a_large_programme_is_left_to_one_job(marked: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    for _ in range(2):
        recompute_dirty()
        partner_id, since = PartnerFactory().pk, timezone.now().date()
        mark_dirty([(partner_id, since)])
    job = Job.objects.get()
    assert job.kind == actions.JOB_KIND
    assert not Scorecard.objects.exists()
    assert DirtyPartner.objects.count() == 1
    while actions.recompute_chunk(job):
        pass
    assert Scorecard.objects.filter(facts__revenue_won=5_000_00).exists()
