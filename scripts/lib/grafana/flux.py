"""Questions as Flux, for what `healthsink follow` writes to InfluxDB.

The follower has computed days and nights: a point stands at the first instant of a local day. Here it moves to noon, so that a
browser in another zone shows the same date. Windows would be those of UTC, so only weeks are made of them, from noons.
"""

from . import questions as q

NOON_NS = 12 * 3_600 * 10**9
NOON = f"""noon = (tables=<-) => tables
  |> map(fn: (r) => ({{r with
    _time: if int(v: r._time) + {NOON_NS} > int(v: now()) and int(v: r._time) < int(v: now()) then now()
      else time(v: int(v: r._time) + {NOON_NS})
  }}))

"""
RANGE = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"
# A day of which the range has only the end is whole. It begins less than a day before.
DAYS = "range(start: date.sub(d: 86399s, from: v.timeRangeStart), stop: v.timeRangeStop)"
EVER = "range(start: 1970-01-02T00:00:00Z, stop: v.timeRangeStop)"
PERSON = "r.person == ${person:doublequote}"
SOURCE = '(${source:doublequote} == "*" or r.source == ${source:doublequote})'
TO_NOON = "\n  |> noon()"
FIELDS = 'pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")'
WORKOUT = "${workout:doublequote}"
# What a variable shows, and what it is.
PAIRS = r"/(?<text>[^|]*)\|(?<value>.*)/"
STAGES = {"asleepUnspecified": 1, "awake": 2, "asleepCore": 3, "asleepDeep": 4, "asleepREM": 5}
LEVELS = {"asleepDeep": 0, "asleepREM": 2, "awake": 3}
DOSES = {"notInteracted": 1, "notificationNotSent": 2, "snoozed": 3, "taken": 4, "skipped": 5, "notLogged": 6}


def read(measurement, fields, span, tail=""):
    """Points of a measurement of the person."""
    wanted = " or ".join(f'r._field == "{field}"' for field in fields)
    return f"""from(bucket: v.defaultBucket)
  |> {span}
  |> filter(fn: (r) => r._measurement == "{measurement}" and {PERSON})
  |> filter(fn: (r) => {wanted}){tail}"""


def choose(name, numbers, other):
    """A number by a text."""
    return " ".join(f'if r.{name} == "{text}" then {float(number)} else' for text, number in numbers.items()) + f" {other}"


def named(tables, label):
    """The points as a series with a name."""
    return f"""{tables}
  |> group()
  |> keep(columns: ["_time", "_value"])
  |> set(key: "_field", value: "{label}")"""


def wide(series):
    """Series with names as columns beside the time."""
    tables = series[0] if len(series) == 1 else "union(tables: [\n" + ",\n".join(series) + "\n])"
    return f"""{tables}
  |> group()
  |> {FIELDS}
  |> sort(columns: ["_time"])"""


def per_tag(tables, tag):
    """A series for each value of a tag."""
    return f"""{tables}
  |> group(columns: ["{tag}"])
  |> keep(columns: ["_time", "_value", "{tag}"])
  |> sort(columns: ["_time"])"""


# A panel's description in other languages, and the words that are true here: the follower sends samples of all sources as they are.
SAYS = {
    q.Segments: ("Which stage by which source counted when;", "Stages as sent. With several sources of sleep choose one above;"),
    # The bucket has local hours from midnight.
    q.LastNight: ("how long ago it ended.", "how long ago it ended: an hour more or less if clocks changed in it."),
    q.Hypnogram: ("over hours from midnight, local.", "over hours from midnight, local, as sent. With several sources of sleep choose one above."),
    q.TypesOf: (
        "Each type with data in the time range: its days, its samples that count, and how long ago the newest sample of all time was.",
        "Each type, and how long ago its newest sample was.",
    ),
    q.SourcesOf: ("with their first and their newest sample of all time.", "and how long ago the newest sample of each was."),
}


class Flux:
    """Writes questions. The follower does not write the ledger, parts by source, hours and routes."""

    def can(self, question):
        """Whether what is asked is in InfluxDB."""
        has_method = hasattr(self, type(question).__name__.lower())
        return has_method and not any(figure.column == "naive" for figure in getattr(question, "figures", ()))

    def write(self, question):
        text = getattr(self, type(question).__name__.lower())(question).strip()
        libraries = ("array", "date", "influxdata/influxdb/schema", "math", "strings")
        imports = "".join(f'import "{name}"\n' for name in libraries if f"{name.split('/')[-1]}." in text)
        return (imports + "\n" if imports else "") + (NOON if "|> noon()" in text else "") + text

    def days(self, question):
        return wide([named(read(f"{f.type}_daily", [f.column], DAYS, TO_NOON), f.label) for f in question.figures])

    def today(self, question):
        figure = question.figures[0]
        span = "range(start: date.sub(d: 86399s, from: at), stop: date.add(d: 1s, to: at))"
        return f"""
at = if v.timeRangeStop < now() then v.timeRangeStop else now()

{read(f"{figure.type}_daily", [figure.column], span)}
  |> last()
  |> group()
  |> keep(columns: ["_value"])
  |> rename(columns: {{_value: "{figure.label}"}})"""

    def trend(self, question):
        # Windows of UTC days over noons are local days, as far as the zone is within half a day of UTC. Windows are cut at the end of the
        # range, where the last seven would stand at one instant, so it is later.
        span = "range(start: date.sub(d: 8d, from: v.timeRangeStart), stop: date.add(d: 8d, to: v.timeRangeStop))"
        days = read(f"{question.type}_daily", ["value"], span, TO_NOON)
        mean = f"{days}\n  |> group()\n  |> timedMovingAverage(every: 1d, period: 7d)\n  |> timeShift(duration: -12h)"
        inside = "\n  |> filter(fn: (r) => r._time >= v.timeRangeStart and r._time < v.timeRangeStop)"
        return f"""union(tables: [
{named(days + inside, question.label)},
{named(mean + inside, "Mean of 7 days")}
])
  |> group(columns: ["_field"])
  |> sort(columns: ["_time"])"""

    def latest(self, question):
        return f"""
{read(question.type, ["value"], EVER)}
  |> last()
  |> group()
  |> sort(columns: ["_time"], desc: true)
  |> limit(n: 1)
  |> map(fn: (r) => ({{"{question.label}": r._value, "Measured": float(v: int(v: r._time)) / 1000000.0}}))"""

    def sampleline(self, question):
        points = read(question.type, ["value"], RANGE, f"\n  |> filter(fn: (r) => {SOURCE})\n  |> group()")
        window = "points\n  |> aggregateWindow(every: v.windowPeriod, fn: {}, createEmpty: false, timeSrc: \"_start\")"
        series = [named(window.format(how), label) for how, label in (("min", "Least"), ("mean", "Mean"), ("max", "Greatest"))]
        return f"points = {points}\n\n{wide(series)}"

    def distribution(self, question):
        return f"""
{read(question.type, ["value"], RANGE)}
  |> filter(fn: (r) => {SOURCE})
  |> group()
  |> map(fn: (r) => ({{step: int(v: math.floor(x: r._value / {float(question.width)})) * {question.width}, samples: 1}}))
  |> group(columns: ["step"])
  |> sum(column: "samples")
  |> group()
  |> sort(columns: ["step"])
  |> map(fn: (r) => ({{"{question.label}": string(v: r.step), "Samples": r.samples}}))"""

    def nights(self, question):
        hours = "\n  |> map(fn: (r) => ({r with _value: r._value / 60.0}))"
        return wide([named(read("nights", [f"{column}_min"], DAYS, TO_NOON + hours), label) for label, column in question.columns])

    def lastnight(self, question):
        return f"""
{read("nights", ["asleep_min", "wake_h"], EVER)}
  |> group(columns: ["_field"])
  |> {FIELDS}
  |> group()
  |> filter(fn: (r) => exists r.asleep_min and exists r.wake_h)
  |> filter(fn: (r) => int(v: r._time) + int(v: r.wake_h * 3600.0) * 1000000000 < int(v: v.timeRangeStop))
  |> sort(columns: ["_time"], desc: true)
  |> limit(n: 1)
  |> map(fn: (r) => ({{
    "{question.label}": r.asleep_min / 60.0,
    "Woke up": float(v: int(v: r._time)) / 1000000.0 + r.wake_h * 3600000.0
  }}))"""

    def nightmeans(self, question):
        return f"""
{read("nights", ["asleep_min", "deep_min", "rem_min", "in_bed_min"], DAYS)}
  |> group(columns: ["_field"])
  |> {FIELDS}
  |> group()
  |> filter(fn: (r) => exists r.asleep_min and r.asleep_min > 0.0)
  |> reduce(
    identity: {{nights: 0.0, asleep: 0.0, deep: 0.0, rem: 0.0, bed: 0.0}},
    fn: (r, accumulator) => ({{
      nights: accumulator.nights + 1.0,
      asleep: accumulator.asleep + r.asleep_min / 60.0,
      deep: accumulator.deep + r.deep_min / 60.0,
      rem: accumulator.rem + r.rem_min / 60.0,
      bed: accumulator.bed + r.in_bed_min / 60.0
    }})
  )
  |> map(fn: (r) => ({{
    "Asleep": r.asleep / r.nights,
    "Deep": r.deep / r.nights,
    "REM": r.rem / r.nights,
    "Of the time in bed": r.asleep * 100.0 / r.bed
  }}))"""

    def bedtimes(self, question):
        columns = (("To bed", "bedtime_h"), ("Awake", "wake_h"))
        return wide([named(read("nights", [column], DAYS, TO_NOON), label) for label, column in columns])

    def segments(self, question):
        stage = "0.0" if question.in_bed else choose("state", STAGES, "1.0")
        state = 'r.state == "inBed"' if question.in_bed else 'r.state != "inBed"'
        label = "In bed" if question.in_bed else "Stage"
        # A part may begin before the range. Its end is a millisecond early, where the next part begins at once.
        span = "range(start: date.sub(d: 12h, from: v.timeRangeStart), stop: v.timeRangeStop)"
        return f"""
parts = {read("sleep", ["duration_s"], span)}
  |> filter(fn: (r) => {state} and {SOURCE})
  |> group()

union(tables: [
  parts |> map(fn: (r) => ({{_time: r._time, "{label}": {stage}}})),
  parts |> map(fn: (r) => ({{_time: time(v: int(v: r._time) + int(v: r._value * 1000.0) * 1000000 - 1000000), "{label}": -1.0}}))
])
  |> sort(columns: ["_time"])"""

    def hypnogram(self, question):
        return f"""
midnight = (union(tables: [
  {read("nights", ["night"], DAYS)}
    |> filter(fn: (r) => r._value == ${{night:doublequote}})
    |> group()
    |> keep(columns: ["_time", "_value"]),
  array.from(rows: [{{_time: v.timeRangeStart, _value: ""}}])
])
  |> sort(columns: ["_value"], desc: true)
  |> findRecord(fn: (key) => true, idx: 0))._time
parts = {read("sleep", ["duration_s"], "range(start: date.sub(d: 6h, from: midnight), stop: date.add(d: 18h, to: midnight))")}
  |> filter(fn: (r) => r.state != "inBed" and {SOURCE})
  |> group()
  |> sort(columns: ["_time"])
  |> map(fn: (r) => ({{
    begin: float(v: int(v: r._time) - int(v: midnight)) / 3600000000000.0,
    hours: r._value / 3600.0,
    level: {choose("state", LEVELS, "1.0")}
  }}))

union(tables: [
  parts |> map(fn: (r) => ({{"Hours from midnight": r.begin, "Stage": r.level}})),
  parts |> sort(columns: ["begin"], desc: true) |> limit(n: 1)
    |> map(fn: (r) => ({{"Hours from midnight": r.begin + r.hours, "Stage": r.level}}))
])
  |> sort(columns: ["Hours from midnight"])"""

    def workouts(self, question):
        return f"""
{read("workouts", ["duration_s", "energy_kcal", "distance_km", "uuid"], RANGE)}
  |> filter(fn: (r) => {SOURCE})
  |> {FIELDS}
  |> group()
  |> map(fn: (r) => ({{r with minutes: r.duration_s / 60.0}}))
  |> rename(fn: (column) => if column == "_time" then "time" else if column == "energy_kcal" then "kcal"
    else if column == "distance_km" then "km" else if column == "uuid" then "workout" else column)
  |> keep(columns: ["time", "activity", "minutes", "kcal", "km", "source", "workout"])
  |> sort(columns: ["time"], desc: true)"""

    def workoutweeks(self, question):
        column, factor = {"duration_s": ("duration_s", "3600.0"), "distance_m": ("distance_km", "1.0")}[question.column]
        span = "range(start: date.sub(d: 86399s, from: v.timeRangeStart), stop: date.add(d: 7d, to: v.timeRangeStop))"
        tables = f"""{read("workouts_daily", [column], span, TO_NOON)}
  |> group(columns: ["activity"])
  |> aggregateWindow(every: 1w, offset: -3d, fn: sum, createEmpty: false, timeSrc: "_start")
  |> timeShift(duration: 10h)
  |> filter(fn: (r) => r._time >= v.timeRangeStart and r._time < v.timeRangeStop)
  |> map(fn: (r) => ({{r with _value: r._value / {factor}}}))"""
        return per_tag(tables, "activity")

    def activities(self, question):
        return f"""
{read("workouts_daily", ["workouts", "duration_s", "distance_km", "energy_kcal"], DAYS)}
  |> group(columns: ["activity", "_field"])
  |> sum()
  |> group()
  |> pivot(rowKey: ["activity"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({{r with hours: r.duration_s / 3600.0}}))
  |> rename(fn: (column) => if column == "energy_kcal" then "kcal" else if column == "distance_km" then "km" else column)
  |> keep(columns: ["activity", "workouts", "hours", "km", "kcal"])
  |> sort(columns: ["hours"], desc: true)"""

    def workout(self):
        """The workout of the variable: `begin` and `end`. Without one, both are the start of the range."""
        return f"""found = union(tables: [
  {read("workouts", ["duration_s", "uuid"], RANGE)}
    |> {FIELDS}
    |> group()
    |> filter(fn: (r) => r.uuid == {WORKOUT})
    |> keep(columns: ["_time", "duration_s", "uuid"]),
  array.from(rows: [{{_time: v.timeRangeStart, duration_s: 0.0, uuid: ""}}])
])
  |> sort(columns: ["uuid"], desc: true)
  |> findRecord(fn: (key) => true, idx: 0)
begin = found._time
end = time(v: int(v: begin) + int(v: found.duration_s * 1000.0) * 1000000 + 1000000)
step = (at) => float(v: (int(v: at) - int(v: begin)) / 10000000000) / 6.0
"""

    def workoutheart(self, question):
        return f"""{self.workout()}
{read("heart_rate", ["value"], "range(start: begin, stop: end)")}
  |> filter(fn: (r) => {SOURCE})
  |> group()
  |> map(fn: (r) => ({{step: step(at: r._time), _value: r._value}}))
  |> group(columns: ["step"])
  |> mean()
  |> group()
  |> rename(columns: {{step: "Minutes", _value: "Heart rate"}})
  |> sort(columns: ["Minutes"])"""

    def doses(self, question):
        span = "range(start: date.sub(d: 1d, from: v.timeRangeStart), stop: date.add(d: 1d, to: v.timeRangeStop))"
        tables = f"""{read("doses", ["quantity", "scheduled_ms"], span)}
  |> {FIELDS}
  |> group()
  |> map(fn: (r) => ({{
    _time: if exists r.scheduled_ms then time(v: r.scheduled_ms * 1000000) else r._time,
    medication: r.medication,
    _value: {choose("status", DOSES, "0.0")}
  }}))
  |> filter(fn: (r) => r._time >= v.timeRangeStart and r._time < v.timeRangeStop)"""
        return per_tag(tables, "medication")

    def dosedays(self, question):
        return f"""
{read("doses_daily", ["due", "taken", "skipped", "as_needed"], DAYS, TO_NOON)}
  |> group(columns: ["_time", "_field"])
  |> sum()
  |> group()
  |> {FIELDS}
  |> map(fn: (r) => ({{
    _time: r._time,
    "Taken": r.taken,
    "Skipped": r.skipped,
    "Missed": r.due - r.taken - r.skipped,
    "As needed": r.as_needed
  }}))
  |> sort(columns: ["_time"])"""

    def adherence(self, question):
        return f"""
{read("doses_daily", ["due", "taken", "skipped", "as_needed"], DAYS)}
  |> group(columns: ["medication", "_field"])
  |> sum()
  |> group()
  |> pivot(rowKey: ["medication"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({{
    medication: r.medication,
    due: r.due,
    taken: r.taken,
    skipped: r.skipped,
    "as needed": r.as_needed,
    percent: if r.due > 0.0 then r.taken * 100.0 / r.due else 0.0
  }}))
  |> sort(columns: ["medication"])"""

    def typesof(self, question):
        return f"""
from(bucket: v.defaultBucket)
  |> {EVER}
  |> filter(fn: (r) => {PERSON} and r._field == "value" and r._measurement !~ /_daily$/)
  |> last()
  |> group(columns: ["_measurement"])
  |> max(column: "_time")
  |> group()
  |> map(fn: (r) => ({{type: r._measurement, newest: float(v: int(v: r._time)) / 1000000.0}}))
  |> sort(columns: ["type"])"""

    def sourcesof(self, question):
        return f"""
from(bucket: v.defaultBucket)
  |> {EVER}
  |> filter(fn: (r) => {PERSON} and r._field == "value" and exists r.source and {SOURCE})
  |> last()
  |> group(columns: ["source"])
  |> max(column: "_time")
  |> group()
  |> map(fn: (r) => ({{source: r.source, newest: float(v: int(v: r._time)) / 1000000.0}}))
  |> sort(columns: ["newest"], desc: true)"""

    def people(self, question):
        return 'schema.tagValues(bucket: v.defaultBucket, tag: "person", start: 1970-01-02T00:00:00Z)'

    def sourcenames(self, question):
        return f"""
union(tables: [
  array.from(rows: [{{place: 0, _value: "all sources|*"}}]),
  schema.tagValues(bucket: v.defaultBucket, tag: "source", predicate: (r) => {PERSON}, start: 1970-01-02T00:00:00Z)
    |> map(fn: (r) => ({{place: 1, _value: r._value + "|" + r._value}}))
])
  |> sort(columns: ["place", "_value"])
  |> keep(columns: ["_value"])"""

    def nightnames(self, question):
        return f"""
{read("nights", ["night", "bedtime"], DAYS)}
  |> {FIELDS}
  |> group()
  |> filter(fn: (r) => exists r.bedtime)
  |> sort(columns: ["_time"], desc: true)
  |> keep(columns: ["night"])
  |> rename(columns: {{night: "_value"}})"""

    def workoutnames(self, question):
        return f"""
{read("workouts", ["uuid"], RANGE)}
  |> group()
  |> sort(columns: ["_time"], desc: true)
  |> map(fn: (r) => ({{r with start: string(v: r._time), what: if exists r.activity then r.activity else "other"}}))
  |> map(fn: (r) => ({{_value: strings.substring(v: r.start, start: 0, end: 10) + " " + strings.substring(v: r.start, start: 11, end: 16)
    + " UTC " + r.what + "|" + r._value}}))"""


# Variables whose rows are pairs.
PAIRED = (q.SourceNames, q.WorkoutNames)
