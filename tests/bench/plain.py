"""What pages of figures say, as plain templates: without charts, choices, sorting, badges or the frame of the page."""

# The league's rows, its map of KPIs and the sums below it.
LEAGUE = """<!doctype html><html lang="en"><head><title>League</title></head><body><table>
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

SCORECARD = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body>
<p>{{ score_text }} {{ before }} {{ change }} {{ card.coverage }} {{ revenue_text }} {{ partner_count }}<table>
{% for way in ways %}<tr><td><a href="/{{ card.pk }}/{{ way.kpi.code }}/">{{ way.text }}</a><td>{{ way.points_text }}
<td>{{ way.effort_text }}</tr>{% endfor %}</table><table>
{% for move in moves %}<tr><td><a href="/{{ card.pk }}/{{ move.kpi.code }}/">{{ move.kpi.name }}</a><td>{{ move.value_text }}
<td>{{ move.points_text }}{% for record in move.records %}<a href="/{{ record.pk }}/">{{ record.title }}</a>: {{ record.text }}
{% endfor %}</tr>{% endfor %}</table><table>{% for row in bridge.rows %}<tr>{% for cell in row %}<td>{{ cell }}{% endfor %}
</tr>{% endfor %}</table><table>
<tr><th>KPI<th>Value<th>Target<th>Attained<th>Points<th>Change<th>Median</tr>
{% for line in lines %}<tr><td><a href="/{{ card.pk }}/{{ line.kpi.code }}/">{{ line.name }}</a><td>{{ line.value_text }}
<td>{{ line.target_text }} {{ line.method_text }}<td>{{ line.percent }}%<td>{{ line.earned_text }}<td>{{ line.change_text }}
<td>{{ line.median_text }} {{ line.quartiles_text }}</tr>{% endfor %}</table>
<table>{% for row in points.rows %}<tr>{% for cell in row %}<td>{{ cell }}{% endfor %}</tr>{% endfor %}</table>
<table>{% for row in history.rows %}<tr>{% for cell in row %}<td>{{ cell }}{% endfor %}</tr>{% endfor %}</table>
</body></html>"""

KPI = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body>
<p>{{ line.value_text }} {{ line.change_text }} {{ kpi.meaning }} {{ kpi.formula }} {{ formula }}
<table>{% for fact in facts %}<tr><td>{{ fact.meaning }}<td>{{ fact.value_text }}</tr>{% endfor %}</table>
<table>{% for row in trend.rows %}<tr>{% for cell in row %}<td>{{ cell }}{% endfor %}</tr>{% endfor %}</table>
<table>{% for member in members.lines %}<tr><td><a href="/{{ member.card_id }}/">{{ member.name }}</a><td>{{ member.value_text }}
{% for meaning, amount in member.amounts %}<td>{{ amount }}{% endfor %}</tr>{% endfor %}</table>
<table>{% for meaning, amount in members.sums %}<tr><td>{{ meaning }}<td>{{ amount }}</tr>{% endfor %}</table>
</body></html>"""

KPIS = """<!doctype html><html lang="en"><head><title>{{ title }}</title></head><body><table>
<tr><th>KPI<th>Area<th>Value<th>Change<th>Median</tr>
{% for line in table.data %}<tr><td><a href="/{{ card.pk }}/{{ line.kpi.code }}/">{{ line.name }}</a><td>{{ line.kpi.area }}
<td>{{ line.value_text }}<td>{{ line.change_text }}<td>{{ line.median_text }}</tr>{% endfor %}</table></body></html>"""
