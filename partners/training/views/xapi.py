"""Where learning systems send their statements, and where an admin sees what came of them."""

import json
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, parsers, status
from rest_framework.request import Request
from rest_framework.response import Response

from partners.training import queries, xapi
from partners.training.filters import StatementFilter
from partners.training.models import Statement
from partners.training.tables import StatementTable
from portal.accounts.access import public_view, requires
from portal.shell.addresses import turl
from portal.shell.api import Conflict, TenantViewSet
from portal.shell.lists import ListPage

HEADER = "X-Experience-API-Version"


@extend_schema(exclude=True)  # The standard is its documentation.
class StatementViewSet(TenantViewSet):
    """The statements resource of the Experience API 1.0.3: POST one or many, PUT one, GET one."""

    queryset = Statement.objects.none()
    parser_classes = (parsers.JSONParser,)
    permissions: ClassVar[dict[str, str]] = {
        "create": "training.record_completion",
        "update": "training.record_completion",
        "retrieve": "training.record_completion",
    }

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        version = request.headers.get(HEADER, "")
        if version != "1.0" and not version.startswith("1.0."):
            raise exceptions.ParseError(_("Send the header %s: 1.0.3.") % HEADER)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response[HEADER] = xapi.VERSION
        return response

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = request.data if isinstance(request.data, list) else [request.data]
        if not 0 < len(given) <= xapi.MOST_STATEMENTS:
            raise exceptions.ParseError(_("Send 1 to %s statements.") % xapi.MOST_STATEMENTS)
        kept = self._store([self._read(raw) for raw in given])
        return Response([str(statement.statement_id) for statement in kept])

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        report = self._read(request.data, self._id())
        there = Statement.objects.filter(statement_id=report.statement_id).first()
        self._refuse_unmet(request, there)
        self._store([report])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _refuse_unmet(request: Request, there: Statement | None) -> None:
        """What the sender made a condition: that there is none yet, or that it is the one it knows (by ETag)."""
        tag = f'"{there.digest}"' if there else ""
        if_match, if_none = request.headers.get("If-Match"), request.headers.get("If-None-Match")
        if if_match and (there is None or (if_match != "*" and tag not in if_match)):
            raise PreconditionFailed
        if if_none and there is not None and (if_none == "*" or tag in if_none):
            raise PreconditionFailed

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        wanted = request.query_params.dict()
        if "voidedStatementId" in wanted:
            raise Http404  # None is ever voided here.
        if "statementId" not in wanted:
            return self._several(wanted)
        if wanted.keys() - {"statementId", "format", "attachments"}:
            raise exceptions.ParseError(_("A statement is asked for by its id alone, or several by filters."))
        found = Statement.objects.filter(statement_id=self._id()).first()
        if found is None:
            raise Http404
        return Response(_said(found), headers={"ETag": f'"{found.digest}"'})

    def _several(self, wanted: dict[str, str]) -> Response:
        try:
            rows, more = xapi.find(wanted)
        except ValidationError as error:
            raise exceptions.ParseError(error.messages[0]) from error
        follows = f"{self.request.path}?{urlencode(more)}" if more else ""
        return Response(
            {"statements": [_said(row) for row in rows], "more": follows},
            headers={"X-Experience-API-Consistent-Through": timezone.now().isoformat()},
        )

    def _id(self) -> UUID:
        try:
            return UUID(self.request.query_params["statementId"])
        except (KeyError, ValueError) as error:
            raise exceptions.ParseError(_("Name the statement: ?statementId=UUID.")) from error

    @staticmethod
    def _read(raw: Any, statement_id: UUID | None = None) -> xapi.Report:
        try:
            return xapi.read(raw, statement_id)
        except ValidationError as error:
            raise exceptions.ParseError(error.messages[0]) from error

    def _store(self, reports: list[xapi.Report]) -> list[Statement]:
        try:
            with transaction.atomic():
                return xapi.store(reports, by=self.membership)
        except xapi.Contradiction as error:
            raise Conflict(_("Statement %s says something else already.") % error) from error


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = gettext_lazy("The statement is not in the state that the request asks for.")
    default_code = "precondition_failed"


def _said(statement: Statement) -> dict[str, Any]:
    """A statement as it was sent, with what the standard has a store add."""
    stored = statement.created_at.isoformat()
    raw = statement.raw
    return {
        **raw,
        "id": str(statement.statement_id),
        "stored": stored,
        "timestamp": raw.get("timestamp", stored),
        "version": raw.get("version", xapi.VERSION),
    }


@public_view
def about(request: HttpRequest, tenant: str) -> HttpResponse:
    """Which versions of the standard are spoken; open, as the standard wants it."""
    return HttpResponse(
        json.dumps({"version": [xapi.VERSION]}),
        content_type="application/json",
        headers={HEADER: xapi.VERSION},
    )


class StatementList(ListPage):
    title = gettext_lazy("xAPI statements")
    subtitle = gettext_lazy("What learning systems have reported, and what came of it.")
    permission = "training.view_statements"
    table_class = StatementTable
    filterset_class = StatementFilter
    search_fields = ("actor", "activity")
    search_label = gettext_lazy("Search by person or activity")
    export_name = "xapi-statements"
    template_name = "training/statements.html"
    empty_icon = "database-import"
    empty_title = gettext_lazy("No statements yet")
    empty_text = gettext_lazy(
        "Give your learning system the address and an API key, and its results appear here."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        return queries.statements()

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        address = turl(request, "training:xapi_statements").removesuffix("statements")
        return {
            "endpoint": request.build_absolute_uri(address),
            "back_url": turl(request, "training:list"),
            "back_label": _("Training"),
        }


@require_POST
@requires("training.view_statements")
def match_again(request: HttpRequest, tenant: str) -> HttpResponse:
    count = xapi.match_again(by=request.membership)
    messages.success(request, _("Completions recorded: %s.") % count)
    return redirect(turl(request, "training:statements"))
