"""What a question must return, computed from answers of the HTTP API for the same person, time and source.

A row is a list. `At` in it stands for an instant, `Noon` for the noon of a local day, `ANY` for what the API does not have.
"""

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

from . import questions as q

ANY = object()
HOUR_MS = 3_600_000
# Of an instant in seconds as a double, and of SQLite's julian days.
TOLERANCE_SECONDS = 0.01
TIMEOUT_SECONDS = 180


@dataclass(frozen=True)
class At:
    ms: int

    def accepts(self, value):
        return abs(value - self.ms / 1000) < TOLERANCE_SECONDS


@dataclass(frozen=True)
class Noon:
    """The instant has the date of the day in its zone, and is about noon, or now or later: in `now_ms` the query ran, within minutes.

    On a journey, the day has begun in another zone. A night that has not ended is shown later than now.
    """

    day: str
    zone: str
    now_ms: int

    def accepts(self, value):
        local = datetime.fromtimestamp(value, ZoneInfo(self.zone))
        return local.date().isoformat() == self.day and (4 <= local.hour < 20 or value > self.now_ms / 1000 - 600)


@dataclass(frozen=True)
class Near:
    """A speed, which the API does not have: this one is made of the locations. It shows whether the unit is right."""

    value: float

    def accepts(self, value):
        return value is None or self.value / 2 < value < self.value * 2


def metres(one, other):
    """Between two locations that are near each other."""
    north, east = math.radians(other[2] - one[2]), math.radians(other[1] - one[1]) * math.cos(math.radians(one[2]))
    return 6_371_000 * math.hypot(north, east)


@dataclass(frozen=True)
class Scope:
    """Whose data, of which time and source, and the other variables."""

    person: str
    source: str
    from_ms: int
    to_ms: int
    interval_ms: int
    variables: tuple = ()

    def variable(self, name):
        return dict(self.variables).get(name, "")


def ms_of(text):
    return None if text is None else round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def iso(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def next_day(day, days=1):
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def hours_from(midnight, text):
    return (datetime.fromisoformat(text) - datetime.fromisoformat(midnight)).total_seconds() / 3600


def local_ms(text, zone):
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone or "UTC")).timestamp() * 1000)


def mean(values):
    return sum(values) / len(values)


def ten_oclock(day):
    return At(round(datetime.fromisoformat(day + "T10:00:00+00:00").timestamp() * 1000))


def monday_of(day):
    return next_day(day, -date.fromisoformat(day).weekday())


class Refused(Exception):
    """The API does not answer what was asked."""


class Api:
    """Reads the API, each answer once."""

    def __init__(self, base, token):
        self._base, self._token, self._answers, self.expected = base, token, {}, {}

    def _get(self, path, accept, parameters):
        address = f"{self._base}/api/v1/{path}?{urlencode(parameters)}"
        if (address, accept) not in self._answers:
            request = Request(address, headers={"Authorization": f"Bearer {self._token}", "Accept": accept})
            try:
                with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                    self._answers[address, accept] = answer.read().decode()
            except HTTPError as error:
                raise Refused(f"{address}: {error.read().decode()}") from error
        return self._answers[address, accept]

    def one(self, path, **parameters):
        return json.loads(self._get(path, "application/json", parameters))

    def rows(self, path, **parameters):
        """All rows of a table, however many."""
        return [json.loads(line) for line in self._get(path, "application/x-ndjson", parameters).splitlines()]

    def forget(self):
        self._answers.clear()


class Expected:
    """`answer(question)` is a list of rows, in no order. Answers are kept in `api`, since several databases are asked the same."""

    def __init__(self, api, scope, now_ms):
        self.api, self.scope, self.now_ms = api, scope, now_ms

    def answer(self, question):
        key = question, self.scope
        if key not in self.api.expected:
            self.api.expected[key] = getattr(self, type(question).__name__.lower())(question)
        return self.api.expected[key]

    def ask(self, path, **parameters):
        return self.api.one(path, person=self.scope.person, **parameters)

    def span(self):
        return {"from": iso(self.scope.from_ms), "to": iso(self.scope.to_ms)}

    def within(self, ms):
        return self.scope.from_ms <= ms < self.scope.to_ms

    def has(self, source):
        return self.scope.source in ("*", source)

    def noon(self, row):
        return Noon(row["day"], row["zone"] or "UTC", self.now_ms)

    def days_of(self, kind, **parameters):
        return self.ask("days", type=kind, **({} if "from" in parameters else self.span()), **parameters)["days"]

    def naive(self, kind, row):
        """What adding up all rows gives. The API computes it for one day at a time, so only a few are compared."""
        if date.fromisoformat(row["day"]).toordinal() % 7:
            return ANY
        return self.ask("explain", type=kind, **{"from": row["day"]})["naive"]

    def days(self, question):
        days, values = {}, defaultdict(dict)
        for place, figure in enumerate(question.figures):
            for row in self.days_of(figure.type):
                days.setdefault(row["day"], row)
                values[row["day"]][place] = self.naive(figure.type, row) if figure.column == "naive" else row[figure.column]
        return [[self.noon(days[day]), *(values[day].get(place) for place in range(len(question.figures)))] for day in sorted(days)]

    def today(self, question):
        at = min(self.now_ms, self.scope.to_ms)
        rows = [self.days_of(figure.type, **{"from": iso(at), "to": iso(at + 1)}) for figure in question.figures]
        return [[row[0]["value"] if row else None for row in rows]] if any(rows) else []

    def trend(self, question):
        rows = self.days_of(question.type)
        if not rows:
            return []
        first = next_day(rows[0]["day"], -6)
        values = {row["day"]: row["value"] for row in self.days_of(question.type, **{"from": first, "to": iso(self.scope.to_ms)})}
        week = lambda day: [values[past] for past in (next_day(day, -age) for age in range(7)) if values.get(past) is not None]
        return [[self.noon(row), row["value"], mean(week(row["day"])) if week(row["day"]) else None] for row in rows]

    def latest(self, question):
        rows = self.days_of(question.type, **{"from": "1971-01-01", "to": iso(self.scope.to_ms)})
        for row in reversed([row for row in rows if row["last"] is not None]):
            samples = self.api.rows("samples", person=self.scope.person, type=question.type, **{"from": row["day"], "to": next_day(row["day"])})
            measured = max(ms_of(sample["start"]) for sample in samples)
            if measured < self.scope.to_ms:
                return [[row["last"], measured]]
        return []

    def sources(self):
        return sorted({row["name"] for row in self.api.rows("sources", person=self.scope.person)})

    def daysbysource(self, question):
        rows = []
        for source in filter(self.has, self.sources()):
            found = self.days_of(question.type, source=source)
            rows += [[self.noon(row), source, row["value"]] for row in found if row["value"] is not None]
        return rows

    def samples(self, kind):
        rows = self.api.rows("samples", person=self.scope.person, type=kind, **self.span())
        return [(ms_of(row["start"]), row["value"]) for row in rows if self.has(row["source"])]

    def sampleline(self, question):
        buckets = defaultdict(list)
        for start, value in self.samples(question.type):
            buckets[start // self.scope.interval_ms * self.scope.interval_ms].append(value)
        return [[At(start), min(values), mean(values), max(values)] for start, values in buckets.items()]

    def distribution(self, question):
        counts = defaultdict(int)
        for _, value in self.samples(question.type):
            counts[int(value // question.width) * question.width] += 1
        return [[str(step), count] for step, count in counts.items()]

    def hours(self, question):
        days = {row["day"]: row for row in self.days_of("heart_rate")}
        sums = defaultdict(lambda: (0, 0))
        answer = self.ask("days", type="heart_rate", bucket="hour", **self.span())
        if days:
            first, last = min(days), max(days)
            answer = self.ask("days", type="heart_rate", bucket="hour", **{"from": first, "to": next_day(last)})
        for row in answer["hours"]:
            total, count = sums[row["day"], row["hour"]]
            sums[row["day"], row["hour"]] = total + row["value"] * row["samples"], count + row["samples"]
        cell = lambda day, hour: sums[day, hour][0] / sums[day, hour][1] if (day, hour) in sums else None
        with_hours = {day for day, _ in list(sums)}
        return [[self.noon(row), *(cell(day, hour) for hour in range(24))] for day, row in days.items() if day in with_hours]

    def nights_of(self, **parameters):
        return self.ask("nights", **(parameters or self.span()))["nights"]

    def morning(self, night):
        return Noon(night["night"], night["zone"] or "UTC", self.now_ms)

    def nights(self, question):
        value = lambda night, column: None if night[column + "_min"] is None else night[column + "_min"] / 60
        return [[self.morning(night), *(value(night, column) for _, column in question.columns)] for night in self.nights_of()]

    def lastnight(self, question):
        nights = self.nights_of(**{"from": "1971-01-01", "to": next_day(iso(self.scope.to_ms)[:10])})
        known = [(night, local_ms(night["wake_time"], night["zone"])) for night in nights if night["asleep_min"] is not None]
        known = [(night, wake) for night, wake in known if wake < self.scope.to_ms]
        return [[known[-1][0]["asleep_min"] / 60, known[-1][1]]] if known else []

    def nightmeans(self, question):
        nights = [night for night in self.nights_of() if night["asleep_min"]]
        if not nights:
            return []
        of = lambda column: [night[column] for night in nights]
        means = [mean(of(column)) / 60 for column in ("asleep_min", "deep_min", "rem_min")]
        return [[*means, sum(of("asleep_min")) * 100 / sum(of("in_bed_min"))]]

    def bedtimes(self, question):
        return [
            [self.morning(night), hours_from(night["night"], night["bedtime"]), hours_from(night["night"], night["wake_time"])]
            for night in self.nights_of()
            if night["bedtime"]
        ]

    def parts(self, night):
        return [(ms_of(part["start"]), ms_of(part["end"]), part["value"], part["source"]) for part in night["segments"]]

    def segments(self, question):
        parts = []
        # A night begins at 18:00 of the day before.
        for night in self.nights_of(**{"from": iso(self.scope.from_ms), "to": iso(self.scope.to_ms + 24 * HOUR_MS)}):
            parts += self.parts(self.ask(f"nights/{night['night']}"))
        parts = [
            (start, end, stage) for start, end, stage, source in parts
            if (stage == 0) == question.in_bed and end > self.scope.from_ms and start < self.scope.to_ms and self.has(source)
        ]
        parts.sort()
        ends = [end for (_, end, _), following in zip_longest(parts, parts[1:]) if following is None or following[0] > end]
        return [[At(start), stage] for start, _, stage in parts] + [[At(end), None] for end in ends]

    def hypnogram(self, question):
        wanted = self.scope.variable("night")
        if not wanted:
            return []
        night = self.ask(f"nights/{wanted}")
        bed, level = local_ms(night["bedtime"], night["zone"]), {4: 0, 1: 1, 3: 1, 5: 2, 2: 3}
        x = lambda ms: hours_from(night["night"], night["bedtime"]) + (ms - bed) / HOUR_MS
        parts = [part for part in self.parts(night) if part[2] != 0]
        ends = [end for _, end, _, _ in parts if not any(begin <= end < until for begin, until, _, _ in parts)]
        return [[x(start), level[stage]] for start, _, stage, _ in parts] + [[x(end), None] for end in ends]

    def workouts_of(self):
        return self.api.rows("workouts", person=self.scope.person, **self.span())

    def workouts(self, question):
        rows = []
        for row in filter(lambda row: self.has(row["source"]), self.workouts_of()):
            minutes, km = row["duration_s"] / 60, row["distance_km"]
            pace = minutes / km if km else None
            rows.append([At(ms_of(row["start"])), row["activity"] or "other", minutes, row["energy_kcal"], km, pace, row["source"], row["uuid"]])
        return rows

    def workout_days(self):
        return self.api.rows("workouts/days", person=self.scope.person)

    def workoutweeks(self, question):
        column, factor = {"duration_s": ("duration_s", 3600), "distance_m": ("distance_km", 1)}[question.column]
        weeks = defaultdict(list)
        for row in self.workout_days():
            monday = monday_of(row["day"])
            if row[column] is not None and self.within(ten_oclock(monday).ms):
                weeks[monday, row["activity"] or "other"].append(row[column] / factor)
        return [[ten_oclock(monday), activity, sum(values)] for (monday, activity), values in weeks.items()]

    def activities(self, question):
        found = defaultdict(list)
        for row in self.workout_days():
            if self.within(ten_oclock(row["day"]).ms):
                found[row["activity"] or "other"].append(row)
        total = lambda rows, column: None if all(row[column] is None for row in rows) else sum(row[column] or 0 for row in rows)
        return [
            [activity, total(rows, "workouts"), total(rows, "duration_s") / 3600, total(rows, "distance_km"), total(rows, "energy_kcal")]
            for activity, rows in found.items()
        ]

    def workout(self):
        """The workout of the variable, in HealthKit's spelling."""
        text = self.scope.variable("workout").replace("-", "").upper()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])) if text else ""

    def locations(self):
        """Instant, longitude, latitude and altitude of each location."""
        if not self.workout():
            return []
        line = self.ask(f"workouts/{self.workout()}/route")
        for places, times in zip(line["geometry"]["coordinates"], line["properties"]["times"], strict=True):
            for place, time in zip(places, times, strict=True):
                yield ms_of(time), place[0], place[1], place[2] if len(place) > 2 else None

    def speeds(self):
        """Each location with its speed in metres a second."""
        places = list(self.locations())
        for place, following in zip(places, places[1:] + places[-2:-1], strict=False):
            yield place, metres(place, following) * 1000 / abs(following[0] - place[0])

    def route(self, question):
        return [[At(at), latitude, longitude, altitude, Near(speed)] for (at, longitude, latitude, altitude), speed in self.speeds()]

    def begin(self):
        return ms_of(self.ask(f"workouts/{self.workout()}")["start"])

    def routeprofile(self, question):
        steps = defaultdict(list)
        for (at, _, _, altitude), speed in self.speeds():
            steps[int((at - self.begin()) / 10_000) * 10 / 60].append((altitude, speed))
        rows = []
        for step, found in steps.items():
            known = [altitude for altitude, _ in found if altitude is not None]
            rows.append([step, mean(known) if known else None, Near(mean([speed for _, speed in found]) * 3.6)])
        return rows

    def workoutheart(self, question):
        if not self.workout():
            return []
        workout, steps = self.ask(f"workouts/{self.workout()}"), defaultdict(list)
        begin, end = ms_of(workout["start"]), ms_of(workout["end"])
        for row in self.api.rows("samples", person=self.scope.person, type="heart_rate", **{"from": iso(begin), "to": iso(end + 1)}):
            if self.has(row["source"]):
                steps[(ms_of(row["start"]) - begin) // 10_000 * 10 / 60].append(row["value"])
        return [[step, mean(values)] for step, values in steps.items()]

    def doses(self, question):
        numbers = {"notInteracted": 1, "notificationNotSent": 2, "snoozed": 3, "taken": 4, "skipped": 5, "notLogged": 6}
        found = {}
        for row in self.api.rows("medications/doses", person=self.scope.person):
            at = ms_of(row["scheduled"] or row["start"])
            if self.within(at) and self.has(row["source"]):
                key = at, row["medication"] or "unnamed"
                found[key] = max(found.get(key, 0), numbers[row["status"]])
        return [[At(at), medication, status] for (at, medication), status in found.items()]

    def dose_days(self):
        rows = self.api.rows("medications/days", person=self.scope.person)
        return [row for row in rows if self.within(ten_oclock(row["day"]).ms)]

    def dosedays(self, question):
        days = defaultdict(lambda: [0, 0, 0, 0])
        for row in self.dose_days():
            missed = row["due"] - row["taken"] - row["skipped"]
            for place, number in enumerate((row["taken"], row["skipped"], missed, row["as_needed"])):
                days[row["day"]][place] += number
        return [[ten_oclock(day), *numbers] for day, numbers in days.items()]

    def adherence(self, question):
        found = defaultdict(lambda: [0, 0, 0, 0])
        for row in self.dose_days():
            for place, column in enumerate(("due", "taken", "skipped", "as_needed")):
                found[row["medication"]][place] += row[column]
        return [[medication, *numbers, numbers[1] * 100 / numbers[0] if numbers[0] else None] for medication, numbers in found.items()]

    def lastupload(self, question):
        senders = self.ask("status")["senders"]
        times = [ms_of(row["last_upload"]) for row in senders if row["origin"] == "http" and row["last_upload"]]
        return [[max(times)]] if times else []

    def ledger(self):
        rows = self.api.rows("uploads", person=self.scope.person)
        return [row for row in rows if self.within(ms_of(row["started"]))]

    def uploads(self, question):
        columns = ("id", "state", "origin", "sync_source", "records", "route_points", "new", "updated", "unchanged", "merged", "rejected", "error")
        return [[At(ms_of(row["started"])), *(row[column] for column in columns)] for row in self.ledger()]

    def uploaddays(self, question):
        found = defaultdict(lambda: [0] * 5)
        for row in self.ledger():
            start = ms_of(row["started"]) // self.scope.interval_ms * self.scope.interval_ms
            for place, column in enumerate(("new", "updated", "unchanged", "merged", "rejected")):
                found[start][place] += row[column]
        return [[At(start), *numbers] for start, numbers in found.items()]

    def rejects(self, question):
        wanted, found = {row["id"] for row in self.ledger()}, defaultdict(int)
        for row in self.api.rows("rejects", person=self.scope.person):
            if row["upload"] in wanted:
                found[row["section"], row["reason"]] += 1
        return [[section, reason, count] for (section, reason), count in found.items()]

    def typesof(self, question):
        rows = []
        for row in self.api.rows("types", person=self.scope.person):
            short = row["identifier"].removeprefix(q.QUANTITY).removeprefix(q.CATEGORY)
            if row["type"] == "sleep":
                # The API has nights of it, not days.
                if self.nights_of():
                    rows.append([short, ANY, ANY, ms_of(row["last"])])
            elif days := self.days_of(row["type"]):
                rows.append([short, len(days), sum(day["samples"] for day in days), ms_of(row["last"])])
        return rows

    def sourcesof(self, question):
        rows = filter(lambda row: self.has(row["name"]), self.api.rows("sources", person=self.scope.person))
        return [[row["name"], row["class"], ms_of(row["first"]), ms_of(row["last"])] for row in rows]

    def freshness(self, question):
        status = self.ask("status")
        return [] if status["change"] is None else [[0 if status["stale"] else 1]]

    def people(self, question):
        return [[row["person"], row["person"]] for row in self.api.rows("people")]

    def sourcenames(self, question):
        return [["all sources", "*"], *([name, name] for name in self.sources())]

    def nightnames(self, question):
        return [[night["night"], night["night"]] for night in self.nights_of() if night["bedtime"]]

    def workoutnames(self, question):
        return [[f"{row['start'][:10]} {row['start'][11:16]} UTC {row['activity'] or 'other'}", row["uuid"]] for row in self.workouts_of()]
