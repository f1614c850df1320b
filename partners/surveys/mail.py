"""Letters to customers. Members are told by the portal's notifications."""

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from partners.surveys.links import answer_link, stop_link
from partners.surveys.models import SurveyInvitation
from portal.shell.mail import compose
from portal.tenancy.models import current_tenant


def invitation(row: SurveyInvitation, *, is_reminder: bool) -> EmailMultiAlternatives:
    """The letter with the link to answer, in the language of whoever gets it."""
    tenant = current_tenant()
    stop = stop_link(row, tenant)

    def subject() -> str:
        words = {"survey": row.survey.title, "tenant": tenant.name}
        if is_reminder:
            return _("Reminder: %(survey)s") % words
        return _("%(tenant)s asks for your opinion: %(survey)s") % words

    return compose(
        tenant,
        to=row.email,
        language=row.language,
        subject=subject,
        template="survey",
        context={
            "invitation": row,
            "survey": row.survey,
            "link": answer_link(row, tenant),
            "stop": stop,
            "is_reminder": is_reminder,
        },
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
