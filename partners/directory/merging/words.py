"""What the kinds of rows that go with a company are called on the page that asks before a merge."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.directory.merging.moving import called_above, moving

# Those of the floors above say it themselves.
KINDS: dict[str, Any] = {
    "accounts.membership": _("People"),
    "accounts.invitation": _("Invitations"),
    "deals.deal": _("Deals"),
    "coselling.share": _("Shared deals"),
    "leads.lead": _("Leads"),
    "directory.customerpartner": _("Customers"),
    "orders.order": _("Orders"),
    "orders.orderreturn": _("Returns"),
    "marketing.campaign": _("Campaigns"),
    "training.completion": _("Completed courses"),
    "training.duty": _("Required courses"),
    "training.enrolment": _("Enrolments"),
    "training.seat": _("Seats in sessions"),
    "surveys.surveyresponse": _("Survey answers"),
    "surveys.surveyinvitation": _("Survey invitations"),
    "engagement.interaction": _("Interactions"),
    "engagement.guest": _("Invitations to events"),
    "content.assetdownload": _("Downloads from the library"),
    "directory.partneraddress": _("Addresses"),
    "directory.partnercontact": _("Contacts"),
    "onboarding.partnerdocument": _("Documents"),
    "onboarding.application": _("Applications"),
    "onboarding.referral": _("Referrals"),
    "discussion.comment": _("Comments"),
    "files.attachment": _("Files"),
    "notifications.notification": _("Notifications"),
}
OTHERS = _("Records that belong to these")


def in_words(counts: Mapping[str, int]) -> list[tuple[Any, int]]:
    """Counts by column (`app.model.field`) as counts by kind, the most first and what has no name of its own last.

    A row that names the company in two columns is one row.
    """
    rows: Counter[str] = Counter()
    for column, count in counts.items():
        model = column.rpartition(".")[0]
        rows[model] = max(rows[model], count)
    kinds = KINDS | {
        place.model._meta.label_lower: name
        for place in moving()
        if (name := called_above(place.model)) is not None
    }
    named = sorted(((kinds[model], count) for model, count in rows.items() if model in kinds), key=_most)
    rest = sum(count for model, count in rows.items() if model not in kinds)
    return [*named, (OTHERS, rest)] if rest else named


def _most(row: tuple[Any, int]) -> int:
    return -row[1]
