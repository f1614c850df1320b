"""Engagement and enablement.

The engagement score is the mean of attainments. A share is its own attainment; a count is one against what is expected
of a partner in a period. What is no data leaves the mean, so that a programme without events is not marked down for it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.formulas import names_in
from metrics.kpis.shape import Kpi
from metrics.sources import FACTS
from metrics.units import DOWN, LAG, LEAD, UP, Unit

# What an engaged partner reaches in a period: this many interactions and campaigns count in full.
EXPECTED_INTERACTIONS = 3
EXPECTED_CAMPAIGNS = 1


class Part(NamedTuple):
    """A part of the engagement score as a formula over facts, which counts for at most 1."""

    name: str
    label: str | Promise
    formula: str


# They weigh the same until a tenant says otherwise (`metrics.weights`).
PARTS = (
    Part("training", _("Training participation"), "people_trained / people_active"),
    Part("assets", _("Use of marketing assets"), "asset_downloads / assets_available"),
    Part("campaigns", _("Co-branded campaigns"), f"campaigns_cobranded / (partners * {EXPECTED_CAMPAIGNS})"),
    Part("events", _("Programme participation"), "events_attended / events_offered"),
    Part(
        "interactions", _("Frequency of interaction"), f"interactions / (partners * {EXPECTED_INTERACTIONS})"
    ),
    Part("members", _("Active members"), "members_active / members_total"),
)


def weighted_mean(parts: Iterable[tuple[str, int]]) -> str:
    """The formula of the mean of what is known: of each part at most 1, parts without data left out."""
    known = [(part, weight) for part, weight in parts if FACTS.keys() >= set(names_in(part))]
    # A comparison would take an unknown part for its bound: `x * 0` is unknown where x is.
    points = [f"{weight} * COALESCE(LEAST({part}, 1) + ({part}) * 0, 0)" for part, weight in known]
    weights = [f"{weight} * COALESCE(({part}) * 0 + 1, 0)" for part, weight in known]
    return f"100 * ({' + '.join(points)}) / ({' + '.join(weights)})"


KPIS: list[Kpi] = [
    Kpi(
        "training_completions",
        _("Training completions"),
        "completions",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many courses the partner's people completed."),
    ),
    Kpi(
        "certified_people",
        _("Certified people"),
        "people_certified",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("People with a certificate that counts at the period's end."),
    ),
    Kpi(
        "training_participation",
        _("Training participation"),
        "people_trained / people_active",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the people with access, how many completed a course in the period."),
    ),
    Kpi(
        "training_compliance",
        _("Required courses done"),
        "required_courses_done / required_courses",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the courses that people must have, how many they hold."),
    ),
    Kpi(
        "interactions",
        _("Frequency of interaction"),
        "interactions",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("Calls, meetings, mails, notes and comments between partner and vendor."),
    ),
    Kpi(
        "participation",
        _("Programme participation"),
        "events_attended / events_offered",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the events that the partner was invited to, how many somebody came to."),
    ),
    Kpi(
        "asset_utilisation",
        _("Use of marketing assets"),
        "asset_downloads / assets_available",
        Unit.RATIO,
        UP,
        LEAD,
        "PG",
        _(
            "How often the partner’s people took the vendor’s material, for each asset that was there for them."
        ),
    ),
    Kpi(
        "active_members",
        _("Active members"),
        "members_active / members_total",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the people with access, how many used the portal in the period."),
    ),
    Kpi(
        "engagement_score",
        _("Partner engagement score"),
        weighted_mean((part.formula, 1) for part in PARTS),
        Unit.SCORE,
        UP,
        LEAD,
        "PG",
        _(
            "The mean of training participation, use of assets, co-branded campaigns, programme participation,"
            " interactions (three a partner count in full) and active members. What is no data is left out."
        ),
        working=_("100 × the weighted mean of the parts that have data, of each at most 100%"),
    ),
    Kpi(
        "partner_satisfaction",
        _("Partner satisfaction"),
        "partner_sat_satisfied / partner_sat_responses",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the answers from 1 to 5 that partners’ people gave under their name, how many are 4 or 5."),
    ),
    Kpi(
        "satisfaction_response",
        _("Satisfaction with response times"),
        "partner_sat_response_satisfied / partner_sat_response_responses",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("The same, of the answers about response times."),
    ),
    Kpi(
        "satisfaction_support",
        _("Satisfaction with support quality"),
        "partner_sat_support_satisfied / partner_sat_support_responses",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("The same, of the answers about support quality."),
    ),
    Kpi(
        "satisfaction_communication",
        _("Satisfaction with communication"),
        "partner_sat_communication_satisfied / partner_sat_communication_responses",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("The same, of the answers about the ease of communication."),
    ),
    Kpi(
        "strategic_alignment",
        _("Strategic alignment"),
        "100 * alignment_points / alignment_points_possible",
        Unit.SCORE,
        UP,
        LEAD,
        "PG",
        _(
            "How far shared innovation, joint projects, strategic initiatives and brand fit: steps above the lowest answer."
        ),
    ),
    Kpi(
        "time_to_first_deal",
        _("Time to first deal"),
        "activation_days / partners_activated",
        Unit.DAYS,
        DOWN,
        LEAD,
        "PG",
        _("Days from joining to the first won deal, of the partners that won theirs in the period."),
    ),
]
