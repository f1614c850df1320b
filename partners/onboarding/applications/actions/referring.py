"""Partners send companies that might become partners, too."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.models import Partner
from partners.onboarding.applications import guard
from partners.onboarding.applications.letters import invite_to_apply
from partners.onboarding.applications.models import Referral
from partners.onboarding.applications.queries import policy
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id, tenant_scope

NOT_AGAIN_FOR = timedelta(days=30)


def refer(*, by: Membership, company: str, person: str, email: str, message: str = "") -> Referral:
    """Invite somebody to apply, in the partner's name. The partner sees how it goes, and nothing else."""
    check(by, "onboarding.refer_company")
    email = email.strip().lower()
    with tenant_scope(current_tenant_id()):
        partner = Partner.objects.get(pk=by.partner_id)
        if not partner.may_trade:
            raise ActionRefused(
                _("%(partner)s is %(status)s, so it cannot refer companies now.")
                % {"partner": partner.name, "status": partner.get_status_display().lower()},
                code="partner_status",
            )
        if not policy().is_open:
            raise ActionRefused(_("The programme takes no applications at the moment."), code="closed")
        lock("onboarding.refer", current_tenant_id(), email)
        recent = Referral.objects.filter(email=email, created_at__gt=timezone.now() - NOT_AGAIN_FOR)
        # Another partner's referral stays that partner's business: the letter is sent again, to the same person.
        if recent.filter(partner=partner).exists():
            raise ActionRefused(_("You have invited this person already."), field="email", code="done")
        if not guard.within(guard.PER_PARTNER, str(partner.pk)):
            raise ActionRefused(_("That is enough for today. Go on tomorrow."), code="limit")
        referral = Referral.objects.create(
            partner=partner,
            member=by,
            company=" ".join(company.split()),
            person=person.strip(),
            email=email,
            message=message.strip(),
        )
        invite_to_apply(referral)
        record(
            "referral.made",
            subject=referral,
            by=by,
            partner_id=partner.pk,
            data={"new": {"company": referral.company}},
        )
    return referral
