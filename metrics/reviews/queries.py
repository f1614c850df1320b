"""Reads around reviews."""

from django.db.models import F, Q, QuerySet

from metrics.reviews.models import ReviewAction
from partners.directory.models import Partner
from partners.directory.queries import managers
from portal.accounts.models import Membership


def may_promise(partner: Partner) -> QuerySet[Membership]:
    """Who may have something to do from a partner's review: the vendor's people and the partner's."""
    people = Membership.objects.filter(tenant_id=partner.tenant_id, is_active=True)
    return people.filter(Q(pk__in=managers().values("pk")) | Q(partner_id=partner.pk)).select_related("user")


def own_actions(member: Membership) -> QuerySet[ReviewAction]:
    """What a member has to do from reviews, what is open first."""
    done = F("done_at").desc(nulls_first=True)
    return ReviewAction.objects.filter(owner=member).order_by(done, "due_on", "pk")
