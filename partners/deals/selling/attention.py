"""Which open deals ask for somebody's attention, and why: a step that is overdue, a close that has passed, silence."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deals.enums import OPEN_STAGES
from partners.deals.models import Deal, DealPolicy
from partners.deals.queries import pipeline, policy
from partners.deals.workdays import today
from portal.shell.formats import short_date
from portal.tenancy.models import current_tenant


@dataclass(frozen=True)
class Hint:
    """`code` is for machines (`next_step`, `close`, `quiet`), `text` for people."""

    code: str
    text: str


def hints(deal: Deal, rules: DealPolicy, day: date, now: datetime) -> list[Hint]:
    """Why an open deal asks for attention now; empty when it does not."""
    if not deal.is_live:
        return []
    found = []
    if deal.next_step_on and deal.next_step_on < day:
        text = _("The next step was due on %s.") % short_date(deal.next_step_on)
        found.append(Hint("next_step", text))
    if deal.expected_close and deal.expected_close < day:
        text = _("The expected close, %s, has passed.") % short_date(deal.expected_close)
        found.append(Hint("close", text))
    last = max(deal.updated_at, deal.moved_at or deal.updated_at)
    days = (now - last).days
    if days >= rules.stalled_after(deal.stage):
        text = ngettext("Nothing has moved for %s day.", "Nothing has moved for %s days.", days) % days
        found.append(Hint("quiet", text))
    return found


def stalled(deals: QuerySet[Deal], rules: DealPolicy | None = None) -> QuerySet[Deal]:
    """Those of the deals that `hints` finds something for now."""
    return asking(deals, today(current_tenant()), *quiet_since(rules or policy(), timezone.now()))


def quiet_since(rules: DealPolicy, now: datetime) -> list[datetime]:
    """For each open stage, since when nothing may have happened to a deal in it."""
    return [now - timedelta(days=rules.stalled_after(stage)) for stage in OPEN_STAGES]


def asking(deals: QuerySet[Deal], day: date, *quiet: datetime) -> QuerySet[Deal]:
    """Those of the deals whose next step or close was due before the day, or that are quiet since their stage's moment."""
    ask = Q(next_step_on__lt=day) | Q(expected_close__lt=day)
    for stage, since in zip(OPEN_STAGES, quiet, strict=True):
        still = Q(moved_at=None) | Q(moved_at__lte=since)
        ask |= Q(stage=stage, updated_at__lte=since) & still
    return pipeline(deals).filter(ask)
