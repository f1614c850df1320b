"""Pages: the list of a million deals, each role's home and the pages of figures, in this process, signed in, through all
middleware."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone

from metrics.models import SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.portfolio import views as portfolio_pages
from metrics.queries import card_of
from portal.accounts.models import Membership
from portal.tenancy.scope import tenant_scope
from tests.bench.data import Vendor
from tests.bench.measure import Figure, figure
from tests.bench.urls import bare_league_shows

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


LEAGUE = "analysis/"
# Pages about one scorecard as a manager opens them: below the tenant's address, and the template that each fills.
ANALYSIS = {
    "programme": ("scorecards/groups/programme/", "metrics/scorecard.html"),
    "programme_kpi": ("{programme}/revenue/", "metrics/kpi.html"),
    "scorecard": ("scorecards/partners/{partner}/", "metrics/scorecard.html"),
}


def analysis_pages(bench: "Bench") -> Iterable[Figure]:
    """The league is a list, of 25 partners and what is behind their figures, and is held against what a list is held
    against; a scorecard and a KPI are held against what a home page is."""
    yield _league(bench)
    for name, (path, template) in ANALYSIS.items():
        yield _beside_its_queries(
            bench, f"analysis_pages[{name}]", "manager", path, template, {"title": name}
        )


def _league(bench: "Bench") -> Figure:
    vendor: Vendor = bench.large
    browser, address = signed_in(vendor.manager), _address(vendor, LEAGUE)
    ours = page(browser, address)
    ours()
    with override_settings(ROOT_URLCONF="tests.bench.urls"):
        floor = page(browser, f"/{vendor.tenant.slug}/bare-league/")
        with (
            mock.patch.object(portfolio_pages, "render", wraps=portfolio_pages.render) as rendered,
            counted() as queries,
        ):
            ours()
        with counted() as of_the_frame:
            floor()
        # What the middleware asks, it asks for the bare view as well.
        asked = {statement for statement, _values in of_the_frame}
        own = [query for query in queries if query[0] not in asked and "SAVEPOINT" not in query[0]]
        bare_league_shows(own, rendered.call_args.args[2])
        found = figure(
            "analysis_pages[league]",
            ours,
            floor,
            count=max(bench.pairs, 25),
            target=2,
            floor_is="the same partners and figures, as words, through a plain template and a bare view that runs the"
            " page's own queries, under the same middleware and sign-in",
            warm=5,
        )
    found.notes.append(_constant(len(queries), _query_count(bench.small, "manager", LEAGUE)))
    return found


def _constant(count: int, fewer: int) -> str:
    same = "constant" if fewer == count else f"NOT constant: {fewer} with a tenth of the partners"
    return f"{count} queries, {same}"


def _address(vendor: Vendor, path: str) -> str:
    """A page's address under the vendor's, with the ids of its programme's scorecard and of a partner."""
    with tenant_scope(vendor.tenant.pk):
        period = calendar_of(vendor.tenant).current(PeriodKind.QUARTER)
        whole = card_of(SubjectKind.PROGRAMME, "", period)
    programme = f"scorecards/cards/{whole.pk if whole else None}"
    return f"/{vendor.tenant.slug}/{path.format(programme=programme, partner=vendor.partner_id)}"


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
