"""Columns of the lists."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from metrics.benchmarks.models import Benchmark
from metrics.benchmarks.queries import fitting
from metrics.display import direction, format_change, format_value
from metrics.explain import KpiLine
from metrics.group_lines import MemberLine, Members
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import areas, kpi_of
from metrics.periods import calendar_of
from portal.shell.formats import DASH
from portal.shell.tables import (
    Column,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    PercentColumn,
    Table,
    Text,
)

_SAMPLE = UUID(int=0)
_SAMPLE_CODE = "code-of-a-kpi"
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


@lru_cache(maxsize=1024)
def _kpi_pattern(slug: str) -> str:
    return reverse("metrics:kpi", args=(slug, _SAMPLE, _SAMPLE_CODE))


def kpi_address(slug: str, card: UUID, code: str) -> str:
    """The page of a KPI on a scorecard, without resolving it anew for each."""
    return _kpi_pattern(slug).replace(str(_SAMPLE), str(card)).replace(_SAMPLE_CODE, code)


class ToKpi(Column):
    """A figure that leads to its KPI on the row's scorecard, and so to its records. Rows are scorecards, or dicts with
    the id of one as `card`; without one the figure leads to the row's `address`."""

    def __init__(self, *args: Any, kpi: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kpi = kpi

    def cell(self, value: Any, record: Scorecard | dict, table: Table) -> str:
        card = record.pk if isinstance(record, Scorecard) else record.get("card")
        slug = table.request.tenant.slug
        if card is not None:
            address = kpi_address(slug, card, self.kpi)
        else:
            address = record["address"]  # type: ignore[index]
        shown = f'<a href="{escape(address)}">{super().cell(value, record, table)}</a>'
        if not isinstance(table, LeagueTable) or not isinstance(record, Scorecard):
            return shown
        usual = table.usual_of(record).get(self.kpi)
        if usual is None:
            return shown
        words = _("usual: %(value)s") % {
            "value": format_value(kpi_of(self.kpi).unit, usual.value, table.request.tenant.currency)
        }
        return f'<span>{shown}<small class="second">{escape(words)}</small></span>'


class KpiMoneyColumn(ToKpi, MoneyColumn):
    """An amount that leads to its KPI."""


class KpiNumberColumn(ToKpi, NumberColumn):
    """A number that leads to its KPI."""


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
    revenue = KpiMoneyColumn(_("Revenue"), currency=None, kpi="revenue")
    deals = KpiNumberColumn(_("Deals won"), phone=False, kpi="deal_count")
    pipeline = KpiMoneyColumn(_("Pipeline"), currency=None, phone=False, kpi="pipeline")
    coverage = PercentColumn(_("Coverage"), places=0, phone=False)

    # Those that hold in the period, for the page to set.
    benchmarks: Sequence[Benchmark] = ()

    def usual_of(self, card: Scorecard) -> Mapping[str, Benchmark]:
        """What is usual in the industry for a row, by KPI."""
        if not self.benchmarks:
            return {}
        return fitting(self.benchmarks, card.partner_type, card.region)

    class Meta(Table.Meta):
        model = Scorecard
        fields = ()
        caption = _("Scorecards of the partners")


class GroupTable(Table):
    """Rows are dicts with `name`, `address`, `period` and the `card` that they are of beside the figures."""

    name = Column(_("Group"))
    partner_count = NumberColumn(_("Partners"))
    score = ScoreColumn()
    change = ChangeColumn(_("Change"))
    revenue = KpiMoneyColumn(_("Revenue"), currency=None, kpi="revenue")
    deals = KpiNumberColumn(_("Deals won"), kpi="deal_count")
    pipeline = KpiMoneyColumn(_("Pipeline"), currency=None, phone=False, kpi="pipeline")

    class Meta(Table.Meta):
        sortable = False
        caption = _("Scorecards of groups")

    def render_name(self, value: str, record: dict) -> SafeString:
        return format_html('<a href="{}">{}</a>', record["address"], value)


class FigureColumn(Column):
    """A figure that is a text already."""

    css = "num"


class UsualColumn(FigureColumn):
    """What is usual in the industry, with where that is from below it."""

    def cell(self, value: str, record: KpiLine, table: Table) -> str:
        return format_html('<span>{}<small class="second">{}</small></span>', value, record.usual_source)


class NameColumn(Column):
    """A KPI by name, leading to its page, with what is told below it."""

    def cell(self, value: str, record: KpiLine, table: Table) -> str:
        assert isinstance(table, LineTable)
        address = kpi_address(table.request.tenant.slug, table.card, record.kpi.code)
        return f'<a href="{escape(address)}">{escape(value)}</a>{_below(table.second(record))}'


class AreaColumn(Column):
    """The area of a KPI."""

    def prepare(self, values: Sequence[str]) -> None:
        self.labels = {code: escape(label) for code, label in areas()}

    def cell(self, value: str, record: KpiLine, table: Table) -> str:
        return self.labels[value]


class TargetColumn(FigureColumn):
    """A target, and how the points come about; of a place among peers there is no target."""

    def cell(self, value: str, record: KpiLine, table: Table) -> str:
        return f"<span>{DASH if record.by_peers else escape(value)}{_below(record.method_text)}</span>"


class AttainedColumn(Column):
    """How much of the target is there, as a bar and in words."""

    def cell(self, value: float, record: KpiLine, table: Table) -> str:
        share, name = record.percent, escape(record.name)
        bar = f'<progress max="100" value="{share}" aria-label="{name}">{share}%</progress>'
        return f'<span class="attained">{bar}<span class="num">{share}%</span></span>'


class MedianColumn(FigureColumn):
    """The peers' median, and below it where their middle half lies."""

    def cell(self, value: str, record: KpiLine, table: Table) -> str:
        return f"<span>{escape(value)}{_below(record.quartiles_text)}</span>"


def _below(text: str) -> str:
    return f'<small class="second">{escape(text)}</small>' if text else ""


def _no_data() -> SafeString:
    return format_html('<span class="text-secondary">{}</span>', _("no data"))


class LineTable(Table):
    """KPIs of a `card`. Rows are `KpiLine`s."""

    def __init__(self, *args: Any, card: UUID, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.card = card

    def second(self, line: KpiLine) -> str:
        """What is told below the name."""
        return ""


class ScoreTable(LineTable):
    """The KPIs that a card is scored by."""

    kpi = NameColumn(_("KPI"), accessor="name")
    value = FigureColumn(_("Value"), accessor="value_text")
    target = TargetColumn(_("Target"), accessor="target_text")
    attained = AttainedColumn(_("Attained"), accessor="attainment", default=_no_data)
    points = FigureColumn(_("Points"), accessor="earned_text")
    change = FigureColumn(_("Change"), accessor="change_text", default=DASH)
    median = MedianColumn(_("Peers’ median"), accessor="median_text")
    usual = UsualColumn(_("Usual in the industry"), accessor="usual_text", default=DASH)

    class Meta(Table.Meta):
        sortable = False
        caption = _("KPIs of the scorecard")

    def second(self, line: KpiLine) -> str:
        if not line.track:
            return ""
        words = (
            _("track %(track)s, which counts") if line.chosen else _("track %(track)s, which does not count")
        )
        return words % {"track": line.track}


class KpiTable(LineTable):
    """All KPIs of a card, those that it is scored by marked."""

    kpi = NameColumn(_("KPI"), accessor="name")
    area = AreaColumn(_("Area"), accessor="kpi__area", phone=False)
    value = FigureColumn(_("Value"), accessor="value_text")
    change = FigureColumn(_("Change"), accessor="change_text", default=DASH)
    median = FigureColumn(_("Peers’ median"), accessor="median_text")
    usual = UsualColumn(_("Usual in the industry"), accessor="usual_text", default=DASH, phone=False)

    class Meta(Table.Meta):
        sortable = False
        caption = _("All KPIs")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.counts = str(_("counts for the score"))

    def second(self, line: KpiLine) -> str:
        return self.counts if line.rule else ""


class AmountColumn(FigureColumn):
    """What a partner adds to the fact in one place."""

    def __init__(self, *args: Any, place: int, **kwargs: Any):
        super().__init__(*args, accessor="amounts", **kwargs)
        self.place = place

    def cell(self, value: Sequence[tuple[str, str]], record: MemberLine, table: Table) -> str:
        return conditional_escape(value[self.place][1])


class MemberTable(Table):
    """The partners that add to a group's `kpi`, with a column for each of its facts and for their own value where it is
    measured of partners."""

    partner = Column(_("Partner"), accessor="name")

    class Meta(Table.Meta):
        sortable = False
        caption = _("The partners behind it")

    def __init__(self, members: Members, *, kpi: Kpi, **kwargs: Any):
        figures = [("value", FigureColumn(kpi.name, accessor="value_text"))] if members.has_values else []
        amounts = [(f"fact_{at}", AmountColumn(name, place=at)) for at, name in enumerate(members.names)]
        super().__init__(members.lines, extra_columns=[*figures, *amounts], **kwargs)
        self.kpi = kpi

    def render_partner(self, value: str, record: MemberLine) -> SafeString:
        address = kpi_address(self.request.tenant.slug, record.card_id, self.kpi.code)
        return format_html('<a href="{}">{}</a>', address, value)


class PreviewTable(Table):
    """Who moves, and by how much. Rows are dicts."""

    partner = Column(_("Partner"))
    before = ScoreColumn(_("Score now"))
    after = ScoreColumn(_("Score then"))
    change = ChangeColumn(_("Change"))

    class Meta(Table.Meta):
        sortable = False
        caption = _("What the change would do to each partner's score in the current period")
