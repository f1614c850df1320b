"""A programme in which everything that an address can name exists twice: once for each of two partners."""

from dataclasses import dataclass, field
from datetime import date

from incentives.example import create_example_programme
from incentives.ledger.actions import post_ledger
from incentives.tiers.actions import evaluate_tiers
from metrics.actions import recompute_periods
from metrics.periods import PeriodKind, calendar_of
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.sweeps.house import incentives, metrics, partners, portal
from tests.sweeps.house.things import Things


@dataclass
class House:
    """A programme with two partners, each with one of everything, and somebody in every role."""

    members: dict[str, Membership] = field(default_factory=dict)
    things: Things = field(default_factory=dict)
    theirs: Things = field(default_factory=dict)
    # What only its member may see, by role.
    personal: dict[str, Things] = field(default_factory=dict)


def furnish(tenant: Tenant) -> House:
    """Partner ours, whose owner and member sign in, and partner theirs, whom they must never meet."""
    with tenant_scope(tenant.pk):
        ours, theirs = PartnerFactory(name="Ours"), PartnerFactory(name="Theirs")
        manager, admin = make_member(Role.CHANNEL_MANAGER), make_member(Role.ADMIN)
        Partner.objects.update(manager=manager)
        members = {
            Role.PARTNER_OWNER: make_member(Role.PARTNER_OWNER, partner=ours),
            Role.PARTNER_MEMBER: make_member(Role.PARTNER_MEMBER, partner=ours),
            Role.CHANNEL_MANAGER: manager,
            Role.ADMIN: admin,
        }
        of_ours, of_theirs = _things_of(ours, manager), _things_of(theirs, manager)
        _score(tenant, ours, theirs)
        of_ours |= incentives.scored(ours, manager)
        of_theirs |= incentives.scored(theirs, manager)
        paid = incentives.pay_out([ours, theirs], manager, admin)
        of_ours |= incentives.statement_of(ours)
        of_theirs |= incentives.statement_of(theirs)
        shared = {
            **portal.of_all(manager, admin),
            **partners.of_all(ours, members),
            **metrics.of_all(ours, admin),
            **incentives.of_all(ours, manager),
            **paid,
        }
        them = Membership.objects.get(pk=of_theirs["colleague"])
        asked = partners.ask_everybody(members, them)
        personal: dict[str, Things] = {
            role: {"notification": portal.tell(member), "asked": asked.invitations[member.pk]}
            for role, member in members.items()
        }
        shared |= asked.shared | portal.a_view(admin, name="Shared") | personal[Role.ADMIN]
        for role, member in members.items():
            if member.is_vendor:
                personal[role] |= portal.a_view(member)
        of_theirs |= {"asked": asked.theirs, "notification": portal.tell(them)}
    return House(members, {**shared, **of_ours}, {**shared, **of_theirs}, personal)


def _things_of(partner: Partner, manager: Membership) -> Things:
    colleague = make_member(Role.PARTNER_MEMBER, partner=partner)
    things = partners.of_partner(partner, manager, colleague)
    return {
        **things,
        **portal.of_partner(Deal.objects.get(pk=things["deal"]), manager, colleague),
        **metrics.of_partner(partner),
        **incentives.a_request_for_funds(partner, colleague),
    }


def _score(tenant: Tenant, *both: Partner) -> None:
    keys = [partner.pk for partner in both]
    create_example_programme(by=None, starts_on=date(2026, 1, 1))
    recompute_periods([calendar_of(tenant).current(PeriodKind.QUARTER)])
    evaluate_tiers(keys)
    post_ledger(keys)
