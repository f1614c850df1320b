"""The portal's addresses and a bare view beside them, under the same middleware and sign-in."""

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


urlpatterns = [path("<slug:tenant>/bare-deals/", bare_deals), *portal_urls]
