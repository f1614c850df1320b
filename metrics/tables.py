"""Columns of the lists."""

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from metrics.display import direction, format_change
from metrics.models import Scorecard
from metrics.periods import calendar_of
from portal.shell.tables import (
    Column,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    PercentColumn,
    Table,
    Text,
)

_ARROWS = {"up": "arrow-up-right", "down": "arrow-down-right", "flat": "minus"}


def change_html(change: Decimal, *, judged: bool = True) -> SafeString:
    """A change with its sign and an arrow; good or bad in colour when it is `judged`."""
    way = direction(change)
    tone = {"up": "trend-good", "down": "trend-bad", "flat": ""}[way] if judged else ""
    return format_html(
        '<span class="trend {}"><i class="ti ti-{}" aria-hidden="true"></i>{}</span>',
        tone,
        _ARROWS[way],
        format_change(change),
    )


class ScoreColumn(NumberColumn):
    """A score with one decimal."""

    def __init__(self, verbose_name: Text | None = None, **kwargs: Any):
        super().__init__(verbose_name or _("Score"), places=1, **kwargs)


class ChangeColumn(Column):
    """The change since the period before; without a verdict while a row's period has only begun."""

    css = "num"

    def cell(self, value: Decimal, record: Scorecard | dict, table: Table) -> str:
        period = record.period if isinstance(record, Scorecard) else record.get("period")
        today = calendar_of(table.request.tenant).today()
        return change_html(value, judged=period is None or period.is_settled(today))

    def export_values(self, value: Decimal | None, record: Scorecard, table: Table) -> list[Decimal | None]:
        return [value]


class LeagueTable(Table):
    partner = LinkColumn(
        _("Partner"),
        accessor="partner__name",
        order_by="partner__name",
        to="metrics:scorecard",
        pk="partner_id",
    )
    type = Column(_("Type"), accessor="partner__type", phone=False)
    region = Column(_("Region"), accessor="partner__region", phone=False)
    manager = Column(
        _("Manager"),
        accessor="partner__manager",
        order_by="partner__manager__user__name",
        needs=("partner__manager__user__name",),
        phone=False,
    )
    score = ScoreColumn()
    change = ChangeColumn(_("Change"))
    revenue = MoneyColumn(_("Revenue"), currency=None)
    deals = NumberColumn(_("Deals won"), phone=False)
    pipeline = MoneyColumn(_("Pipeline"), currency=None, phone=False)
    coverage = PercentColumn(_("Coverage"), places=0, phone=False)

    class Meta(Table.Meta):
        model = Scorecard
        fields = ()
        caption = _("Scorecards of the partners")


class GroupTable(Table):
    """Rows are dicts with `name`, `address` and `period` beside the figures."""

    name = Column(_("Group"))
    partner_count = NumberColumn(_("Partners"))
    score = ScoreColumn()
    change = ChangeColumn(_("Change"))
    revenue = MoneyColumn(_("Revenue"), currency=None)
    deals = NumberColumn(_("Deals won"))
    pipeline = MoneyColumn(_("Pipeline"), currency=None, phone=False)

    class Meta(Table.Meta):
        sortable = False
        caption = _("Scorecards of groups")

    def render_name(self, value: str, record: dict) -> SafeString:
        return format_html('<a href="{}">{}</a>', record["address"], value)


class PreviewTable(Table):
    """Who moves, and by how much. Rows are dicts."""

    partner = Column(_("Partner"))
    before = ScoreColumn(_("Score now"))
    after = ScoreColumn(_("Score then"))
    change = ChangeColumn(_("Change"))

    class Meta(Table.Meta):
        sortable = False
        caption = _("What the change would do to each partner's score in the current period")
