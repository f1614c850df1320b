"""How the tenant distributes and qualifies leads."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.leads.actions.entry import note_verdict
from partners.leads.enums import LIVE, CriteriaKind
from partners.leads.models import Lead, LeadCriteria, LeadPolicy, LeadRule
from partners.leads.qualification import judge
from partners.leads.queries import criteria
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.jobs.actions import advance, create_job
from portal.jobs.models import Job
from portal.jobs.runner import job_handler, start

RULE_FIELDS = (
    "name",
    "is_active",
    "countries",
    "regions",
    "industries",
    "families",
    "products",
    "min_budget",
    "outcome",
    "partner_types",
    "partner_regions",
    "segments",
    "same_country",
    "same_region",
    "max_open",
    "preference",
)
# As many leads are judged anew at once; more are left to a job.
AT_ONCE = 200
CHUNK = 500
REQUALIFY = "leads.requalify"


# --- rules ----------------------------------------------------------------------------------------


def save_rule(rule: LeadRule | None = None, *, by: Membership, **fields: Any) -> LeadRule:
    """Add a rule after the others, or change one. It applies to leads distributed from now on."""
    check(by, "leads.change_rules")
    unknown = sorted(set(fields) - set(RULE_FIELDS))
    if unknown:
        raise TypeError(f"These fields cannot be written here: {', '.join(unknown)}")
    rows = {row.pk: row for row in _locked_rules()}
    if rule is None:
        last = max((row.position for row in rows.values()), default=0)
        rule, old = LeadRule(position=last + 1), {}
    else:
        rule = rows[rule.pk]
        old = _plain(rule, fields)
    for name, value in fields.items():
        setattr(rule, name, value)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        raise ActionRefused(_("There is a rule of this name already."), field="name", code="taken") from error
    data = {"rule": rule.name, "old": old, "new": _plain(rule, fields)}
    record("leads.rules_changed", subject=rule, by=by, data=data)
    return rule


def move_rule(rule: LeadRule, *, by: Membership, up: bool) -> None:
    """Change places with the rule before or after it."""
    check(by, "leads.change_rules")
    rows = _locked_rules()
    here = next(index for index, row in enumerate(rows) if row.pk == rule.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    one, other = rows[here], rows[there]
    one.position, other.position = other.position, one.position
    LeadRule.objects.bulk_update([one, other], ["position"])
    record(
        "leads.rules_changed", subject=one, by=by, data={"rule": one.name, "moved": "up" if up else "down"}
    )


def delete_rule(rule: LeadRule, *, by: Membership) -> None:
    """Remove a rule. Leads in the pool that it put there stay, for partners of their region."""
    check(by, "leads.change_rules")
    rule = LeadRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    record(
        "leads.rules_changed",
        subject=rule,
        by=by,
        data={"rule": rule.name, "old": _plain(rule, RULE_FIELDS), "deleted": True},
    )
    rule.delete()


def _locked_rules() -> list[LeadRule]:
    return list(LeadRule.objects.select_for_update(of=("self",)).order_by("position"))


# --- terms ----------------------------------------------------------------------------------------


def change_policy(*, by: Membership, **fields: Any) -> LeadPolicy:
    """Set how long partners have to answer and what happens when they do not."""
    check(by, "leads.change_rules")
    LeadPolicy.objects.get_or_create()
    terms = LeadPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(terms, name) for name in fields}
    for name, value in fields.items():
        setattr(terms, name, value)
    terms.save(update_fields=list(fields))
    record("leads.policy_changed", subject=terms, by=by, data={"old": old, "new": fields})
    return terms


# --- criteria -------------------------------------------------------------------------------------


def change_criteria(*, by: Membership, sales: dict[str, Any], marketing: dict[str, Any]) -> Job | None:
    """Say what makes a lead qualified, and judge anew those that are not closed; many of them in a job."""
    check(by, "leads.change_rules")
    for kind, fields in ((CriteriaKind.SALES, sales), (CriteriaKind.MARKETING, marketing)):
        LeadCriteria.objects.get_or_create(kind=kind)
        row = LeadCriteria.objects.select_for_update(of=("self",)).get(kind=kind)
        old = {name: getattr(row, name) for name in fields}
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        data = {"kind": kind.value, "old": old, "new": fields}
        record("leads.criteria_changed", subject=row, by=by, data=data)
    live = Lead.objects.filter(status__in=LIVE)
    count = live[: AT_ONCE + 1].count()
    if count <= AT_ONCE:
        judge_anew(live.order_by("pk"))
        return None
    job = create_job(REQUALIFY, title=_("Leads are judged by the new criteria"), by=by, total=live.count())
    start(job)
    return job


def judge_anew(leads: Any) -> UUID | None:
    """Judge these leads by the criteria as they are now; the last key, None when there was none."""
    by_now, last = criteria(), None
    changed = []
    for lead in leads.select_for_update(of=("self",)):
        last = lead.pk
        was = lead.qualified, lead.marketing_qualified
        if judge(lead, by_now):
            changed.append((lead, was))
    Lead.objects.bulk_update(
        [lead for lead, _was in changed], ["qualified", "marketing_qualified", "verdict"], batch_size=CHUNK
    )
    for lead, was in changed:
        note_verdict(lead, was, None)
    return last


@job_handler(REQUALIFY)
def requalify(job: Job) -> bool:
    """A batch of leads a chunk, in the order of their keys."""
    leads = Lead.objects.filter(status__in=LIVE)
    if job.cursor:
        leads = leads.filter(pk__gt=job.cursor["after"])
    keys = list(leads.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not keys:
        return False
    judge_anew(Lead.objects.filter(pk__in=keys).order_by("pk"))
    advance(job, done=job.done + len(keys), cursor={"after": str(keys[-1])})
    return len(keys) == CHUNK


def _plain(rule: LeadRule, names: Any) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in names}
    return {
        name: [str(item) for item in value] if isinstance(value, list) else value
        for name, value in values.items()
    }
