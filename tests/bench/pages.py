"""Pages: the list of a million deals, each role's home and the pages of figures, in this process, signed in, through all
middleware."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import mock

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection, transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from metrics import all_kpis_page, kpi_page
from metrics import views as card_views
from metrics.models import SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.portfolio import views as portfolio_pages
from metrics.queries import card_of
from portal.accounts.models import Membership
from portal.tenancy.scope import tenant_scope
from tests.bench import plain
from tests.bench.data import Vendor, compute
from tests.bench.measure import Figure, figure
from tests.bench.urls import bare_figures_are

if TYPE_CHECKING:
    from tests.bench.run import Bench

Query = tuple[str, Any]


def list_page(bench: "Bench") -> Iterable[Figure]:
    vendor = bench.large
    browser = signed_in(vendor.admin)
    with override_settings(ROOT_URLCONF="tests.bench.urls"):
        ours = page(browser, f"/{vendor.tenant.slug}/deals/")
        floor = page(browser, f"/{vendor.tenant.slug}/bare-deals/")
        with counted() as queries:
            ours()
        found = figure(
            "list_page",
            ours,
            floor,
            count=max(bench.pairs, 25),
            target=2,
            floor_is=f"the same 25 of {vendor.deals:,} deals, joined, through a plain template and a bare view,"
            " under the same middleware and sign-in",
            warm=5,
        )
        found.notes.append(f"{len(queries)} queries")
        yield found


def home_page(bench: "Bench") -> Iterable[Figure]:
    for role in ("partner", "manager", "admin"):
        yield _home(bench, role)


def _home(bench: "Bench", role: str) -> Figure:
    empty = {"title": "Home", "panels": [], "setup": None}
    return _beside_its_queries(bench, f"home_page[{role}]", role, "", "shell/home.html", empty)


class Analysed(NamedTuple):
    """A page of figures as a manager opens it: below the tenant's address, the module of its view, and the same
    figures as a plain template."""

    path: str
    module: ModuleType
    plain: str


ANALYSIS = {
    "league": Analysed("analysis/", portfolio_pages, plain.LEAGUE),
    "programme": Analysed("scorecards/groups/programme/", card_views, plain.SCORECARD),
    "programme_kpi": Analysed("{programme}/revenue/", kpi_page, plain.KPI),
    "scorecard": Analysed("scorecards/partners/{partner}/", card_views, plain.SCORECARD),
    "all_kpis": Analysed("{card}/kpis/", all_kpis_page, plain.KPIS),
}


def analysis_pages(bench: "Bench") -> Iterable[Figure]:
    """Pages of figures are held against what a list is held against; the period before is there to compare with."""
    for vendor in (bench.large, bench.small):
        before = calendar_of(vendor.tenant).current(PeriodKind.QUARTER).previous()
        compute(vendor.tenant, [[before.key]])
    for name, analysed in ANALYSIS.items():
        yield _beside_a_plain_page(bench, name, analysed)


def _beside_a_plain_page(bench: "Bench", name: str, analysed: Analysed) -> Figure:
    vendor: Vendor = bench.large
    browser, address = signed_in(vendor.manager), _address(vendor, analysed.path)
    ours = page(browser, address)
    ours()
    with override_settings(ROOT_URLCONF="tests.bench.urls"):
        floor = page(browser, f"/{vendor.tenant.slug}/bare-figures/")
        with (
            mock.patch.object(analysed.module, "render", wraps=render) as rendered,
            counted() as queries,
        ):
            ours()
        bare_figures_are(analysed.plain, [], {})
        with counted() as of_the_frame:
            floor()
        # What the middleware asks, it asks for the bare view as well.
        asked = {statement for statement, _values in of_the_frame}
        own = [query for query in queries if query[0] not in asked and "SAVEPOINT" not in query[0]]
        bare_figures_are(analysed.plain, own, rendered.call_args.args[2])
        found = figure(
            f"analysis_pages[{name}]",
            ours,
            floor,
            count=max(bench.pairs, 25),
            target=2,
            floor_is="the same figures through a plain template and a bare view that runs the page's own queries,"
            " under the same middleware and sign-in",
            warm=5,
        )
    found.notes.append(_constant(len(queries), _query_count(bench.small, "manager", analysed.path)))
    return found


def _constant(count: int, fewer: int) -> str:
    same = "constant" if fewer == count else f"NOT constant: {fewer} with a tenth of the partners"
    return f"{count} queries, {same}"


def _address(vendor: Vendor, path: str) -> str:
    """A page's address under the vendor's, with its programme's scorecard, a partner and that one's scorecard."""
    with tenant_scope(vendor.tenant.pk):
        period = calendar_of(vendor.tenant).current(PeriodKind.QUARTER)
        whole = card_of(SubjectKind.PROGRAMME, "", period)
        own = card_of(SubjectKind.PARTNER, str(vendor.partner_id), period)
    names = {
        name: f"scorecards/cards/{card and card.pk}" for name, card in (("programme", whole), ("card", own))
    }
    return f"/{vendor.tenant.slug}/{path.format(partner=vendor.partner_id, **names)}"


def _beside_its_queries(
    bench: "Bench", name: str, role: str, path: str, template: str, empty: dict[str, Any]
) -> Figure:
    vendor: Vendor = bench.large
    member: Membership = getattr(vendor, role)
    address = _address(vendor, path)
    ours = page(signed_in(member), address)
    ours()
    with counted() as queries:
        ours()
    fewer = _query_count(bench.small, role, path)
    request = request_of(member, address)

    def floor() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, values in queries:
                cursor.execute(statement, values)
                if cursor.description:
                    cursor.fetchall()
        with tenant_scope(vendor.tenant.pk, member.partner_id), timezone.override(vendor.tenant.zone):
            render_to_string(template, empty, request)

    found = figure(
        name,
        ours,
        floor,
        count=max(bench.pairs, 25),
        target=2,
        floor_is="its own queries run bare and an empty render of its template",
        warm=5,
    )
    found.notes.append(_constant(len(queries), fewer))
    return found


def _query_count(vendor: Vendor, role: str, path: str) -> int:
    ours = page(signed_in(getattr(vendor, role)), _address(vendor, path))
    ours()
    with counted() as queries:
        ours()
    return len(queries)


def signed_in(member: Membership) -> Client:
    browser = Client()
    browser.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def page(browser: Client, address: str) -> Callable[[], None]:
    def get() -> None:
        response = browser.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    return get


def request_of(member: Membership, address: str) -> HttpRequest:
    """A request as it is inside of a view."""
    request = RequestFactory().get(address)
    SessionMiddleware(lambda _request: None).process_request(request)  # type: ignore[arg-type]
    request.user, request.tenant, request.membership = member.user, member.tenant, member
    request.htmx = False
    return request


@contextmanager
def counted() -> Iterator[list[Query]]:
    """The statements that run in the block, with their parameters."""
    queries: list[Query] = []

    def note(execute: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        queries.append((statement, values))
        return execute(statement, values, many, context)

    with connection.execute_wrapper(note):
        yield queries
