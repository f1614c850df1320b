"""Naming what text answers have in common."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from partners.surveys.actions.surveys import lock_survey
from partners.surveys.models import Survey, Theme
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


def save_theme(survey: Survey, *, by: Membership, name: str, terms: Iterable[str]) -> Theme:
    """Call these words by one name. Words that were in another theme move here; themes without words go."""
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    wanted = sorted({term.strip().lower() for term in terms if term.strip()})
    if not wanted:
        raise ActionRefused(_("Choose at least one word."), field="terms")
    for other in survey.themes.exclude(name=name):
        left = [term for term in other.terms if term not in wanted]
        if not left:
            other.delete()
        elif left != other.terms:
            other.terms = left
            other.save(update_fields=["terms"])
    theme, new = Theme.objects.get_or_create(survey=survey, name=name, defaults={"terms": wanted})
    if not new:
        theme.terms = sorted({*theme.terms, *wanted})
        theme.save(update_fields=["terms"])
    record("survey.theme_saved", subject=survey, by=by, data={"new": {"title": survey.title, "theme": name}})
    return theme


def delete_theme(theme: Theme, *, by: Membership) -> None:
    """Let the words stand by themselves again."""
    check(by, "surveys.change_survey")
    survey = lock_survey(theme.survey)
    theme.delete()
    data = {"new": {"title": survey.title, "theme": theme.name}}
    record("survey.theme_removed", subject=survey, by=by, data=data)
