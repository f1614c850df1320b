"""Whether a lead meets the tenant's criteria, and why not. Pure; the words are made when they are read."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from partners.deals.enums import MarketingChannel
from partners.directory.fields import country_name
from partners.leads.enums import CriteriaKind
from partners.leads.models import Lead, LeadCriteria
from portal.money import format_money
from portal.shell.formats import number

Reason = dict[str, Any]


def failures(lead: Lead, criteria: LeadCriteria) -> list[Reason]:
    """The criteria that the lead does not meet; what is not known is not met."""
    found: list[Reason] = []
    if criteria.industries and _plain(lead.industry) not in {_plain(name) for name in criteria.industries}:
        found.append({"code": "industry", "value": lead.industry})
    if criteria.countries and lead.country not in criteria.countries:
        found.append({"code": "country", "value": lead.country})
    if criteria.channels and lead.channel not in criteria.channels:
        found.append({"code": "channel", "value": lead.channel})
    found += _below("employees", lead.employees, criteria.min_employees)
    found += _below("budget", lead.budget, criteria.min_budget)
    if criteria.needs_contact and not (lead.email or lead.phone):
        found.append({"code": "contact"})
    if criteria.needs_consent and not lead.consent:
        found.append({"code": "consent"})
    return found


def _below(code: str, value: int | None, least: int | None) -> list[Reason]:
    if least is None or (value is not None and value >= least):
        return []
    return [{"code": code, "known": value is not None, "least": least}]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def judge(lead: Lead, criteria: Iterable[LeadCriteria]) -> bool:
    """Write the verdict into the lead (not to the database); whether it differs from what was there.

    Without criteria a lead is qualified; marketing-qualified it is only where the tenant says what that means.
    """
    before = lead.qualified, lead.marketing_qualified, lead.verdict
    active = {item.kind: item for item in criteria if item.is_active}
    sales, marketing = active.get(CriteriaKind.SALES), active.get(CriteriaKind.MARKETING)
    verdict: dict[str, list[Reason]] = {}
    if sales:
        verdict[CriteriaKind.SALES.value] = failures(lead, sales)
    if marketing:
        verdict[CriteriaKind.MARKETING.value] = failures(lead, marketing)
    lead.qualified = not verdict.get(CriteriaKind.SALES)
    lead.marketing_qualified = verdict.get(CriteriaKind.MARKETING) == []
    lead.verdict = verdict
    return before != (lead.qualified, lead.marketing_qualified, lead.verdict)


def reasons(lead: Lead, kind: CriteriaKind = CriteriaKind.SALES) -> list[str]:
    """Why the lead does not meet the criteria, in the reader's words."""
    return [_in_words(reason, lead.currency) for reason in lead.verdict.get(kind, [])]


def verdict_text(lead: Lead) -> str:
    """ "Qualified", or "Not qualified: budget below €10,000"."""
    if lead.qualified:
        return _("Qualified")
    return _("Not qualified: %s") % "; ".join(reasons(lead))


def marketing_text(lead: Lead) -> str:
    """The same for marketing; empty where the tenant has no such criteria."""
    if CriteriaKind.MARKETING not in lead.verdict:
        return ""
    if lead.marketing_qualified:
        return _("Marketing-qualified")
    return _("Not marketing-qualified: %s") % "; ".join(reasons(lead, CriteriaKind.MARKETING))


def _in_words(reason: Reason, currency: str) -> str:
    code = reason["code"]
    if code == "budget":
        least = format_money(reason["least"], currency, whole=True)
        return (_("budget below %s") if reason["known"] else _("budget not known (at least %s)")) % least
    if code == "employees":
        least = number(reason["least"])
        words = (
            _("fewer than %s employees") if reason["known"] else _("size not known (at least %s employees)")
        )
        return words % least
    if code == "contact":
        return _("neither e-mail address nor telephone")
    if code == "consent":
        return _("no consent noted")
    value = reason["value"]
    if code == "industry":
        return _("industry %s is not one of ours") % value if value else _("industry not known")
    if code == "country":
        return _("%s is not one of our countries") % country_name(value) if value else _("country not known")
    if value:
        return _("channel %s does not count") % MarketingChannel(value).label.lower()
    return _("channel not known")
