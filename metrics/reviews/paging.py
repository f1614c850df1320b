"""Pages of lists that are no plain tables: of cards, or of rows with buttons."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 25


@dataclass(frozen=True)
class Leaf:
    """The rows of one page, and the addresses of its neighbours; "" where there is none."""

    rows: list[Any]
    number: int
    previous: str
    next: str


def leaf(request: HttpRequest, rows: QuerySet[Any]) -> Leaf:
    """The page that the address asks for; the first for nonsense, the last there is behind the end."""
    wanted = request.GET.get("page", "1")
    number = max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 8 else 1
    found = list(rows[(number - 1) * PER_PAGE : number * PER_PAGE + 1])
    if not found and number > 1:
        number = max(1, -(-rows.count() // PER_PAGE))
        found = list(rows[(number - 1) * PER_PAGE : number * PER_PAGE + 1])
    is_more = len(found) > PER_PAGE

    def address(page: int) -> str:
        parameters = request.GET.copy()
        parameters["page"] = str(page)
        return f"?{parameters.urlencode()}"

    return Leaf(
        found[:PER_PAGE],
        number,
        address(number - 1) if number > 1 else "",
        address(number + 1) if is_more else "",
    )
