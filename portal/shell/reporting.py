"""Pages that may be kept as a view and sent as a report: an empty place that apps fill in `AppConfig.ready()`.

Every list that can be exported is one by itself. A page of another kind says what its report holds:

    reports(ReportPage("metrics_portfolio:analysis", _("Portfolio analysis"), "metrics.view_scorecards", report))

where `report` gets a request that is as if the member had opened the page with the view's parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, QueryDict
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.shell.exports import csv_lines, workbook
from portal.shell.formats import number
from portal.shell.lists import ListPage
from portal.shell.registry import Text
from portal.tenancy.models import Tenant

# What a letter shows of a table, and what it carries along; more than that is a link.
ROWS_SHOWN = 15
ROWS_ENCLOSED = 5000
# In the place of a period's first day: the latest one that is over, whenever it is looked at.
LATEST = "latest"


@dataclass(frozen=True)
class Report:
    """A page's content on paper. `lines` are what the letter shows, texts; `rows` what the file holds, as values."""

    figures: Sequence[tuple[str, str]]
    columns: Sequence[str]
    lines: Sequence[Sequence[str]]
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    total: int
    note: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the rows are all there are; a file of a part would mislead."""
        return len(self.rows) == self.total


@dataclass(frozen=True)
class ReportPage:
    """A page that can be kept. `columns` are those that a view may leave out, by name."""

    url_name: str
    label: Text
    permission: str | None
    report: Callable[[HttpRequest], Report]
    columns: Sequence[tuple[str, str]] = ()
    has_period: bool = False


_pages: dict[str, ReportPage] = {}


def reports(page: ReportPage) -> None:
    """Tell which page may be kept, and what its report holds."""
    _pages[page.url_name] = page


def report_page(url_name: str, tenant: Tenant, member: Membership) -> ReportPage | None:
    """The page of that name as the member has it; None for one that cannot be kept, or that is gone."""
    if url_name in _pages:
        return _pages[url_name]
    try:
        view = resolve(reverse(url_name, args=(tenant.slug,))).func
    except (NoReverseMatch, Resolver404):
        return None
    kind = getattr(view, "view_class", None)
    if kind is None or not issubclass(kind, ListPage) or not kind.export_name:
        return None
    page = kind(**view.view_initkwargs)
    if page.permission and not can(member, page.permission):
        return ReportPage(url_name, page.title, page.permission, _nothing)
    page.adapt_to(member)

    def report(request: HttpRequest) -> Report:
        return list_report(page, request)

    return ReportPage(
        url_name, page.title, page.permission, report, page.choosable_columns(), page.has_period
    )


def _nothing(request: HttpRequest) -> Report:
    raise PermissionDenied


def list_report(page: ListPage, request: HttpRequest) -> Report:
    """A list as it would be exported, with its first rows as texts."""
    queryset, table, _filterset = page.narrowed(request)
    total = queryset.order_by().values("pk").count()
    found = list(queryset[: ROWS_ENCLOSED if total <= ROWS_ENCLOSED else ROWS_SHOWN])
    shown = page.table(request, found[:ROWS_SHOWN], sort=table.sort)
    return Report(
        figures=[(_("Rows"), number(total))],
        columns=[heading.label for heading in shown.headings()],
        lines=shown.text_rows(),
        header=table.export_header(),
        rows=list(table.export_rows([found])) if total <= ROWS_ENCLOSED else [],
        total=total,
    )


def as_opened_by(member: Membership, tenant: Tenant, url_name: str, query: str) -> HttpRequest:
    """A request as if the member had opened the page with these parameters."""
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = reverse(url_name, args=(tenant.slug,))
    request.GET = QueryDict(query)
    request.user = member.user
    request.membership, request.tenant = member, tenant
    request.htmx = None
    return request


def as_csv(report: Report) -> bytes:
    return "".join(csv_lines(list(report.header), (list(row) for row in report.rows))).encode()


def as_xlsx(report: Report, name: str) -> bytes:
    return workbook(name, list(report.header), report.rows).getvalue()
