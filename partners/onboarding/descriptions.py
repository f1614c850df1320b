"""What an event of an application says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


def _new(event: Event, name: str) -> str:
    return str(event.data.get("new", {}).get(name) or "")


def _with_reason(sentence: str, event: Event) -> str:
    reason = event.data.get("reason", "")
    return f"{sentence}: {reason}" if reason else f"{sentence}."


@describes("application.submitted")
def submitted(event: Event) -> str:
    return _("%s applied.") % _new(event, "company")


@describes("application.answered")
def answered(event: Event) -> str:
    return _("The applicant answered.")


@describes("application.withdrawn")
def withdrawn(event: Event) -> str:
    return _("The applicant withdrew.")


@describes("application.review_started")
def review_started(event: Event) -> str:
    return _("Started the review.")


@describes("application.assigned")
def assigned(event: Event) -> str:
    name = _new(event, "manager")
    return (
        _("Gave the application to %s.") % name
        if name
        else _("Gave the application to nobody in particular.")
    )


@describes("application.scored")
def scored(event: Event) -> str:
    return _("%(criterion)s: %(points)s points.") % {
        "criterion": _new(event, "criterion"),
        "points": event.data["new"]["points"],
    }


@describes("application.returned")
def returned(event: Event) -> str:
    return _with_reason(_("Asked for more"), event)


@describes("application.approved")
def approved(event: Event) -> str:
    return _with_reason(_("Approved the application of %s") % _new(event, "company"), event)


@describes("application.rejected")
def rejected(event: Event) -> str:
    return _with_reason(_("Rejected the application of %s") % _new(event, "company"), event)


@describes("referral.made")
def referred(event: Event) -> str:
    return _("Referred %s.") % _new(event, "company")


@describes("onboarding.policy_changed")
def policy_changed(event: Event) -> str:
    return _("Changed how applications are taken.")


@describes("onboarding.question_saved", "onboarding.question_moved")
def question_saved(event: Event) -> str:
    return _("Changed the application form: %s") % _new(event, "text")


@describes("onboarding.question_removed")
def question_removed(event: Event) -> str:
    return _("Took a question out of the application form: %s") % event.data["old"]["text"]


@describes("onboarding.criterion_saved", "onboarding.criterion_moved")
def criterion_saved(event: Event) -> str:
    return _("Changed the scoring sheet: %s.") % _new(event, "name")


@describes("onboarding.criterion_removed")
def criterion_removed(event: Event) -> str:
    return _("Took a criterion off the scoring sheet: %s.") % event.data["old"]["name"]


@describes("agreement.saved")
def agreement_saved(event: Event) -> str:
    return _("Changed the agreement “%s”.") % _new(event, "name")


@describes("agreement.published")
def agreement_published(event: Event) -> str:
    sentence = _("Published version %(version)s of “%(name)s”") % event.data["new"]
    return _with_reason(sentence, event)


@describes("agreement.accepted")
def agreement_accepted(event: Event) -> str:
    return _("Accepted version %(version)s of “%(name)s”.") % event.data["new"]


@describes("document.kind_saved")
def document_kind_saved(event: Event) -> str:
    return _("Changed the kind of document “%s”.") % _new(event, "name")


@describes("document.sent")
def document_sent(event: Event) -> str:
    return _("Handed in: %s.") % _new(event, "name")


@describes("document.accepted")
def document_accepted(event: Event) -> str:
    return _("Accepted the document “%s”.") % _new(event, "name")


@describes("document.refused")
def document_refused(event: Event) -> str:
    return _with_reason(_("Refused the document “%s”") % _new(event, "name"), event)


@describes("document.expiring")
def document_expiring(event: Event) -> str:
    return _("The document “%s” runs out soon.") % _new(event, "name")


@describes("document.expired")
def document_expired(event: Event) -> str:
    return _("The document “%s” has run out.") % _new(event, "name")


@describes("onboarding.plan_saved", "onboarding.plan_moved")
def plan_saved(event: Event) -> str:
    return _("Changed the plan “%s”.") % _new(event, "name")


@describes("onboarding.plan_removed")
def plan_removed(event: Event) -> str:
    return _("Removed the plan “%s”.") % event.data["old"]["name"]


@describes("onboarding.step_saved", "onboarding.step_moved", "onboarding.step_removed")
def plan_step_changed(event: Event) -> str:
    return _("Changed the step “%(title)s” of the plan “%(name)s”.") % event.data["new"]


@describes("onboarding.started")
def onboarding_started(event: Event) -> str:
    return _("Began to get started with the plan “%s”.") % _new(event, "plan")


@describes("onboarding.step_done")
def step_done(event: Event) -> str:
    return _("Done: %s.") % _new(event, "title")


@describes("onboarding.step_skipped")
def step_skipped(event: Event) -> str:
    return _with_reason(_("Left out: %s") % _new(event, "title"), event)


@describes("onboarding.step_reopened")
def step_reopened(event: Event) -> str:
    return _("Open again: %s.") % _new(event, "title")


@describes("onboarding.step_due")
def step_due(event: Event) -> str:
    return _("Due soon: %s.") % _new(event, "title")


@describes("onboarding.step_overdue")
def step_overdue(event: Event) -> str:
    return _("Overdue: %s.") % _new(event, "title")


@describes("onboarding.stopped")
def onboarding_stopped(event: Event) -> str:
    return _with_reason(_("Stopped the plan “%s”") % _new(event, "plan"), event)


@describes("onboarding.finished")
def onboarding_finished(event: Event) -> str:
    return _("Finished the plan “%s”.") % _new(event, "plan")
