"""What scorecards show on the home pages."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, FilteredRelation, Q

from metrics import queries
from metrics.display import format_change, format_score, format_value
from metrics.explain import plain_lines, score_change
from metrics.models import Scorecard, SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.ways import ways_to_gain
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared

SHOWN = 5
FIGURES = ("revenue", "deal_count", "win_rate", "pipeline")


def where_i_stand(membership: Membership) -> dict[str, Any]:
    """The quarter's score with its change, and the cheapest ways to gain points. Two queries."""
    calendar = calendar_of(membership.tenant)
    period = calendar.current(PeriodKind.QUARTER)
    card, previous = queries.card_and_previous(SubjectKind.PARTNER, str(membership.partner_id), period)
    if card is None:
        return {"card": None, "period": period}
    return score_change(card, previous, calendar.today()) | {
        "card": card,
        "period": period,
        "score_text": format_score(card.score),
        "ways": ways_to_gain(card, membership.tenant.currency),
    }


def falling_behind(membership: Membership) -> dict[str, Any]:
    """Partners whose score fell most between the two latest quarters that compare: of the manager's portfolio, or
    of all. One query."""
    period = calendar_of(membership.tenant).latest_settled(PeriodKind.QUARTER)
    return {
        "period": period,
        "previous": period.previous(),
        "behind": [
            {
                "partner": card.partner,
                "score_text": format_score(card.score),
                "change": format_change(card.change),
            }
            for card in _behind(membership, period.kind, period.start, period.previous().start)
        ],
    }


@prepared
def _behind(
    membership: Membership, kind: PeriodKind, start: date, before: date
) -> models.QuerySet[Scorecard]:
    cards = queries.counted_cards().filter(period_kind=kind, period_start=start)
    if membership.is_manager:
        cards = cards.filter(partner__manager_id=membership.pk)
    # Joined, because of thousands of partners a look at each takes longer than reading both periods.
    earlier = FilteredRelation(
        "partner__scorecards",
        condition=Q(partner__scorecards__period_kind=kind, partner__scorecards__period_start=before),
    )
    changed = cards.annotate(earlier=earlier, change=F("score") - F("earlier__score"))
    shown = changed.filter(change__lt=0).select_related("partner")
    return shown.only("score", "partner__name").order_by("change", "pk")[:SHOWN]


def portfolio_figures(membership: Membership) -> dict[str, Any]:
    """The quarter's figures of the manager's portfolio. One query."""
    return _figures(membership, SubjectKind.PORTFOLIO, str(membership.pk))


def programme_health(membership: Membership) -> dict[str, Any]:
    """The quarter's figures of the whole programme. One query."""
    return _figures(membership, SubjectKind.PROGRAMME, "")


def partner_results(membership: Membership, partner: Partner) -> dict[str, Any]:
    """The quarter's figures of one partner, for its page. Two queries."""
    return _figures(membership, SubjectKind.PARTNER, str(partner.pk))


def _figures(membership: Membership, kind: SubjectKind, key: str) -> dict[str, Any]:
    calendar = calendar_of(membership.tenant)
    period = calendar.current(PeriodKind.QUARTER)
    card, previous = queries.card_and_previous(kind, key, period)
    context = {"period": period, "kind": kind.value, "key": key, "card": card}
    if card is None:
        return context
    currency = membership.tenant.currency
    return (
        context
        | score_change(card, previous, calendar.today())
        | {
            "score_text": format_score(card.score),
            "partner_count": format_value("count", card.facts.get("partners", 0), currency),
            "figures": plain_lines(card, previous, FIGURES, currency),
        }
    )
