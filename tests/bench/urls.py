"""The portal's addresses and bare views beside them, under the same middleware and sign-in."""

from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import Template
from django.template.context import RequestContext
from django.urls import path

from partners.deals.models import Deal
from portal.urls import urlpatterns as portal_urls

# The list's columns, without sorting, badges, icons or the frame of the page.
_PLAIN = """<!doctype html><html lang="en"><head><title>Deals</title></head><body><table>
<tr><th>Deal<th>Partner<th>Customer<th>Registration<th>Stage<th>Product<th>Expected<th>Won<th>Expected close<th>Closed</tr>
{% for deal in deals %}<tr><td><a href="/{{ deal.tenant_id }}/deals/{{ deal.pk }}/">{{ deal.title }}</a> {{ deal.number }}
<td><a href="/partners/{{ deal.partner_id }}/">{{ deal.partner.name }}</a><td>{{ deal.customer.name }}
<td>{{ deal.get_status_display }}<td>{{ deal.get_stage_display }}<td>{{ deal.product.name }}
<td>{{ deal.currency }} {{ deal.amount }}<td>{{ deal.currency }} {{ deal.revenue }}
<td>{{ deal.expected_close|date:"j M Y" }}<td>{{ deal.closed_on|date:"j M Y" }}</tr>{% endfor %}
</table></body></html>"""
_template: list[Template] = []


def bare_deals(request: HttpRequest, tenant: str) -> HttpResponse:
    if not _template:
        _template.append(Template(_PLAIN))
    deals = Deal.objects.select_related("partner", "customer", "product").order_by("-created_at", "-pk")[:25]
    return HttpResponse(_template[0].render(RequestContext(request, {"deals": deals})))


_figures: dict[str, Any] = {}


def bare_figures_are(text: str, queries: list[tuple[str, Any]], figures: dict[str, Any]) -> None:
    """What `bare_figures` asks the database, and the figures that it shows through the template `text`."""
    _figures.update(template=Template(text), queries=queries, context=figures)


def bare_figures(request: HttpRequest, tenant: str) -> HttpResponse:
    with connection.cursor() as cursor:
        for statement, values in _figures["queries"]:
            cursor.execute(statement, values)
            if cursor.description:
                cursor.fetchall()
    return HttpResponse(_figures["template"].render(RequestContext(request, _figures["context"])))


urlpatterns = [
    path("<slug:tenant>/bare-deals/", bare_deals),
    path("<slug:tenant>/bare-figures/", bare_figures),
    *portal_urls,
]
