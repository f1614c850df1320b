"""What-if says beforehand what comes of it afterwards."""

import pytest

from incentives.whatif.outcome import Idea, Wish, outlook
from metrics import actions
from metrics.models import Scorecard
from metrics.periods import PeriodKind, calendar_of
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, won_deal

pytestmark = pytest.mark.django_db


def test_the_score_is_the_scorecards_and_the_one_foretold_is_what_comes(scoped: Tenant) -> None:
    calendar = calendar_of(scoped)
    today, period = calendar.today(), calendar.current(PeriodKind.QUARTER)
    actions.ensure_default_template(scoped)
    partner = PartnerFactory()
    others = PartnerFactory.create_batch(4)
    for number, each in enumerate([partner, *others]):
        won_deal(each, 3_000_00 + number, today)
    actions.recompute_everything()
    card = Scorecard.objects.get(partner=partner, period_kind="quarter", period_start=period.start)
    found = outlook(partner.pk, Wish((Idea(10_000_00),)))
    assert found.now.score == pytest.approx(float(card.score))
    assert found.then.score > found.now.score
    figures = {code: value for code, _name, value in found.figures}
    assert figures["revenue"] == 3_000_00
    won_deal(partner, 10_000_00, today, customer=None)
    actions.recompute_everything()
    card.refresh_from_db()
    # A real deal brings days of selling along, which what-if does not suppose.
    assert card.breakdown["revenue"]["value"] == 13_000_00
    supposed = outlook(partner.pk, Wish(figures={"revenue": 13_000_00.0}))
    assert supposed.now.score == supposed.then.score == pytest.approx(float(card.score))
