"""Leads are given to partners: by the rules, by hand, or from the pool; and the partners answer.

What leads leave one partner and reach another runs on the vendor's side of the wall: nobody's session may see both.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.deals.limits import refuse_unless_writing
from partners.directory.models import Partner
from partners.leads.actions.writing import (
    FORGOTTEN,
    begin,
    lock,
    queue_up,
    refuse_without,
    write,
)
from partners.leads.distribution import Placement, Roster, answer_due, may_pick, place
from partners.leads.enums import LeadOrigin, LeadStatus, OfferMeans, OfferState, RuleOutcome
from partners.leads.models import Lead, LeadOffer
from partners.leads.queries import assignable_partners, policy, rules
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record_many
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

Status = LeadStatus
BATCH = 500
_PLACED = [
    "status",
    "partner_id",
    "owner_id",
    "notes",
    "rule_id",
    "offers_made",
    "pooled_at",
    "offered_at",
    "answer_due_at",
    "accepted_at",
    "region",
    "version",
    "updated_at",
]


# --- by the rules --------------------------------------------------------------------------------


def distribute(lead: Lead, *, by: Membership, version: int | None = None) -> Lead:
    """Have the rules say again where a lead goes that nobody has."""
    queue_up()
    locked = lock(lead)
    check(by, "leads.distribute_lead", locked)
    if locked.status not in (Status.UNASSIGNED, Status.POOL):
        raise ActionRefused(
            _("A lead that is “%s” is not to be distributed.") % locked.get_status_display(), code="state"
        )
    if locked.status == Status.POOL:
        locked.status = Status.UNASSIGNED
        locked.save(update_fields=["status"])
    distribute_now([locked.pk], by=by)
    return lock(lead)


def distribute_waiting(*, by: Membership) -> int:
    """Give out by the rules what waits, up to a batch; how many found a partner."""
    check(by, "leads.distribute_lead")
    waiting = Lead.objects.filter(status=Status.UNASSIGNED).order_by("created_at", "pk")
    return distribute_now(list(waiting.values_list("pk", flat=True)[:BATCH]), by=by)


def distribute_now(lead_ids: Collection[UUID], *, by: Membership | None = None) -> int:
    """Give these leads out by the rules, where nobody has them; how many were offered to a partner.

    A few queries, whatever the number of leads. Without `by` the portal itself does it.
    """
    with tenant_scope(current_tenant_id()):
        queue_up()
        leads = list(
            Lead.objects.select_for_update(of=("self",))
            .filter(pk__in=lead_ids, status=Status.UNASSIGNED, origin=LeadOrigin.VENDOR)
            .order_by("pk")
        )
        return _give_out(leads, by) if leads else 0


def _give_out(leads: list[Lead], by: Membership | None) -> int:
    tenant, now = current_tenant(), timezone.now()
    in_order, terms, roster = rules(), policy(), Roster.load(tenant, now)
    tried = _tried(leads)
    due = answer_due(terms, now, tenant)
    offers: list[LeadOffer] = []
    events: list[EventDraft] = []
    for lead in leads:
        lead.region = lead.region or roster.region_of(lead.country)
        placement = place(lead, in_order, roster, terms, tried[lead.pk])
        offer = _placed(lead, placement, now, due)
        if offer is not None:
            offers.append(offer)
        events.append(_placement_event(lead, placement, by))
    Lead.objects.bulk_update(leads, _PLACED, batch_size=BATCH)
    LeadOffer.objects.bulk_create(offers, batch_size=BATCH)
    record_many(events)
    return len(offers)


def _placed(lead: Lead, placement: Placement, now: datetime, due: datetime) -> LeadOffer | None:
    """Write the placement into the lead (not to the database); the offer, where there is one."""
    for name, value in FORGOTTEN.items():
        setattr(lead, name, value)
    lead.rule_id = placement.rule.pk if placement.rule else None
    lead.version += 1
    lead.updated_at = now
    lead.pooled_at = None
    if placement.candidate is None:
        if placement.outcome == RuleOutcome.POOL:
            lead.status, lead.pooled_at = Status.POOL, now
        return None
    placement.candidate.took(now)
    lead.status, lead.partner_id = Status.OFFERED, placement.candidate.pk
    lead.offered_at, lead.answer_due_at = now, due
    lead.offers_made += 1
    return LeadOffer(
        lead=lead, partner_id=placement.candidate.pk, means=OfferMeans.RULE, offered_at=now, due_at=due
    )


def _placement_event(lead: Lead, placement: Placement, by: Membership | None) -> EventDraft:
    """For the partner that is offered it, or for the vendor alone."""
    if placement.candidate is not None:
        data = _offer_data(lead, placement.candidate.name, OfferMeans.RULE)
        return EventDraft("lead.offered", lead, by, lead.partner_id, data)
    rule = {"rule": placement.rule.name if placement.rule else ""}
    return EventDraft("lead.pooled" if lead.status == Status.POOL else "lead.held", lead, by, None, rule)


def _offer_data(lead: Lead, partner: str, means: OfferMeans) -> dict[str, Any]:
    assert lead.answer_due_at is not None
    return {"partner": partner, "means": means.value, "due": lead.answer_due_at.isoformat()}


def _tried(leads: list[Lead]) -> dict[UUID, set[UUID]]:
    """Who has had each lead already: nobody is offered one twice."""
    tried: dict[UUID, set[UUID]] = defaultdict(set)
    offers = LeadOffer.objects.filter(lead__in=[lead.pk for lead in leads]).order_by()
    for lead_id, partner_id in offers.values_list("lead_id", "partner_id"):
        tried[lead_id].add(partner_id)
    return tried


# --- by hand -------------------------------------------------------------------------------------


def offer(lead: Lead, partner: Partner, *, by: Membership, version: int | None = None) -> Lead:
    """Give a lead that nobody has to a partner of one's own choice, to answer in time."""
    queue_up()
    lead = begin(lead, "offer", by, version)
    if not assignable_partners(by).filter(pk=partner.pk).exists():
        raise PermissionDenied("leads.offer_lead")
    now = timezone.now()
    tenant = current_tenant()
    due = answer_due(policy(), now, tenant)
    LeadOffer.objects.create(lead=lead, partner=partner, means=OfferMeans.HAND, offered_at=now, due_at=due)
    changes = {
        **FORGOTTEN,
        "status": Status.OFFERED,
        "partner_id": partner.pk,
        "offered_at": now,
        "answer_due_at": due,
        "pooled_at": None,
        "offers_made": lead.offers_made + 1,
    }
    data = {"partner": partner.name, "means": OfferMeans.HAND.value, "due": due.isoformat()}
    return write(lead, "lead.offered", by, changes, told=partner.pk, **data)


def put_in_pool(lead: Lead, *, by: Membership, version: int | None = None) -> Lead:
    """Let the partners that a lead is for pick it: the first who does has it."""
    queue_up()
    lead = begin(lead, "put_in_pool", by, version)
    changes = {**FORGOTTEN, "status": Status.POOL, "pooled_at": timezone.now()}
    return write(lead, "lead.pooled", by, changes, told=None, rule="")


def take_back(lead: Lead, *, by: Membership, version: int | None = None) -> Lead:
    """Take a lead of the vendor's from the pool or from its partner, to be distributed anew."""
    queue_up()
    lead = begin(lead, "take_back", by, version)
    if lead.is_own:
        raise ActionRefused(_("A partner’s own lead stays with the partner."), code="state")
    holder = lead.partner_id
    _close_offer(lead, OfferState.WITHDRAWN, by)
    changes = {**FORGOTTEN, "status": Status.UNASSIGNED, "pooled_at": None}
    return write(lead, "lead.taken_back", by, changes, told=holder)


def take_back_from(partner_id: UUID, *, limit: int = BATCH) -> int:
    """Take the vendor's open leads from a partner that has left, and give them out anew; how many, at most `limit`.

    What the partner found itself stays with it, as a record of what was.
    """
    queue_up()
    held = list(
        Lead.objects.select_for_update(of=("self",))
        .filter(partner_id=partner_id, origin=LeadOrigin.VENDOR, status__in=(Status.OFFERED, Status.OPEN))
        .order_by("pk")[:limit]
    )
    for lead in held:
        LeadOffer.objects.filter(lead=lead, state=OfferState.WAITING).update(
            state=OfferState.WITHDRAWN, answered_at=timezone.now()
        )
        changes = {**FORGOTTEN, "status": Status.UNASSIGNED, "pooled_at": None}
        write(lead, "lead.taken_back", None, changes, told=partner_id)
    distribute_now([lead.pk for lead in held])
    return len(held)


# --- what partners answer --------------------------------------------------------------------------


def accept(lead: Lead, *, by: Membership, version: int | None = None) -> Lead:
    """Take on a lead that was offered."""
    with tenant_scope(current_tenant_id()):
        lead = begin(lead, "accept", by, version)
        _refuse_unless_trading(lead)
        now = timezone.now()
        if lead.answer_due_at is not None and lead.answer_due_at < now:
            raise ActionRefused(_("The time to answer has passed, and the lead has moved on."), code="late")
        _close_offer(lead, OfferState.ACCEPTED, by)
        changes = {
            "status": Status.OPEN,
            "accepted_at": now,
            "answer_due_at": None,
            "owner_id": by.pk if by.is_partner else None,
        }
        return write(lead, "lead.accepted", by, changes, told=lead.partner_id)


def decline(lead: Lead, *, by: Membership, reason: str, version: int | None = None) -> None:
    """Refuse a lead that was offered, with the reason. The rules give it to someone else."""
    with tenant_scope(current_tenant_id()):
        queue_up()
        lead = begin(lead, "decline", by, version)
        reason = refuse_without(reason, _("Say why, so that the next leads suit you better."))
        holder = lead.partner_id
        _close_offer(lead, OfferState.DECLINED, by, reason)
        write(
            lead,
            "lead.declined",
            by,
            {**FORGOTTEN, "status": Status.UNASSIGNED},
            told=holder,
            partner=_name_of(holder),
            reason=reason,
        )
        distribute_now([lead.pk])


def move_on_due(now: datetime, *, limit: int = BATCH) -> int:
    """Move on the offers that were not answered in time; how many, at most `limit`.

    Rows that someone is answering right now are left for the next run.
    """
    queue_up()
    due = list(
        Lead.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=Status.OFFERED, answer_due_at__lte=now)
        .order_by("pk")[:limit]
    )
    if not due:
        return 0
    holders = {lead.pk: lead.partner_id for lead in due if lead.partner_id}
    names = dict(Partner.objects.filter(pk__in=holders.values()).values_list("pk", "name"))
    LeadOffer.objects.filter(lead__in=due, state=OfferState.WAITING).update(
        state=OfferState.LAPSED, answered_at=now
    )
    for lead in due:
        for name, value in FORGOTTEN.items():
            setattr(lead, name, value)
        lead.status = Status.UNASSIGNED
    record_many(
        EventDraft(
            "lead.moved_on",
            lead,
            partner_id=holders[lead.pk],
            data={"partner": names[holders[lead.pk]], "old": {"status": Status.OFFERED.value}},
        )
        for lead in due
    )
    # Until they are placed they are nobody's, and a lead that no rule takes stays so.
    Lead.objects.bulk_update(due, _PLACED, batch_size=BATCH)
    _give_out(due, None)
    return len(due)


def pick(lead_id: UUID, *, by: Membership) -> Lead:
    """Take a lead from the pool. The first has it; the next is told that it is gone."""
    check(by, "leads.pick_lead")
    with tenant_scope(current_tenant_id()):
        queue_up()
        partner = Partner.objects.get(pk=by.partner_id)
        refuse_unless_writing(partner)
        lead = Lead.objects.select_for_update(of=("self",)).filter(pk=lead_id).first()
        if lead is None or lead.status != Status.POOL or not _is_for(lead, partner):
            raise ActionRefused(_("This lead is no longer in the pool: someone was quicker."), code="gone")
        now = timezone.now()
        LeadOffer.objects.create(
            lead=lead,
            partner=partner,
            means=OfferMeans.PICK,
            state=OfferState.ACCEPTED,
            offered_at=now,
            answered_at=now,
            answered_by=by,
        )
        changes = {
            **FORGOTTEN,
            "status": Status.OPEN,
            "partner_id": partner.pk,
            "owner_id": by.pk,
            "offered_at": now,
            "accepted_at": now,
            "pooled_at": None,
        }
        return write(lead, "lead.picked", by, changes, told=partner.pk, partner=partner.name)


def _is_for(lead: Lead, partner: Partner) -> bool:
    """Whether the partner may pick it: it is for the partner, who has not had it before."""
    if LeadOffer.objects.filter(lead=lead, partner=partner).exists():
        return False
    candidate = Roster.load(current_tenant(), timezone.now()).get(partner.pk)
    return candidate is not None and may_pick(lead, lead.rule, candidate)


def _close_offer(lead: Lead, state: OfferState, by: Membership, reason: str = "") -> None:
    LeadOffer.objects.filter(lead=lead, state=OfferState.WAITING).update(
        state=state, answered_at=timezone.now(), answered_by=by, reason=reason
    )


def _refuse_unless_trading(lead: Lead) -> None:
    if lead.partner is not None:
        refuse_unless_writing(lead.partner)


def _name_of(partner_id: UUID | None) -> str:
    return Partner.objects.values_list("name", flat=True).get(pk=partner_id) if partner_id else ""
