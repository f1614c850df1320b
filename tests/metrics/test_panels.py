"""What scorecards show on the home pages."""

from metrics import actions
from metrics.models import Scorecard
from metrics.panels import falling_behind
from metrics.periods import PeriodKind, calendar_of
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal


def test_who_fell_most_between_the_two_latest_quarters_comes_first(
    tenant: Tenant, manager: Membership, admin: Membership
) -> None:
    scores = {"Mine": (60, 80), "Fell most": (10, 90), "Rose": (80, 60), "Newcomer": (5, None)}
    with tenant_scope(tenant.pk):
        period = calendar_of(tenant).latest_settled(PeriodKind.QUARTER)
        partners = {
            name: PartnerFactory(name=name, manager=manager if name == "Mine" else None) for name in scores
        }
        for name, partner in partners.items():
            won_deal(partner, 100_00, period.start)
            if name != "Newcomer":
                won_deal(partner, 100_00, period.previous().start)
            # Longer ago than what is compared.
            won_deal(partner, 100_00, period.previous().previous().start)
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
        for name, (now, before) in scores.items():
            _set(partners[name], period.start, now)
            _set(partners[name], period.previous().start, before)
            _set(partners[name], period.previous().previous().start, 100)
        shown = [
            (row["partner"].name, row["score_text"], row["change"]) for row in falling_behind(admin)["behind"]
        ]
        assert shown == [("Fell most", "10.0", "−80.0"), ("Mine", "60.0", "−20.0")]
        assert [row["partner"].name for row in falling_behind(manager)["behind"]] == ["Mine"]


def _set(partner: Partner, start: object, score: int | None) -> None:
    cards = Scorecard.objects.filter(partner=partner, period_kind=PeriodKind.QUARTER, period_start=start)
    if score is None:
        cards.delete()
    else:
        cards.update(score=score)
