"""Runs queries of panels on real databases, as Grafana's data sources do: variables and macros first, then the rows."""

import json
import re
import sqlite3
from datetime import datetime

from .expected import iso
from .postgres import Refused


class Failed(Exception):
    """A query that the database refuses, or an answer that the data source would spoil."""


def quoted(text):
    """A text as Grafana's format `sqlstring` writes it."""
    return "'" + text.replace("'", "''") + "'"


def with_variables(query, scope):
    """Replaces what Grafana replaces in a browser."""
    values = {"person": scope.person, "source": scope.source, "night": "", "workout": ""} | dict(scope.variables)
    query = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: quoted(values[found[1]]), query)
    return query


def complete(query):
    left = re.search(r"\$\{\w*|\$__\w+|\$\w+", query)
    if left:
        raise Failed(f"a variable or macro that Grafana does not have, or this check: {left[0]}")
    return query


class Sqlite:
    """The plugin contains a SQLite. Here Python's reads the file."""

    def __init__(self, path):
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def run(self, _, target, scope):
        query = target if isinstance(target, str) else target["rawQueryText"]
        query = with_variables(query, scope)
        for name, value in (("$__interval_ms", scope.interval_ms), ("$__from", scope.from_ms), ("$__to", scope.to_ms)):
            query = query.replace(name, str(value))
        try:
            found = self._connection.execute(complete(query))
            rows = [list(row) for row in found]
        except sqlite3.Error as error:
            raise Failed(f"{error}:\n{query}") from error
        columns = [column[0] for column in found.description]
        if not isinstance(target, str):
            check_kinds(columns, rows, target)
        return rows


def check_kinds(columns, rows, target):
    """The plugin takes the kind of a column from its first value: it would cut the fractions of what follows an integer."""
    for place, name in enumerate(columns):
        kinds = {type(row[place]).__name__ for row in rows if row[place] is not None}
        if len(kinds) > 1 and name not in target["timeColumns"]:
            raise Failed(f"the column {name} has values of several kinds: {', '.join(sorted(kinds))}")
    if target["queryType"] == "time series":
        times = [row[0] for row in rows]
        if columns[0] != "time" or times != sorted(times):
            raise Failed("a time series must begin with the column time, in its order")


class Postgres:
    """Through psql, with the macros that Grafana's data source has, by its own pattern."""

    def __init__(self, reader):
        self._reader = reader

    def run(self, _, target, scope):
        query = target if isinstance(target, str) else target["rawSql"]
        query = with_variables(query, scope).replace("$__interval", f"{scope.interval_ms // 1000}s")
        query = complete(re.sub(r"\$__(\w+)\(([^)]*)\)", lambda found: macro(found[1], found[2], scope), query))
        try:
            found = [json.loads(line) for line in self._reader.lines(f"SELECT to_json(answer) FROM (\n{query}\n) answer")]
        except Refused as error:
            raise Failed(f"{error}:\n{query}") from error
        rows = [[seconds_of(value) if name == "time" else value for name, value in row.items()] for row in found]
        if not isinstance(target, str) and target["format"] == "time_series":
            times = [row[0] for row in rows]
            if found and next(iter(found[0])) != "time" or times != sorted(times):
                raise Failed("a time series must begin with the column time, in its order")
        return rows


def seconds_of(value):
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value


def macro(name, arguments, scope):
    begin, end = f"'{iso(scope.from_ms)}'", f"'{iso(scope.to_ms)}'"
    values = [value.strip() for value in arguments.split(",")]
    if name == "timeFrom":
        return begin
    if name == "timeTo":
        return end
    if name == "timeFilter":
        return f"{values[0]} BETWEEN {begin} AND {end}"
    if name == "timeGroup":
        seconds = int(values[1].removesuffix("s"))
        return f"floor(extract(epoch from {values[0]})/{seconds})*{seconds}"
    raise Failed(f"a macro that Grafana does not have, or this check: {name}")
