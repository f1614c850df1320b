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


# The league's rows, its map of KPIs and the sums below it, without its charts, choices or the frame of the page.
_PLAIN_LEAGUE = """<!doctype html><html lang="en"><head><title>League</title></head><body><table>
{% for row in rows %}<tr><td>{{ row.place }}<td>{{ row.moved }}<td><a href="{{ row.address }}">{{ row.name }}</a>
<td>{{ row.score }}<td>{{ row.change }}<td>{{ row.trend.text }}<td><a href="{{ row.revenue_address }}">{{ row.revenue }}</a>
<td><a href="{{ row.deals_address }}">{{ row.deals }}</a><td><a href="{{ row.pipeline_address }}">{{ row.pipeline }}</a>
<td>{{ row.coverage }}</tr>{% endfor %}</table><table>
{% for row in heat.rows %}<tr><td>{{ row.name }}{% for cell in row.cells %}<td><a href="{{ cell.address }}">{{ cell.value }}</a>
{{ cell.attainment }} {{ cell.against }}{% endfor %}</tr>{% endfor %}</table><table>
{% for row in quadrant.rows %}<tr>{% for cell in row %}<td>{{ cell }}{% endfor %}</tr>{% endfor %}</table>
{% for table in breakdowns %}<h2>{{ table.title }}</h2><table>{% for line in table.lines %}<tr><td>{{ line.label }}
<td><a href="{{ line.address }}">{{ line.deals }}</a><td><a href="{{ line.address }}">{{ line.amount }}</a></tr>{% endfor %}
</table>{% endfor %}<table>
{% for cohort in cohorts %}<tr><td>{{ cohort.month }}<td><a href="{{ cohort.joined_address }}">{{ cohort.joined }}</a>
<td><a href="{{ cohort.active_address }}">{{ cohort.active }}</a>{% for amount in cohort.revenue %}<td>
<a href="{{ amount.address }}">{{ amount.text }}</a>{% endfor %}</tr>{% endfor %}</table></body></html>"""
_league_template: list[Template] = []
_asked: list[tuple[str, Any]] = []
_shown: dict[str, Any] = {}


def bare_league_shows(queries: list[tuple[str, Any]], figures: dict[str, Any]) -> None:
    """What `bare_league` asks the database, and the league's context, all in words already."""
    _asked[:] = queries
    _shown.update(figures)


def bare_league(request: HttpRequest, tenant: str) -> HttpResponse:
    if not _league_template:
        _league_template.append(Template(_PLAIN_LEAGUE))
    with connection.cursor() as cursor:
        for statement, values in _asked:
            cursor.execute(statement, values)
            cursor.fetchall()
    return HttpResponse(_league_template[0].render(RequestContext(request, _shown)))


urlpatterns = [
    path("<slug:tenant>/bare-deals/", bare_deals),
    path("<slug:tenant>/bare-league/", bare_league),
    *portal_urls,
]
