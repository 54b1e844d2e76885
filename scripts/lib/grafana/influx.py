"""InfluxDB 1 in a folder, filled by `healthsink follow`, and the questions in InfluxQL.

Nothing here runs Flux. So this asks the same measurements, tags and fields in the language that Debian's InfluxDB has, and computes
what the Flux computes. It also says whether each name in a query of Flux is there.
"""

import json
import re
import subprocess
import time
from datetime import UTC, date, datetime, timedelta
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from ..receivers import require_command
from ..server import free_port, neutral_environment
from .expected import monday_of, ten_oclock
from .flux import DOSES
from .runners import Failed

DATABASE = "health"
SECONDS_MAX = 300
HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS


class Server:
    """`with Server(folder) as server:` runs an empty InfluxDB until the block ends."""

    def __init__(self, folder):
        self._program, self._folder, self._port = require_command("influxd"), folder, free_port()

    def __enter__(self):
        self._folder.mkdir()
        settings = self._folder / "influxdb.conf"
        settings.write_text(f"""reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{self._folder}/meta"
[data]
  index-version = "tsi1"
  dir = "{self._folder}/data"
  wal-dir = "{self._folder}/wal"
[http]
  bind-address = "127.0.0.1:{self._port}"
  log-enabled = false
[monitor]
  store-enabled = false
""")
        log = open(self._folder / "log", "wb")
        self._process = subprocess.Popen([self._program, "-config", settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            try:
                self.ask(f"CREATE DATABASE {DATABASE} WITH DURATION INF SHARD DURATION 52w")
                return self
            except URLError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise Failed(f"influxd does not start: {(self._folder / 'log').read_text(errors='replace')[-1000:]}") from None
                time.sleep(0.05)

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, query):
        """Rows of the first series, as dictionaries; instants are nanoseconds."""
        body = urlencode({"db": DATABASE, "epoch": "ns", "q": query}).encode()
        with urlopen(Request(f"http://127.0.0.1:{self._port}/query", body), timeout=SECONDS_MAX) as answer:
            result = json.loads(answer.read())["results"][0]
        if "error" in result:
            raise Failed(f"{result['error']}: {query}")
        found = []
        for series in result.get("series", ()):
            found += [dict(zip(series["columns"], values, strict=True)) | series.get("tags", {}) for values in series["values"]]
        return found

    def follow(self, healthsink, database):
        """Sends all of the database."""
        command = [healthsink, "follow", "--db", database, "--influx-url", f"http://127.0.0.1:{self._port}", "--influx-database", DATABASE]
        finished = subprocess.run(
            [*command, "--once"], capture_output=True, text=True, timeout=SECONDS_MAX, env=neutral_environment()
        )
        if finished.returncode != 0:
            raise Failed(f"healthsink follow: {finished.stderr.strip()[-2000:]}")

    def names(self):
        """Each measurement with its tags and fields."""
        found = {}
        for what in ("FIELD", "TAG"):
            body = urlencode({"db": DATABASE, "q": f"SHOW {what} KEYS"}).encode()
            with urlopen(Request(f"http://127.0.0.1:{self._port}/query", body), timeout=SECONDS_MAX) as answer:
                for series in json.loads(answer.read())["results"][0].get("series", ()):
                    found.setdefault(series["name"], set()).update(values[0] for values in series["values"])
        return found


def unknown_names(text, names):
    """Measurements and fields that a query of Flux names, and the bucket does not have."""
    for part in re.findall(r'r\._measurement == "(\w+)".*?(?=from\(bucket|\Z)', text, re.DOTALL):
        if part not in names:
            yield part
    for measurement, rest in re.findall(r'r\._measurement == "(\w+)"(.*?)(?=from\(bucket|\Z)', text, re.DOTALL):
        for field in re.findall(r'r\._field == "(\w+)"', rest):
            if measurement in names and field not in names[measurement]:
                yield f"{measurement}.{field}"


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Twin:
    """Answers questions as the Flux would."""

    def __init__(self, server, now_ms):
        self._server, self._now_ms = server, now_ms

    def can(self, question, scope):
        """Doses have no source here, and the newest value is not only that of a whole day."""
        name = type(question).__name__.lower()
        is_other = (name == "doses" and scope.source != "*") or (name == "latest" and scope.to_ms < self._now_ms)
        return hasattr(self, name) and not is_other

    def run(self, question, scope):
        self._scope = scope
        return getattr(self, type(question).__name__.lower())(question)

    def select(self, what, measurement, begin, end, more=""):
        where = f"person = {quoted(self._scope.person)} AND time >= {begin} AND time < {end}"
        return self._server.ask(f'SELECT {what} FROM "{measurement}" WHERE {where}{more}')

    def range(self):
        return self._scope.from_ms * 10**6, self._scope.to_ms * 10**6

    def days_range(self):
        begin, end = self.range()
        return begin - 86_399 * 10**9, end

    def source(self):
        return "" if self._scope.source == "*" else f" AND source = {quoted(self._scope.source)}"

    def noon(self, row):
        """The noon of a day in seconds, or now."""
        noon, now = row["time"] + DAY_NS // 2, self._now_ms * 10**6
        return (now if noon > now > row["time"] else noon) / 10**9

    def days(self, question):
        rows = {}
        for place, figure in enumerate(question.figures):
            for row in self.select(f'"{figure.column}"', f"{figure.type}_daily", *self.days_range()):
                rows.setdefault(row["time"], [self.noon(row), *[None] * len(question.figures)])[place + 1] = row[figure.column]
        return [rows[at] for at in sorted(rows)]

    def trend(self, question):
        begin, end = self.range()
        rows = self.select('"value"', f"{question.type}_daily", begin - 8 * DAY_NS, end + 8 * DAY_NS)
        # The windows of the Flux are days of UTC, over noons.
        number = lambda row: (row["time"] + DAY_NS // 2) // DAY_NS
        found = []
        for row in rows:
            if begin - 86_399 * 10**9 <= row["time"] < end:
                week = [other["value"] for other in rows if other["value"] is not None and number(row) - 7 < number(other) <= number(row)]
                found.append([self.noon(row), row["value"], sum(week) / len(week) if week else None])
        return found

    def today(self, question):
        figure, at = question.figures[0], min(self._now_ms, self._scope.to_ms) * 10**6
        rows = self.select(f'"{figure.column}"', f"{figure.type}_daily", at - 86_399 * 10**9, at + 10**9)
        return [[rows[-1][figure.column]]] if rows else []

    def latest(self, question):
        rows = self.select('last("value")', question.type, 0, self.range()[1])
        return [[rows[0]["last"], rows[0]["time"] / 10**6]] if rows else []

    def sampleline(self, question):
        what = 'min("value"), mean("value"), max("value")'
        group = f"{self.source()} GROUP BY time({self._scope.interval_ms}ms) fill(none)"
        rows = self.select(what, question.type, *self.range(), group)
        return [[row["time"] / 10**9, row["min"], row["mean"], row["max"]] for row in rows]

    def distribution(self, question):
        counts = {}
        for row in self.select('"value"', question.type, *self.range(), self.source()):
            step = str(int(row["value"] // question.width) * question.width)
            counts[step] = counts.get(step, 0) + 1
        return [[step, count] for step, count in counts.items()]

    def nights(self, question):
        what = ", ".join(f'"{column}_min"' for _, column in question.columns)
        rows = self.select(what, "nights", *self.days_range())
        hours = lambda row, column: None if row[column + "_min"] is None else row[column + "_min"] / 60
        return [[self.noon(row), *(hours(row, column) for _, column in question.columns)] for row in rows]

    def nightmeans(self, question):
        rows = self.select("asleep_min, deep_min, rem_min, in_bed_min", "nights", *self.days_range())
        rows = [row for row in rows if row["asleep_min"]]
        if not rows:
            return []
        total = lambda column: sum(row[column] for row in rows)
        means = [total(column) / len(rows) / 60 for column in ("asleep_min", "deep_min", "rem_min")]
        return [[*means, total("asleep_min") * 100 / total("in_bed_min")]]

    def lastnight(self, question):
        rows = self.select("asleep_min, wake_h", "nights", 0, self.range()[1])
        rows = [row for row in rows if row["asleep_min"] is not None and row["wake_h"] is not None]
        rows = [row for row in rows if row["time"] + row["wake_h"] * HOUR_NS < self.range()[1]]
        return [[rows[-1]["asleep_min"] / 60, (rows[-1]["time"] + rows[-1]["wake_h"] * HOUR_NS) / 10**6]] if rows else []

    def bedtimes(self, question):
        rows = self.select("bedtime_h, wake_h", "nights", *self.days_range())
        return [[self.noon(row), row["bedtime_h"], row["wake_h"]] for row in rows if row["bedtime_h"] is not None]

    def workouts(self, question):
        rows = self.select('duration_s, energy_kcal, distance_km, uuid, activity, "source"', "workouts", *self.range(), self.source())
        pace = lambda row: row["duration_s"] / 60 / row["distance_km"] if row["distance_km"] else None
        return [
            [row["time"] / 10**9, row["activity"], row["duration_s"] / 60, row["energy_kcal"], row["distance_km"], pace(row), row["source"],
             row["uuid"]]
            for row in rows
        ]

    def nightnames(self, question):
        rows = self.select("night, bedtime", "nights", *self.days_range())
        return [[row["night"], row["night"]] for row in reversed(rows) if row["bedtime"] is not None]

    def workoutnames(self, question):
        name = lambda row: datetime.fromtimestamp(row["time"] / 10**9, UTC).strftime("%Y-%m-%d %H:%M UTC ") + row["activity"]
        return [[name(row), row["uuid"]] for row in reversed(self.select("uuid, activity", "workouts", *self.range()))]

    def workoutheart(self, question):
        workouts = [row for row in self.select("uuid, duration_s", "workouts", *self.range()) if row["uuid"] == self._scope.variable("workout")]
        if not workouts:
            return []
        begin, steps = workouts[0]["time"], {}
        end = begin + round(workouts[0]["duration_s"] * 1000) * 10**6 + 10**6
        for row in self.select('"value"', "heart_rate", begin, end, self.source()):
            steps.setdefault((row["time"] - begin) // 10**10 * 10 / 60, []).append(row["value"])
        return [[step, sum(values) / len(values)] for step, values in steps.items()]

    def by_day(self, measurement, what):
        begin, end = self.days_range()
        for row in self.select(what, measurement, begin - 8 * DAY_NS, end + 8 * DAY_NS):
            # The first instant of a local day is on the date itself, or in the evening before, UTC.
            yield (date(1970, 1, 1) + timedelta(days=(row["time"] + DAY_NS // 2) // DAY_NS)).isoformat(), row

    def is_inside(self, day):
        return self._scope.from_ms <= ten_oclock(day).ms < self._scope.to_ms

    def workoutweeks(self, question):
        column, factor = {"duration_s": ("duration_s", 3600), "distance_m": ("distance_km", 1)}[question.column]
        weeks = {}
        for day, row in self.by_day("workouts_daily", f"{column}, activity"):
            monday = monday_of(day)
            if row[column] is not None and self.is_inside(monday):
                key = monday, row["activity"]
                weeks[key] = weeks.get(key, 0) + row[column] / factor
        return [[ten_oclock(monday).ms / 1000, activity, value] for (monday, activity), value in weeks.items()]

    def activities(self, question):
        found = {}
        for day, row in self.by_day("workouts_daily", "workouts, duration_s, distance_km, energy_kcal, activity"):
            if self.is_inside(day):
                found.setdefault(row["activity"], []).append(row)
        total = lambda rows, column: None if all(row[column] is None for row in rows) else sum(row[column] or 0 for row in rows)
        return [
            [activity, total(rows, "workouts"), total(rows, "duration_s") / 3600, total(rows, "distance_km"), total(rows, "energy_kcal")]
            for activity, rows in found.items()
        ]

    def doses(self, question):
        begin, end = self.range()
        found = {}
        for row in self.select("scheduled_ms, quantity, uuid, medication, status", "doses", begin - DAY_NS, end + DAY_NS):
            at = row["scheduled_ms"] * 10**6 if row["scheduled_ms"] is not None else row["time"]
            if begin <= at < end:
                key = at, row["medication"]
                found[key] = max(found.get(key, 0), DOSES[row["status"]])
        return [[at / 10**9, medication, status] for (at, medication), status in found.items()]

    def dosedays(self, question):
        days = {}
        for day, row in self.by_day("doses_daily", "due, taken, skipped, as_needed"):
            if self.is_inside(day):
                numbers = (row["taken"], row["skipped"], row["due"] - row["taken"] - row["skipped"], row["as_needed"])
                days[day] = [sum(pair) for pair in zip(days.get(day, (0, 0, 0, 0)), numbers, strict=True)]
        return [[ten_oclock(day).ms / 1000, *numbers] for day, numbers in days.items()]

    def adherence(self, question):
        found = {}
        for day, row in self.by_day("doses_daily", "due, taken, skipped, as_needed, medication"):
            if self.is_inside(day):
                numbers = [row["due"], row["taken"], row["skipped"], row["as_needed"]]
                found[row["medication"]] = [sum(pair) for pair in zip(found.get(row["medication"], (0, 0, 0, 0)), numbers, strict=True)]
        return [[name, *numbers, numbers[1] * 100 / numbers[0] if numbers[0] else None] for name, numbers in found.items()]

    def people(self, question):
        names = [row["value"] for row in self._server.ask('SHOW TAG VALUES WITH KEY = "person"')]
        return [[name, name] for name in sorted(set(names))]

    def sourcenames(self, question):
        rows = self._server.ask(f'SHOW TAG VALUES WITH KEY = "source" WHERE person = {quoted(self._scope.person)}')
        return [["all sources", "*"], *([name, name] for name in sorted({row["value"] for row in rows}))]
