"""What surveys add to the facts.

A customer's answer is about the partner that its invitation named (of the deal, or the one that serves the customer),
a member's about the own partner; it counts on the day it was given, as what its question was asked as.

Anonymous answers are in none of these facts. A partner's figures are small and are looked at daily, a portfolio's are
sums of them, and any difference of two of them would point at a person; so they show in the survey's own results, where
they are held back by group and quarter, and nowhere else.
"""

from django.utils.translation import gettext_lazy as _

from metrics.sources.shape import WINDOWS, Fact, Records, Source
from partners.surveys.enums import Measure, Topic
from partners.surveys.models import Survey

# By which question partner satisfaction is split, and what the answers to it are.
SATISFACTION_TOPICS = {
    Topic.RESPONSE: (_("Answers about response times"), _("Of those answers about response times, 4 and 5")),
    Topic.SUPPORT: (_("Answers about support quality"), _("Of those answers about support quality, 4 and 5")),
    Topic.COMMUNICATION: (
        _("Answers about the ease of communication"),
        _("Of those answers about the ease of communication, 4 and 5"),
    ),
}
_SATISFIED = "a.number >= 4"


def _count(measure: str, condition: str = "true") -> str:
    return f"count(*) FILTER (WHERE a.measure = %({measure})s AND {condition})"


def _by_topic() -> list[str]:
    columns = []
    for topic in SATISFACTION_TOPICS:
        about = f"a.topic = '{topic.value}'"
        columns += [
            f"{_count('survey_partner', about)} AS partner_sat_{topic.value}_responses",
            f"{_count('survey_partner', f'{about} AND {_SATISFIED}')} AS partner_sat_{topic.value}_satisfied",
        ]
    return columns


def _sql(these: str, per: str) -> str:
    columns = [
        f"{_count('survey_nps')} AS nps_responses",
        f"{_count('survey_nps', 'a.number >= 9')} AS nps_promoters",
        f"{_count('survey_nps', 'a.number <= 6')} AS nps_detractors",
        f"{_count('survey_csat')} AS csat_responses",
        f"{_count('survey_csat', _SATISFIED)} AS csat_satisfied",
        f"{_count('survey_partner')} AS partner_sat_responses",
        f"{_count('survey_partner', _SATISFIED)} AS partner_sat_satisfied",
        "COALESCE(sum(a.number - a.low) FILTER (WHERE a.measure = %(survey_alignment)s), 0)::bigint"
        " AS alignment_points",
        "COALESCE(sum(a.high - a.low) FILTER (WHERE a.measure = %(survey_alignment)s), 0)::bigint"
        " AS alignment_points_possible",
        *_by_topic(),
    ]
    return f"""WITH {WINDOWS}
SELECT w.n, d.{per}, {", ".join(columns)}
FROM surveys_surveyresponse d
JOIN w ON d.answered_on >= w.start_on AND d.answered_on < w.end_on
JOIN surveys_surveyanswer a ON a.tenant_id = d.tenant_id AND a.response_id = d.id AND a.measure <> ''
WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL AND NOT d.is_anonymous
GROUP BY w.n, d.{per}"""


def _title(survey: Survey) -> str:
    return survey.title


SOURCE = Source(
    "surveys",
    _("Surveys"),
    (
        Fact("nps_responses", _("Answers from 0 to 10 to whether somebody would recommend")),
        Fact("nps_promoters", _("Of those answers, 9 and 10")),
        Fact("nps_detractors", _("Of those answers, 0 to 6")),
        Fact("csat_responses", _("Answers of customers from 1 to 5")),
        Fact("csat_satisfied", _("Of those answers, 4 and 5")),
        Fact(
            "partner_sat_responses",
            _("Answers of the partner’s people from 1 to 5, each question for itself"),
        ),
        Fact("partner_sat_satisfied", _("Of those answers, 4 and 5")),
        Fact("alignment_points", _("Steps above the lowest answer to the questions of alignment")),
        Fact("alignment_points_possible", _("Steps that those questions have")),
        *(
            Fact(f"partner_sat_{topic.value}_{what}", meaning)
            for topic, meanings in SATISFACTION_TOPICS.items()
            for what, meaning in zip(("responses", "satisfied"), meanings, strict=True)
        ),
    ),
    tables=("surveys_surveyresponse",),
    sql=_sql,
    values={
        "survey_nps": Measure.NPS.value,
        "survey_csat": Measure.CSAT.value,
        "survey_partner": Measure.PARTNER.value,
        "survey_alignment": Measure.ALIGNMENT.value,
    },
    first_day=(
        """SELECT min(answered_on) FROM surveys_surveyresponse d
        WHERE d.tenant_id = %(tenant)s{these} AND d.partner_id IS NOT NULL""",
    ),
    # By survey, not by answer: what one customer or colleague said is not for the partner's eyes.
    records=Records("survey_id", "surveys.survey", title=_title, vendor_url_name="surveys:results"),
    events=("survey.answered",),
    touched="""SELECT partner_id, answered_on FROM surveys_surveyresponse
        WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s) AND partner_id IS NOT NULL""",
)
