"""What differs between SQLite and PostgreSQL in the questions of `sql.py`: instants, the time range, texts, JSON.

The SQLite data source replaces only Grafana's variables. That of PostgreSQL has macros.
"""


class Sqlite:
    """Instants are milliseconds since 1970. The data source wants seconds, and has the range as `$__from` and `$__to`."""

    name = "sqlite"

    def column(self, name):
        return name

    def time(self, instant):
        return f"{instant} / 1000.0 AS time"

    def ms(self, instant):
        return f"{instant} * 1.0"

    def plus(self, instant, ms):
        return f"{instant} {'+' if ms >= 0 else '-'} {abs(ms)}"

    def least(self, one, other):
        return f"min({one}, {other})"

    def greatest(self, one, other):
        return f"max({one}, {other})"

    now = "unixepoch() * 1000"
    from_ = "$__from"
    to = "$__to"

    def within(self, instant):
        return f"{instant} >= $__from AND {instant} < $__to"

    def of_date(self, text):
        return f"(unixepoch({text}) + 36000) * 1000"

    def monday(self, text):
        return f"date({text}, 'weekday 0', '-6 days')"

    def day_number(self, text):
        return f"julianday({text})"

    def hours(self, text, date):
        return f"(julianday({text}) - julianday({date})) * 24.0"

    def seconds(self, later, earlier):
        return f"({later} - {earlier}) / 1000.0"

    def bucket(self, instant):
        return f"{instant} / $__interval_ms * $__interval_ms / 1000.0 AS time"

    def step(self, number, width):
        return f"CAST({number} / {width} AS INTEGER) * {width}"

    def text(self, value):
        return f"CAST({value} AS TEXT)"

    def plain(self, name):
        return f"replace({name}, char(160), ' ')"

    def source_name(self, alias):
        return self.plain(f"{alias}.name")

    def uuid(self, column):
        return f"hex({column})"

    activities = "workout_activity_types"

    parts = (
        "JOIN json_each(d.details, '$.groups') j\n  JOIN source_groups g ON g.id = j.value ->> '$.group'",
        "CAST(j.value ->> '$.value' AS REAL)",
        "CAST(j.value ->> '$.count' AS INTEGER)",
    )


class Postgres:
    """Instants are `timestamptz`; Grafana's macros have the range."""

    name = "postgres"

    def column(self, name):
        return name.removesuffix("_ms") + "_at"

    def time(self, instant):
        return f"{instant} AS time"

    def ms(self, instant):
        return f"(extract(epoch FROM {instant}) * 1000)::float8"

    def plus(self, instant, ms):
        return f"{instant} {'+' if ms >= 0 else '-'} interval '{abs(ms) // 3_600_000} hours'"

    def least(self, one, other):
        return f"least({one}, {other})"

    def greatest(self, one, other):
        return f"greatest({one}, {other})"

    now = "now()"
    from_ = "$__timeFrom()"
    to = "$__timeTo()"

    def within(self, instant):
        # Grafana's pattern of a macro ends at the first parenthesis.
        if "(" in instant:
            return f"{instant} BETWEEN $__timeFrom() AND $__timeTo()"
        return f"$__timeFilter({instant})"

    def of_date(self, text):
        return f"({text}::timestamp + interval '10 hours') AT TIME ZONE 'UTC'"

    def monday(self, text):
        return f"date_trunc('week', {text}::timestamp)"

    def day_number(self, text):
        return f"{text}::date - DATE '1970-01-01'"

    def hours(self, text, date):
        return f"(extract(epoch FROM {text}::timestamp - {date}::timestamp) / 3600)::float8"

    def seconds(self, later, earlier):
        return f"extract(epoch FROM {later} - {earlier})::float8"

    def bucket(self, instant):
        return f"$__timeGroup({instant}, $__interval) AS time"

    def step(self, number, width):
        return f"(floor({number} / {width}) * {width})::integer"

    def text(self, value):
        return f"{value}::text"

    def plain(self, name):
        return f"replace({name}, chr(160), ' ')"

    def source_name(self, alias):
        return self.plain(f"{alias}.json::jsonb #>> '{{sourceRevision,source,name}}'")

    def uuid(self, column):
        return f"{column}::text"

    # Of packaging/grafana/postgres/reader.psql.
    activities = "grafana.workout_activity_types"

    parts = (
        "CROSS JOIN jsonb_array_elements(d.details::jsonb -> 'groups') j\n"
        "  JOIN source_groups g ON g.id = (j ->> 'group')::bigint",
        "(j ->> 'value')::float8",
        "(j ->> 'count')::bigint",
    )
