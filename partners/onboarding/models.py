"""The tables of the room's parts, where Django looks for them."""

from partners.onboarding.applications.models import (
    ApplicantLetter,
    Application,
    ApplicationPolicy,
    ApplicationQuestion,
    ApplicationScore,
    Referral,
    ScoringCriterion,
)

__all__ = [
    "ApplicantLetter",
    "Application",
    "ApplicationPolicy",
    "ApplicationQuestion",
    "ApplicationScore",
    "Referral",
    "ScoringCriterion",
]
