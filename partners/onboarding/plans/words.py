"""Where a step is done, and how its state is shown."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from partners.onboarding.enums import StepKind, StepOwner
from partners.onboarding.plans.models import OnboardingStep
from partners.onboarding.plans.queries import Line
from portal.accounts.models import Membership
from portal.shell.addresses import turl

TONES: dict[str, tuple[Any, str, str]] = {
    "done": (_("Done"), "success", "check"),
    "skipped": (_("Left out"), "neutral", "player-skip-forward"),
    "blocked": (_("Waits"), "neutral", "lock"),
    "overdue": (_("Overdue"), "danger", "alarm"),
    "open": (_("Open"), "info", "circle"),
}


def place_of(request: HttpRequest, step: OnboardingStep) -> str:
    """The page on which the partner does the step; "" for what is ticked."""
    match StepKind(step.kind):
        case StepKind.AGREEMENT:
            return turl(request, "onboarding:agreement", step.agreement_id)
        case StepKind.DOCUMENT:
            return turl(request, "onboarding:document_send", step.document_kind_id)
        case StepKind.COURSE:
            return turl(request, "training:course", step.course_id)
        case StepKind.PROFILE:
            return turl(request, "directory:company")
        case StepKind.INVITE:
            return turl(request, "people:list")
        case StepKind.DEAL:
            return turl(request, "deals:create")
        case _other:
            return ""


def rows(request: HttpRequest, member: Membership, lines: list[Line], *, runs: bool) -> list[dict[str, Any]]:
    """The lines with what the member can do about each. `runs`: the member looks after the partner."""
    return [_row(request, member, line, runs) for line in lines]


def _row(request: HttpRequest, member: Membership, line: Line, runs: bool) -> dict[str, Any]:
    step, is_open = line.step, line.state in ("open", "overdue")
    mine = step.owner == StepOwner.PARTNER and member.is_partner
    is_manual = step.kind == StepKind.MANUAL
    return {
        "line": line,
        "step": step,
        "tone": TONES[line.state],
        "place": place_of(request, step) if is_open and mine else "",
        "may_tick": is_open and is_manual and (mine or runs),
        "may_skip": runs and not step.is_closed,
        "may_reopen": runs and step.is_closed and (is_manual or bool(step.skipped)),
    }
