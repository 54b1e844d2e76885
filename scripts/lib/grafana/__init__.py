"""Grafana dashboards from one description.

`description.py` says which panels there are and what each one asks. A question of `questions.py` becomes a query in `sql.py`
(SQLite and PostgreSQL), `flux.py` and `influxql.py`; `panels.py` makes the JSON. So the dashboards of all data sources show the
same. `expected.py` computes what a question must return from answers of the HTTP API, and `runners.py` runs queries as Grafana
would.
"""
