"""Leads come in, and what they say is kept up to date."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.actions.writing import values
from partners.deals.limits import refuse_unless_writing
from partners.deals.workdays import today
from partners.directory.models import Partner
from partners.directory.names import normalise_domain
from partners.leads.actions.distributing import distribute_now
from partners.leads.actions.writing import lock, refuse_if_stale, save
from partners.leads.enums import LIVE, CriteriaKind, LeadOrigin, LeadStatus
from partners.leads.models import Lead
from partners.leads.qualification import judge
from partners.leads.queries import criteria, policy
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.tenancy.sequences import next_number

SAID = (
    "company",
    "domain",
    "person",
    "job_title",
    "email",
    "phone",
    "country",
    "region",
    "industry",
    "employees",
    "budget",
    "product",
    "family",
    "need",
    "source",
    "channel",
    "consent",
    "external_id",
)
LEAD_FIELDS = frozenset({*SAID, "notes", "owner"})
# What a partner may write on a lead that the vendor gave it: its own working notes.
WORKING_FIELDS = frozenset({"notes", "owner"})
_DERIVED = ("family", "domain", "qualified", "marketing_qualified", "verdict")


def submit_lead(partner: Partner, *, by: Membership, lead_id: UUID | None = None, **fields: Any) -> Lead:
    """A lead that the partner has found; it is the partner's own. `budget` is in minor units of the tenant's currency.

    A form gives its own `lead_id`, so that sending it twice makes one lead.
    """
    check(by, "leads.add_lead", Lead(partner=partner))
    refuse_unless_writing(partner)
    owner = fields.pop("owner", None) or (by if by.is_partner else None)
    lead = _new(by, lead_id, fields)
    lead.partner, lead.owner = partner, owner
    lead.origin, lead.status, lead.submitted_at = LeadOrigin.OWN, LeadStatus.OPEN, timezone.now()
    return _insert(lead, by, told=partner.pk)


def enter_lead(*, by: Membership, lead_id: UUID | None = None, **fields: Any) -> Lead:
    """A lead of the vendor's. Where the tenant wants it so, the rules give it to a partner at once."""
    check(by, "leads.enter_lead")
    # The notes on a lead are its partner's; what the vendor notes is to reach every one that is offered it.
    notes = fields.pop("notes", "")
    if notes:
        fields["need"] = "\n\n".join(part for part in (fields.get("need", ""), notes) if part)[:5000]
    lead = _new(by, lead_id, fields)
    lead.origin, lead.status = LeadOrigin.VENDOR, LeadStatus.UNASSIGNED
    lead = _insert(lead, by, told=None)
    if lead.status == LeadStatus.UNASSIGNED and policy().automatic:
        distribute_now([lead.pk], by=by)
        lead.refresh_from_db()
    return lead


def update_lead(lead: Lead, *, by: Membership, version: int | None = None, **fields: Any) -> Lead:
    """Change what a lead says. On a lead of the vendor's a partner keeps its own notes, and changes nothing else."""
    lead = lock(lead)
    check(by, "leads.change_lead", lead)
    refuse_if_stale(lead, version)
    _only(fields, LEAD_FIELDS)
    if lead.status not in LIVE:
        raise ActionRefused(
            _("A lead that is “%s” can no longer be changed.") % lead.get_status_display(), code="state"
        )
    if lead.partner is not None:
        refuse_unless_writing(lead.partner)
    if by.is_partner and not lead.is_own:
        if lead.status != LeadStatus.OPEN:
            raise ActionRefused(_("Accept the lead before you work on it."), code="state")
        if set(fields) - WORKING_FIELDS:
            raise ActionRefused(
                _("The vendor keeps this lead’s details; your notes are yours."), code="vendors"
            )
    names = [*fields, *(name for name in _DERIVED if name not in fields)]
    before, was = values(lead, names), (lead.qualified, lead.marketing_qualified)
    for name, value in fields.items():
        setattr(lead, name, value)
    _derive(lead)
    after = values(lead, names)
    changed = [name for name in names if before[name] != after[name]]
    if not changed:
        return lead
    if lead.external_id and "external_id" in changed and _is_taken(lead.external_id):
        raise ActionRefused(
            _("Another lead has this external id already."), field="external_id", code="taken"
        )
    save(lead, {name: getattr(lead, name) for name in changed})
    told = [name for name in changed if name not in ("verdict", "qualified", "marketing_qualified")]
    data: dict[str, Any] = {"fields": told}
    # A later holder must not read what an earlier one wrote, nor an earlier one what is written now.
    if lead.is_own:
        data |= {
            "old": {name: _text(before[name]) for name in told},
            "new": {name: _text(after[name]) for name in told},
        }
    if told:
        mine = lead.is_own or by.is_partner
        record("lead.updated", subject=lead, by=by, partner_id=lead.partner_id if mine else None, data=data)
    note_verdict(lead, was, by)
    return lead


def note_verdict(lead: Lead, was: tuple[bool, bool], by: Membership | None) -> None:
    """Record that a lead has become qualified, or no longer is."""
    for name, before in zip(("qualified", "marketing_qualified"), was, strict=True):
        now = getattr(lead, name)
        if now != before:
            kind = CriteriaKind.SALES if name == "qualified" else CriteriaKind.MARKETING
            record(
                "lead.qualified" if now else "lead.unqualified",
                subject=lead,
                by=by,
                partner_id=lead.partner_id,
                data={"kind": kind.value},
            )


def _new(by: Membership, lead_id: UUID | None, fields: dict[str, Any]) -> Lead:
    _only(fields, LEAD_FIELDS)
    tenant = by.tenant
    lead = Lead(number=next_number("L", year=today(tenant).year), currency=tenant.currency, **fields)
    if lead_id:
        lead.id = lead_id
    _derive(lead)
    return lead


def _derive(lead: Lead) -> None:
    """Fields that follow from others."""
    if not (lead.company or lead.person):
        raise ActionRefused(_("Name the company or the person."), field="company")
    lead.domain = normalise_domain(lead.domain)
    if lead.product is not None:
        lead.family = lead.product.family
    judge(lead, criteria())


def _insert(lead: Lead, by: Membership, told: UUID | None) -> Lead:
    given = lead.pk
    try:
        with transaction.atomic():
            lead.save(force_insert=True)
    except IntegrityError as error:
        # The same form a second time: the first one has won.
        first = Lead.objects.filter(pk=given, partner_id=lead.partner_id, origin=lead.origin).first()
        if first is not None:
            return first
        if lead.external_id and _is_taken(lead.external_id):
            raise ActionRefused(
                _("Another lead has this external id already."), field="external_id", code="taken"
            ) from error
        raise
    data = {
        "new": {name: _text(value) for name, value in values(lead, SAID).items() if value not in (None, "")}
    }
    data["new"] |= {"status": lead.status, "qualified": lead.qualified}
    record("lead.created", subject=lead, by=by, partner_id=told, data=data)
    return lead


def _is_taken(external_id: str) -> bool:
    with tenant_scope(current_tenant_id()):
        return Lead.objects.filter(external_id=external_id).exists()


def _text(value: Any) -> Any:
    return value if isinstance(value, (int, str, bool, type(None))) else str(value)


def _only(fields: dict[str, Any], allowed: frozenset[str]) -> None:
    unknown = sorted(set(fields) - allowed)
    if unknown:
        raise TypeError(f"These fields cannot be written here: {', '.join(unknown)}")
