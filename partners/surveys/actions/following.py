"""What is done about answers."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.models import Partner
from partners.surveys.answers import answers_of
from partners.surveys.enums import FOLLOW_UP_TRANSITIONS, FollowUpStatus
from partners.surveys.models import FollowUp, Survey, SurveyPolicy, SurveyResponse
from partners.surveys.questions import is_detractor, read
from portal.accounts.access import check
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id


def add_follow_up(
    survey: Survey,
    *,
    by: Membership,
    title: str,
    owner: Membership,
    due_on: dt.date,
    note: str = "",
    response: SurveyResponse | None = None,
) -> FollowUp:
    """Give somebody of the vendor's something to do about a survey, or about one answer that is not anonymous."""
    check(by, "surveys.add_follow_up")
    if response is not None and (response.is_anonymous or response.survey_id != survey.pk):
        raise ActionRefused(_("Nothing leads from an anonymous answer to a person."))
    _refuse_owner(owner)
    follow_up = FollowUp.objects.create(
        survey=survey,
        response=response,
        partner_id=response.partner_id if response else None,
        title=title,
        owner=owner,
        due_on=due_on,
        note=note,
    )
    _record("follow_up.created", follow_up, by)
    return follow_up


def change_follow_up(
    follow_up: FollowUp,
    *,
    by: Membership,
    title: str,
    owner: Membership,
    due_on: dt.date,
    status: str,
    note: str,
) -> FollowUp:
    """Say how far it is, put it off, or hand it to somebody else."""
    follow_up = FollowUp.objects.select_for_update(of=("self",)).get(pk=follow_up.pk)
    check(by, "surveys.change_follow_up", follow_up)
    old_status, old_owner = FollowUpStatus(follow_up.status), follow_up.owner_id
    if status != old_status and status not in FOLLOW_UP_TRANSITIONS[old_status]:
        raise ActionRefused(_("Open it again first."), field="status")
    if owner.pk != old_owner:
        _refuse_owner(owner)
    follow_up.title, follow_up.owner, follow_up.due_on = title, owner, due_on
    follow_up.status, follow_up.note = status, note
    follow_up.save()
    _record("follow_up.handed_over" if owner.pk != old_owner else "follow_up.changed", follow_up, by)
    return follow_up


def follow_detractors(response_ids: Iterable[UUID]) -> int:
    """Make a task of each dissatisfied answer that is not anonymous, once, where the tenant wants that."""
    policy = SurveyPolicy.objects.first() or SurveyPolicy()
    if not policy.follow_detractors:
        return 0
    responses = SurveyResponse.objects.filter(
        pk__in=set(response_ids), is_anonymous=False, follow_ups=None
    ).select_related("survey", "version", "customer", "partner", "member__user", "invitation")
    found = [row for row in responses if is_detractor(read(row.version.questions), answers_of(row))]
    owners = _owners({row.partner_id for row in found if row.partner_id})
    fallback = _an_admin()
    made = 0
    for row in found:
        owner = owners.get(row.partner_id) or fallback
        if owner is None:
            continue
        due = timezone.localdate() + dt.timedelta(days=policy.follow_days)
        follow_up, new = FollowUp.objects.get_or_create(
            response=row,
            by_itself=True,
            defaults={
                "survey": row.survey,
                "partner_id": row.partner_id,
                "title": _title(row),
                "owner": owner,
                "due_on": due,
            },
        )
        if new:
            made += 1
            _record("follow_up.created", follow_up, None)
    return made


def _title(response: SurveyResponse) -> str:
    person = response.invitation.name or response.invitation.email if response.invitation else ""
    who = response.customer or response.partner or person or _("somebody")
    return (_("Talk to %s about a dissatisfied answer") % who)[:200]


def _owners(partner_ids: set[UUID]) -> dict[UUID | None, Membership]:
    """The channel managers of these partners who still have access."""
    partners = Partner.objects.filter(pk__in=partner_ids, manager__is_active=True).select_related("manager")
    return {partner.pk: partner.manager for partner in partners if partner.manager}


def _an_admin() -> Membership | None:
    admins = Membership.objects.filter(tenant_id=current_tenant_id(), role=Role.ADMIN, is_active=True)
    return admins.order_by("created_at", "pk").first()


def _refuse_owner(owner: Membership) -> None:
    if not owner.is_active or not owner.is_vendor:
        raise ActionRefused(_("Choose somebody of your own people."), field="owner")


def _record(event: str, follow_up: FollowUp, by: Membership | None) -> None:
    data: dict[str, Any] = {
        "new": {
            "title": follow_up.title,
            "status": follow_up.status,
            "owner": str(follow_up.owner_id),
            "due_on": follow_up.due_on.isoformat(),
        }
    }
    record(event, subject=follow_up, by=by, data=data)
