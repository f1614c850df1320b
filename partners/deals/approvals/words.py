"""Approval rules and decisions in words."""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.deals.approvals.models import ApprovalRule
from partners.deals.enums import ConflictCondition
from partners.directory.enums import PartnerType
from portal.money import format_money

VERBS = {
    "auto": gettext_lazy("Approved by the rule"),
    "first_approve": gettext_lazy("First approval"),
    "approve": gettext_lazy("Approved"),
    "return": gettext_lazy("Returned"),
    "reject": gettext_lazy("Rejected"),
    "grant_appeal": gettext_lazy("Appeal granted"),
    "uphold": gettext_lazy("Rejection upheld"),
    "extend": gettext_lazy("Protection extended"),
    "decline": gettext_lazy("More time declined"),
}


def conditions(rule: ApprovalRule, names: Mapping[str, Mapping[str, str]], currency: str) -> list[str]:
    """When the rule applies, a sentence a condition; none where it always does."""
    words = []
    if rule.min_amount is not None:
        words.append(_("from %s") % format_money(rule.min_amount, currency))
    if rule.max_amount is not None:
        words.append(_("below %s") % format_money(rule.max_amount, currency))
    types = dict(PartnerType.choices)
    words += _listed([names["segments"].get(code, _("a tier that is gone")) for code in rule.segments])
    words += _listed([str(types.get(value, value)) for value in rule.partner_types])
    words += _listed(list(rule.regions))
    products = [names["families"].get(str(key), "") for key in rule.families]
    products += [names["products"].get(str(key), "") for key in rule.products]
    words += _listed([name or _("a product that is gone") for name in products])
    if rule.conflict:
        words.append(str(ConflictCondition(rule.conflict).label).lower())
    return words


def _listed(names: list[str]) -> list[str]:
    return [_(" or ").join(names)] if names else []
