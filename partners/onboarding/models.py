"""The tables of the room's parts, where Django looks for them."""

from partners.onboarding.agreements.models import Agreement, AgreementAcceptance, AgreementVersion
from partners.onboarding.applications.models import (
    ApplicantLetter,
    Application,
    ApplicationPolicy,
    ApplicationQuestion,
    ApplicationScore,
    Referral,
    ScoringCriterion,
)
from partners.onboarding.documents.models import DocumentKind, PartnerDocument
from partners.onboarding.plans.models import Onboarding, OnboardingStep, Plan, PlanStep

__all__ = [
    "Agreement",
    "AgreementAcceptance",
    "AgreementVersion",
    "ApplicantLetter",
    "Application",
    "ApplicationPolicy",
    "ApplicationQuestion",
    "ApplicationScore",
    "DocumentKind",
    "Onboarding",
    "OnboardingStep",
    "PartnerDocument",
    "Plan",
    "PlanStep",
    "Referral",
    "ScoringCriterion",
]
