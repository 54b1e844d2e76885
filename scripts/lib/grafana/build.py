"""The description, a language, and the JSON of its dashboards."""

import json
from pathlib import Path

from . import description, flux, panels
from . import questions as q
from .dialects import Postgres, Sqlite
from .sql import Writer

ROOT = Path(__file__).resolve().parents[3]
COLUMNS = 24


class SqliteSource:
    """The plugin `frser-sqlite-datasource`."""

    key, title = "sqlite", "SQLite"
    reference = {"type": "frser-sqlite-datasource", "uid": "healthsink-sqlite"}
    writer = Writer(Sqlite())

    def target(self, question, form, letter):
        text = self.writer.write(question)
        # The plugin cuts fractions off a column that it takes for integers, so the check looks at the kinds of values.
        return {
            "refId": letter,
            "datasource": self.reference,
            "rawQueryText": text,
            "queryText": text,
            "queryType": "time series" if form == description.LONG else "table",
            "timeColumns": ["time"],
        }

    def query_of(self, target):
        return target["rawQueryText"]

    def variable_query(self, question):
        return self.writer.write(question)


class PostgresSource:
    """Grafana's own data source for PostgreSQL."""

    key, title = "postgres", "PostgreSQL"
    reference = {"type": "grafana-postgresql-datasource", "uid": "healthsink-postgres"}
    writer = Writer(Postgres())

    def target(self, question, form, letter):
        return {
            "refId": letter,
            "datasource": self.reference,
            "editorMode": "code",
            "format": "table" if form == description.TABLE else "time_series",
            "rawQuery": True,
            "rawSql": self.writer.write(question),
        }

    def query_of(self, target):
        return target["rawSql"]

    def variable_query(self, question):
        return self.writer.write(question)


class FluxSource:
    """Grafana's data source for InfluxDB 2, in Flux."""

    key, title = "influxdb", "InfluxDB"
    reference = {"type": "influxdb", "uid": "healthsink-influxdb"}
    writer = flux.Flux()

    def target(self, question, form, letter):
        return {"refId": letter, "datasource": self.reference, "query": self.writer.write(question)}

    def query_of(self, target):
        return target["query"]

    def variable_query(self, question):
        return {"query": self.writer.write(question), "refId": "variable"}


SOURCES = (SqliteSource(), PostgresSource(), FluxSource())


class Layout:
    """Places panels from left to right, and begins a new line where one does not fit."""

    def __init__(self):
        self._x = self._y = self._height = 0

    def place(self, width, height):
        if self._x + width > COLUMNS:
            self.end_line()
        # A lower panel beside a higher one leaves a gap, not an overlap.
        placed = {"h": height, "w": width, "x": self._x, "y": self._y}
        self._x += width
        self._height = max(self._height, height)
        return placed

    def end_line(self):
        self._y += self._height
        self._x = self._height = 0
        return self._y

    def skip(self, height):
        self._y += height


def can_ask(source, question):
    return source.writer.can(question)


def uid(source, key):
    return f"healthsink-{source.key}-{key}"


def panels_of(source, dashboard):
    """Yields each panel of the description that the language can ask, with its number."""
    for number, item in enumerate(dashboard.items, 1):
        if isinstance(item, description.Row):
            yield number, item
        elif all(can_ask(source, question) for question in item.asks):
            yield number, item


def targets_of(source, item):
    """Each target of a panel, with its question."""
    for place, question in enumerate(item.asks):
        yield source.target(question, item.form, "ABCD"[place]), question


def described(source, item, targets):
    """What the panel says about itself: that it follows a variable only if it does, and in Flux what is true there."""
    text = item.description
    if source.key == "influxdb":
        for kind in dict.fromkeys(map(type, item.asks)):
            other, own = flux.SAYS.get(kind, ("", ""))
            if other not in text:
                raise ValueError(f"{item.title}: the description does not say {other!r} any more")
            text = text.replace(other, own) if other else text
    follows = any("${source:" in source.query_of(target) for target in targets)
    return text if follows else text.replace(f" {description.OF_SOURCE}", "")


def variables_of(source, dashboard):
    """Name, question and JSON of each variable that the language can ask."""
    for name, label, text, question in description.VARIABLES + dashboard.variables:
        if can_ask(source, question):
            # A list of nights or workouts changes with the time range.
            refresh = 2 if isinstance(question, (q.NightNames, q.WorkoutNames)) else 1
            query = source.variable_query(question)
            pattern = flux.PAIRS if source.key == "influxdb" and isinstance(question, flux.PAIRED) else ""
            yield question, panels.variable(name, label, query, source.reference, refresh, text, pattern)


def json_of(source, dashboard):
    layout, made = Layout(), []
    for number, item in panels_of(source, dashboard):
        if isinstance(item, description.Row):
            made.append(panels.row(number, item.title, layout.end_line()))
            layout.skip(1)
            continue
        targets = [target for target, _ in targets_of(source, item)]
        place = layout.place(item.width, item.height)
        made.append(panels.panel(
            number, item.title, described(source, item, targets), place, item.look, targets, source.reference,
            item.transformations, interval=item.interval,
        ))
    variables = [variable for _, variable in variables_of(source, dashboard)]
    link = {
        "type": "dashboards", "title": "healthsink", "tags": ["healthsink", source.key], "asDropdown": True, "icon": "external link",
        "includeVars": True, "keepTime": True, "targetBlank": False, "tooltip": "", "url": "",
    }
    title = f"{dashboard.title} ({source.title})"
    tags = ["healthsink", source.key]
    return panels.dashboard(uid(source, dashboard.key), title, dashboard.description, tags, made, variables, [link], dashboard.span)


def activities():
    """The names of activities as SQL of PostgreSQL, as the program's own database has them."""
    names = (ROOT / "src" / "store" / "schema" / "names.sql").read_text(encoding="utf-8")
    rows = names.partition("INSERT INTO workout_activity_types (value, name) VALUES\n")[2].partition(";")[0]
    return f"""-- Made by scripts/grafana.
INSERT INTO grafana.workout_activity_types (value, name) VALUES
{rows}
ON CONFLICT (value) DO UPDATE SET name = excluded.name;
"""


def files():
    """Yields the name of each file below `packaging/grafana` that is made, and its text."""
    yield "postgres/activities.psql", activities()
    for source in SOURCES:
        for dashboard in description.DASHBOARDS:
            text = json.dumps(json_of(source, dashboard), indent=1, ensure_ascii=False) + "\n"
            yield f"dashboards/{source.key}/{dashboard.key}.json", text
