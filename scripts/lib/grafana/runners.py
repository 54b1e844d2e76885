"""Runs queries of panels on real databases, as Grafana's data sources do: variables and macros first, then the rows."""

import re
import sqlite3
import subprocess

from .expected import iso


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

    def run(self, target, scope):
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
        return columns, rows


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
    """Through psql, with the macros that Grafana's data source has."""

    def __init__(self, psql, address):
        self._command = [psql, "--no-psqlrc", "--quiet", "--csv", "--set", "ON_ERROR_STOP=1", address]

    def run(self, target, scope):
        query = target if isinstance(target, str) else target["rawSql"]
        query = self.with_macros(with_variables(query, scope), scope)
        wrapped = f"SELECT coalesce(json_agg(answer), '[]') FROM (\n{complete(query)}\n) answer"
        finished = subprocess.run([*self._command, "--tuples-only", "--no-align", "--command", wrapped], capture_output=True, text=True, timeout=60)
        if finished.returncode != 0:
            raise Failed(f"{finished.stderr.strip()}:\n{query}")
        return finished.stdout

    def with_macros(self, query, scope):
        begin, end = f"'{iso(scope.from_ms)}'", f"'{iso(scope.to_ms)}'"
        seconds = scope.interval_ms // 1000
        group = f"floor(extract(epoch from \\1)/{seconds})*{seconds}"
        query = re.sub(r"\$__timeGroup\(([^,]+), \$__interval\)", group, query)
        query = query.replace("$__timeFrom()", begin).replace("$__timeTo()", end)
        return replace_calls(query, "$__timeFilter", lambda instant: f"{instant} BETWEEN {begin} AND {end}")


def replace_calls(query, name, write):
    """Replaces each `name(…)`, with balanced parentheses inside. Grafana's own pattern does the same for what these queries have."""
    while (start := query.find(name + "(")) >= 0:
        depth, end = 0, start + len(name)
        while True:
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
            if depth == 0:
                break
        query = query[:start] + write(query[start + len(name) + 1 : end - 1]) + query[end:]
    return query
