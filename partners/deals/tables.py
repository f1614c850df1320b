"""Columns of the lists of deals."""

from datetime import date
from typing import Any

from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import OPEN_STAGES, RegistrationStatus, RequestKind, SalesStage
from partners.deals.models import Deal
from partners.deals.offers import may_use
from partners.deals.workdays import today
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.tables import (
    BadgeColumn,
    Column,
    DateColumn,
    LinkColumn,
    MoneyColumn,
    Table,
    badge_html,
    row_address,
)

S = RegistrationStatus
STATUS_TONES = {
    S.DRAFT: ("neutral", "pencil"),
    S.SUBMITTED: ("info", "send"),
    S.IN_REVIEW: ("info", "eye"),
    S.RETURNED: ("warning", "arrow-back-up"),
    S.APPROVED: ("success", "shield-check"),
    S.REJECTED: ("danger", "x"),
    S.WITHDRAWN: ("neutral", "ban"),
    S.WON: ("success", "trophy"),
    S.LOST: ("neutral", "mood-sad"),
    S.EXPIRED: ("neutral", "clock-off"),
    S.CANCELLED: ("neutral", "ban"),
}
STAGE_TONES = {
    SalesStage.WON: ("success", "trophy"),
    SalesStage.LOST: ("neutral", "mood-sad"),
}


WAITS = {
    "win": (_("Win to confirm"), "accent", "trophy"),
    RequestKind.APPEAL: (_("Appeal"), "warning", "scale"),
    RequestKind.EXTENSION: (_("More time"), "accent", "clock-plus"),
}


class StageColumn(BadgeColumn):
    """The stage; of a deal that the member can move, with the stages that it can go to."""

    def cell(self, value: Any, record: Deal, table: Table) -> str:
        badge = super().cell(value, record, table)
        if not may_use(table.request.membership, record, "update"):
            return badge
        choices = format_html_join(
            "",
            '<button class="dropdown-item" type="submit" name="stage" value="{}"{}>{}</button>',
            (
                (stage.value, mark_safe(" disabled") if stage == record.stage else "", stage.label)
                for stage in OPEN_STAGES
            ),
        )
        return format_html(
            '<div class="dropdown"><button class="badge-button" type="button" data-bs-toggle="dropdown"'
            ' data-bs-popper-config=\'{{"strategy":"fixed"}}\' aria-expanded="false">{}<i class="ti ti-chevron-down"'
            ' aria-hidden="true"></i><span class="visually-hidden"> {}</span></button>'
            '<form class="dropdown-menu" method="post" action="{}"><input type="hidden" name="csrfmiddlewaretoken"'
            ' value="{}"><input type="hidden" name="version" value="{}"><input type="hidden" name="next" value="{}">'
            "{}</form></div>",
            badge,
            _g("Move %s") % record.headline,
            turl(table.request, "deals:move", record.pk),
            get_token(table.request),
            record.version,
            table.request.get_full_path(),
            choices,
        )


class NextStepColumn(DateColumn):
    """The day of the next step, marked when it has passed and the deal is still open."""

    def cell(self, value: date, record: Deal, table: Table) -> str:
        if record.is_live and value < today(table.request.tenant):
            return badge_html(short_date(value), "danger", "alarm")
        return super().cell(value, record, table)


class DealTable(Table):
    """For a partner's people."""

    title = LinkColumn(_("Deal"), accessor="headline", order_by="title", to="deals:detail", second="subline")
    number = Column(_("Number"), visible=False)
    customer = Column(_("Customer"), order_by="customer__name")
    status = BadgeColumn(_("Registration"), tones=STATUS_TONES)
    stage = StageColumn(_("Stage"), tones=STAGE_TONES, needs=("partner",))
    next_step_on = NextStepColumn(_("Next step"), phone=False)
    # Exported; on the page the titles say it, and the width goes to the next step.
    product = Column(_("Product"), order_by="product__name", visible=False)
    amount = MoneyColumn(_("Expected"), order_by="amount_base")
    revenue = MoneyColumn(_("Won"), order_by="revenue_base", phone=False)
    expected_close = DateColumn(_("Expected close"), phone=False)
    closed_on = DateColumn(_("Closed"), phone=False)

    class Meta(Table.Meta):
        caption = _("Deals")


class VendorDealTable(DealTable):
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")

    class Meta(DealTable.Meta):
        sequence = ("title", "partner", "...")


# For each thing that waits: what a key does, and the verb behind it.
ANSWERS = {
    "registration": (("a", "approve"), ("r", "return"), ("x", "reject")),
    "win": (("a", "confirm_win"), ("x", "decline_win")),
    RequestKind.APPEAL: (("a", "grant_appeal"), ("x", "uphold")),
    RequestKind.EXTENSION: (("a", "extend"), ("x", "decline_extension")),
}
ANSWER_LABELS = {
    "approve": _("Approve"),
    "return": _("Return"),
    "reject": _("Reject"),
    "confirm_win": _("Confirm"),
    "decline_win": _("Decline"),
    "grant_appeal": _("Grant"),
    "uphold": _("Uphold"),
    "extend": _("Extend"),
    "decline_extension": _("Decline"),
}


class InboxTable(Table):
    """What waits for a decision, each row with its answers."""

    title = LinkColumn(_("Deal"), accessor="headline", order_by="title", to="deals:detail", second="subline")
    number = Column(_("Number"), visible=False)
    partner = LinkColumn(_("Partner"), to="directory:partner", pk="partner_id", order_by="partner__name")
    amount = MoneyColumn(_("Expected"), order_by="amount_base")
    status = BadgeColumn(_("What"), tones=STATUS_TONES)
    answer_due_at = Column(_("Answer by"))
    decide = Column(_("Decide"), accessor="pk", orderable=False, exclude_from_export=True)

    class Meta(Table.Meta):
        caption = _("Waiting for a decision")

    def render_status(self, value: Any, record: Deal) -> Any:
        what = badge_html(*WAITS.get(record.awaits, (value, *STATUS_TONES[S(record.status)])))
        marks = [what]
        if getattr(record, "in_conflict", False):
            marks.append(badge_html(_g("Conflict"), "warning", "git-merge"))
        if record.needs_two and record.is_waiting:
            marks.append(
                badge_html(_g("1 of 2") if record.first_approver_id else _g("Two people"), "info", "users")
            )
        return format_html_join(" ", "{}", ((mark,) for mark in marks))

    def value_status(self, value: Any, record: Deal) -> str:
        return str(WAITS[record.awaits][0] if record.awaits in WAITS else value)

    def render_answer_due_at(self, value: Any, record: Deal) -> Any:
        due: Any = short_date(value)
        if value < timezone.now():
            due = badge_html(_g("Late since %s") % due, "danger", "alarm")
        since = record.waiting_since or record.submitted_at
        age = _g("waiting %s") % timesince(since, depth=1) if since else ""
        return format_html('<span>{}<small class="second">{}</small></span>', due, age)

    def render_decide(self, record: Deal) -> Any:
        """A box to pick the row, and its answers; approving a registration needs no page of its own."""
        parts = [self._answer(record, key, verb) for key, verb in ANSWERS.get(record.awaits, ())]
        if record.is_waiting:
            parts.insert(
                0,
                format_html(
                    '<input type="checkbox" class="form-check-input" name="deal" value="{}:{}" form="bulk"'
                    ' aria-label="{}" data-pick>',
                    record.pk,
                    record.version,
                    _g("Pick %s") % record.number,
                ),
            )
        return format_html(
            '<span class="answers">{}</span>', format_html_join("", "{}", ((p,) for p in parts))
        )

    def _answer(self, record: Deal, key: str, verb: str) -> Any:
        label, number, shown = ANSWER_LABELS[verb], record.number, key.upper()
        if verb == "approve":
            return format_html(
                '<button type="submit" class="btn btn-sm" form="bulk" name="one" value="approve:{}:{}" data-key="{}">'
                '{}<span class="visually-hidden"> {}</span><kbd aria-hidden="true">{}</kbd></button>',
                record.pk,
                record.version,
                key,
                label,
                number,
                shown,
            )
        address = row_address(f"deals:{verb}", self.request.tenant.slug, record.pk)
        return format_html(
            '<a class="btn btn-sm" href="{}" data-key="{}">{}<span class="visually-hidden"> {}</span>'
            '<kbd aria-hidden="true">{}</kbd></a>',
            address,
            key,
            label,
            number,
            shown,
        )
