"""What surveys do when something happens: ask the people it concerns, and follow up on dissatisfied answers."""

import datetime as dt
from collections import defaultdict
from uuid import UUID

from partners.deals.models import Deal
from partners.leads.models import Lead
from partners.surveys.actions import ask, follow_detractors
from partners.surveys.audience import after_deal, fitting_partners, members
from partners.surveys.enums import Audience, SurveyStatus, Trigger
from partners.surveys.models import Survey
from portal.events.consumers import subscribe
from portal.events.models import Event


def _waiting_for(trigger: Trigger) -> list[Survey]:
    return list(Survey.objects.filter(status=SurveyStatus.OPEN, trigger=trigger).order_by("pk"))


def _due(event: Event, survey: Survey) -> dt.datetime:
    return event.occurred_at + dt.timedelta(days=survey.delay_days)


def deals_won(events: list[Event]) -> None:
    """Ask the customer's contacts, or who sold it. A deal that is won again asks nobody again."""
    surveys = _waiting_for(Trigger.DEAL_WON)
    if not surveys:
        return
    deals = (
        Deal.objects.select_related("customer")
        .prefetch_related("customer__contacts")
        .in_bulk({event.subject_id for event in events})
    )
    leads = Lead.objects.filter(deal__in=deals).exclude(email="")
    converted: dict[UUID, Lead] = {lead.deal_id: lead for lead in leads if lead.deal_id}
    for survey in surveys:
        partners = fitting_partners(survey, {deal.partner_id for deal in deals.values()})
        for event in events:
            deal = deals.get(event.subject_id)
            if deal is not None and deal.partner_id in partners:
                people = after_deal(survey, deal, converted)
                ask(survey, people, occasion=f"deal_won:{deal.pk}", due_at=_due(event, survey))


def courses_done(events: list[Event]) -> None:
    """Ask who has completed the course."""
    surveys = [survey for survey in _waiting_for(Trigger.COURSE_DONE) if survey.audience == Audience.MEMBERS]
    who: dict[UUID, list[Event]] = defaultdict(list)
    for event in events:
        if event.data.get("new", {}).get("member"):
            who[UUID(event.data["new"]["member"])].append(event)
    for survey in surveys:
        partners = fitting_partners(survey, {event.partner_id for event in events if event.partner_id})
        for person in members(survey, partners, who):
            for event in who[person.member_id] if person.member_id else ():
                ask(survey, [person], occasion=f"course_done:{event.subject_id}", due_at=_due(event, survey))


def answered(events: list[Event]) -> None:
    """Make tasks of dissatisfied answers."""
    follow_detractors(event.subject_id for event in events)


subscribe("deal.won", name="surveys.deals_won", consumer=deals_won)
subscribe("course.completed", name="surveys.courses_done", consumer=courses_done)
subscribe("survey.answered", name="surveys.answered", consumer=answered)
