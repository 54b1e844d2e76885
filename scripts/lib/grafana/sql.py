"""Questions as SQL of SQLite and of PostgreSQL: one text each, with what differs in a dialect.

Days are those of the derived tables. A figure of a day stands at its noon, so that a browser in another zone shows the same
date; today's stands at the present time if that is earlier. A week, and a day without instants, stands at 10:00 UTC of its
date: from Hawaii to New Zealand, that is the same date.
"""

from . import questions as q

NOON_MS = 12 * 3_600_000
# A night ends at 18:00 of its date. The clocks may change between midnight and then, so that the date begins 17 to 19 hours
# before. A time range from midnight to midnight has the right nights; another one may have a wrong one if it ends near midnight.
NIGHT_NOON_MS, NIGHT_FROM_MS, NIGHT_TO_MS = 6 * 3_600_000, 16 * 3_600_000, 5 * 3_600_000
PERSON = "(SELECT id FROM persons WHERE name = ${person:sqlstring})"
KILOMETRES = (
    "CASE w.distance_unit WHEN 'km' THEN 1.0 WHEN 'm' THEN 0.001 WHEN 'mi' THEN 1.609344 WHEN 'yd' THEN 0.0009144\n"
    "    WHEN 'ft' THEN 0.0003048 WHEN 'cm' THEN 0.00001 WHEN 'in' THEN 0.0000254 END"
)
# Of the hypnogram, from below: deep, core or asleep, REM, awake.
LEVEL = "CASE s.stage WHEN 4 THEN 0.0 WHEN 1 THEN 1.0 WHEN 3 THEN 1.0 WHEN 5 THEN 2.0 WHEN 2 THEN 3.0 END"


def type_is(alias, name):
    return f"{alias}.type_id = (SELECT id FROM types WHERE name = '{q.TYPES[name]}')"


def of_person(alias):
    return f"{alias}.person_id = {PERSON}"


def source_is(name):
    return f"(${{source:sqlstring}} = '*' OR {name} = ${{source:sqlstring}})"


class Writer:
    """Writes questions in a dialect."""

    def __init__(self, dialect):
        self.d = dialect

    def can(self, question):
        return True

    def write(self, question):
        return getattr(self, type(question).__name__.lower())(question).strip()

    def c(self, name):
        return self.d.column(name)

    def noon(self, start):
        """Noon of a day, or now if that is earlier."""
        return self.d.least(self.d.plus(start, NOON_MS), self.d.greatest(start, self.d.now))

    def touched(self, start, end):
        return f"{end} > {self.d.from_} AND {start} < {self.d.to}"

    def night_noon(self):
        end = self.c("n.end_ms")
        middle = self.d.greatest(self.d.plus(end, -NIGHT_FROM_MS), self.d.now)
        return self.d.least(self.d.plus(end, -NIGHT_NOON_MS), middle)

    def night_touched(self):
        end = self.c("n.end_ms")
        return f"{self.d.plus(end, NIGHT_TO_MS)} > {self.d.from_} AND {self.d.plus(end, -NIGHT_FROM_MS)} < {self.d.to}"

    def figures(self, figures):
        column = "max(CASE WHEN t.name = '{}' THEN d.{} END) AS \"{}\""
        return ",\n  ".join(column.format(q.TYPES[figure.type], figure.column, figure.label) for figure in figures)

    def names(self, figures):
        return ", ".join(f"'{name}'" for name in dict.fromkeys(q.TYPES[figure.type] for figure in figures))

    def days(self, question):
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        return f"""
SELECT
  {self.d.time(self.noon(f"min({start})"))},
  {self.figures(question.figures)}
FROM days d
JOIN types t ON t.id = d.type_id
WHERE {of_person("d")}
  AND t.name IN ({self.names(question.figures)})
  AND {self.touched(start, end)}
GROUP BY d.day
ORDER BY d.day"""

    def today(self, question):
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        instant = self.d.least(self.d.now, self.d.to)
        return f"""
SELECT
  {self.figures(question.figures)}
FROM days d
JOIN types t ON t.id = d.type_id
WHERE {of_person("d")}
  AND t.name IN ({self.names(question.figures)})
  AND {start} <= {instant} AND {end} > {instant}
HAVING count(*) > 0"""

    def trend(self, question):
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        return f"""
SELECT {self.d.time(self.noon(start))}, d.value AS "{question.label}", d.mean AS "Mean of 7 days"
FROM (
  SELECT d.day, {start}, {end}, d.value,
    avg(d.value) OVER (ORDER BY {self.d.day_number("d.day")} RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS mean
  FROM days d
  WHERE {of_person("d")} AND {type_is("d", question.type)}
) d
WHERE {self.touched(start, end)}
ORDER BY d.day"""

    def latest(self, question):
        last = self.c("d.last_ms")
        return f"""
SELECT d.last AS "{question.label}", {self.d.ms(last)} AS "Measured"
FROM days d
WHERE {of_person("d")} AND {type_is("d", question.type)}
  AND {last} < {self.d.to} AND d.last IS NOT NULL
ORDER BY d.day DESC
LIMIT 1"""

    def daysbysource(self, question):
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        where = f"{of_person('d')} AND {type_is('d', question.type)}\n    AND {self.touched(start, end)}"
        join, value, count = self.d.parts
        figure = "sum(p.value * p.count) / sum(p.count)" if question.is_mean else "sum(p.value)"
        return f"""
SELECT {self.d.time("p.at")}, p.source, {figure} AS "{question.label}"
FROM (
  SELECT {self.noon(start)} AS at, {self.d.plain("g.name")} AS source, d.value, d.count
  FROM days d
  JOIN source_groups g ON g.id = d.group_id
  WHERE {where}
  UNION ALL
  SELECT {self.noon(start)}, {self.d.plain("g.name")}, {value}, {count}
  FROM days d
  {join}
  WHERE {where} AND d.group_id IS NULL
) p
WHERE {source_is("p.source")}
GROUP BY p.at, p.source
ORDER BY p.at, p.source"""

    def samples(self, kind, select, tail):
        return f"""
SELECT {select}
FROM samples s
LEFT JOIN sources o ON o.id = s.source_id
WHERE {of_person("s")} AND {type_is("s", kind)}
  AND {self.d.within(self.c("s.start_ms"))}
  AND {source_is(self.d.source_name("o"))}
{tail}"""

    def sampleline(self, question):
        select = f"""{self.d.bucket(self.c("s.start_ms"))},
  min(s.value) AS "Least", avg(s.value) AS "Mean", max(s.value) AS "Greatest\""""
        return self.samples(question.type, select, "GROUP BY 1\nORDER BY 1")

    def distribution(self, question):
        step = self.d.step("s.value", question.width)
        select = f'{self.d.text(step)} AS "{question.label}", count(*) AS "Samples"'
        return self.samples(question.type, select, f"GROUP BY {step}\nORDER BY {step}")

    def hours(self, question):
        column = "sum(CASE WHEN h.hour = {0} THEN h.value * h.count END) / sum(CASE WHEN h.hour = {0} THEN h.count END) AS \"{0:02}\""
        columns = ",\n  ".join(column.format(hour) for hour in range(24))
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        return f"""
SELECT {self.d.time(self.noon(f"min({start})"))},
  {columns}
FROM days d
JOIN hours h ON h.person_id = d.person_id AND h.type_id = d.type_id AND h.day = d.day
WHERE {of_person("d")} AND {type_is("d", "heart_rate")}
  AND {self.touched(start, end)}
GROUP BY d.day
ORDER BY d.day"""

    def nights(self, question):
        columns = ", ".join(f'n.{column}_ms / 3600000.0 AS "{label}"' for label, column in question.columns)
        return f"""
SELECT {self.d.time(self.night_noon())},
  {columns}
FROM nights n
WHERE {of_person("n")} AND {self.night_touched()}
ORDER BY n.night"""

    def lastnight(self, question):
        wake = self.c("n.wake_ms")
        return f"""
SELECT n.asleep_ms / 3600000.0 AS "{question.label}", {self.d.ms(wake)} AS "Woke up"
FROM nights n
WHERE {of_person("n")} AND n.asleep_ms IS NOT NULL AND {wake} < {self.d.to}
ORDER BY n.night DESC
LIMIT 1"""

    def nightmeans(self, question):
        return f"""
SELECT avg(n.asleep_ms) / 3600000.0 AS "Asleep", avg(n.deep_ms) / 3600000.0 AS "Deep", avg(n.rem_ms) / 3600000.0 AS "REM",
  sum(n.asleep_ms) * 100.0 / sum(n.in_bed_ms) AS "Of the time in bed"
FROM nights n
WHERE {of_person("n")} AND n.asleep_ms > 0 AND {self.night_touched()}
HAVING count(*) > 0"""

    def bedtimes(self, question):
        return f"""
SELECT {self.d.time(self.night_noon())},
  {self.d.hours("n.bedtime", "n.night")} AS "To bed", {self.d.hours("n.wake_time", "n.night")} AS "Awake"
FROM nights n
WHERE {of_person("n")} AND n.bedtime IS NOT NULL AND {self.night_touched()}
ORDER BY n.night"""

    def segments(self, question):
        begin, end = self.c("s.from_ms"), self.c("s.to_ms")
        stage = "s.stage = 0" if question.in_bed else "s.stage <> 0"
        # Parts of one layer do not overlap.
        return f"""
WITH s AS (
  SELECT {begin}, {end}, s.stage, lead({begin}) OVER (ORDER BY {begin}) AS next
  FROM night_segments s
  LEFT JOIN source_groups g ON g.id = s.group_id
  WHERE {of_person("s")} AND {stage} AND {self.touched(begin, end)}
    AND {source_is(self.d.plain("g.name"))}
)
SELECT {self.d.time(begin)}, s.stage AS "{'In bed' if question.in_bed else 'Stage'}" FROM s
UNION ALL
SELECT {self.d.time(end)}, NULL FROM s WHERE s.next IS NULL OR s.next > {end}
ORDER BY 1"""

    def hypnogram(self, question):
        begin, end, bed = self.c("s.from_ms"), self.c("s.to_ms"), self.c("n.bedtime_ms")
        midnight = self.d.hours("n.bedtime", "n.night")

        def steps(instant, level):
            return f"""SELECT {midnight} + {self.d.seconds(instant, bed)} / 3600.0 AS "Hours from midnight", {level} AS "Stage"
FROM nights n
JOIN night_segments s ON s.person_id = n.person_id AND s.night = n.night AND s.stage <> 0
WHERE {of_person("n")} AND n.night = ${{night:sqlstring}}"""

        follows = f"{self.c('f.from_ms')} <= {end} AND {self.c('f.to_ms')} > {end}"
        return f"""
{steps(begin, LEVEL)}
UNION ALL
{steps(end, "NULL")}
  AND NOT EXISTS (
    SELECT 1 FROM night_segments f
    WHERE f.person_id = s.person_id AND f.night = s.night AND f.stage <> 0 AND {follows}
  )
ORDER BY 1"""

    def workouts(self, question):
        start = self.c("w.start_ms")
        return f"""
SELECT {self.d.time(start)}, coalesce(a.name, 'other') AS activity, w.duration_s / 60.0 AS minutes,
  w.energy_kcal AS kcal,
  w.distance * {KILOMETRES} AS km,
  w.duration_s / 60.0 / nullif(w.distance * {KILOMETRES}, 0) AS pace,
  {self.d.source_name("o")} AS source, {self.d.uuid("w.uuid")} AS workout
FROM workouts w
LEFT JOIN {self.d.activities} a ON a.value = w.activity_type
LEFT JOIN sources o ON o.id = w.source_id
WHERE {of_person("w")} AND {self.d.within(start)}
  AND {source_is(self.d.source_name("o"))}
ORDER BY {start} DESC"""

    def workoutweeks(self, question):
        value = {"duration_s": "sum(w.duration_s) / 3600.0", "distance_m": "sum(w.distance_m) / 1000.0"}[question.column]
        monday = self.d.monday("w.day")
        return f"""
SELECT {self.d.time(self.d.of_date(monday))}, coalesce(a.name, 'other') AS activity, {value} AS value
FROM workout_days w
LEFT JOIN {self.d.activities} a ON a.value = w.activity_type
WHERE {of_person("w")} AND w.{question.column} IS NOT NULL
  AND {self.d.within(self.d.of_date(monday))}
GROUP BY {monday}, a.name
ORDER BY {monday}, a.name"""

    def activities(self, question):
        return f"""
SELECT coalesce(a.name, 'other') AS activity, sum(w.workouts) AS workouts, sum(w.duration_s) / 3600.0 AS hours,
  sum(w.distance_m) / 1000.0 AS km, sum(w.energy_kcal) AS kcal
FROM workout_days w
LEFT JOIN {self.d.activities} a ON a.value = w.activity_type
WHERE {of_person("w")} AND {self.d.within(self.d.of_date("w.day"))}
GROUP BY a.name
ORDER BY hours DESC"""

    def in_workout(self, column):
        """Whether locations belong to `$workout`. Those of an export have the identity that it derived."""
        return f"""{column} IN (
    SELECT w.uuid FROM workouts w WHERE {of_person("w")} AND {self.d.uuid("w.uuid")} = ${{workout:sqlstring}}
    UNION ALL
    SELECT i.derived FROM workout_aliases i WHERE {of_person("i")} AND {self.d.uuid("i.uuid")} = ${{workout:sqlstring}}
  )"""

    def route(self, question):
        at = self.c("r.time_ms")
        return f"""
SELECT {self.d.time(at)}, r.latitude, r.longitude, r.altitude_m AS altitude, nullif(r.speed_m_s, -1) AS speed
FROM route_points r
WHERE {of_person("r")} AND {self.in_workout("r.workout")}
ORDER BY {at}, r.route, r.place"""

    def start_of_workout(self):
        return f"""(
    SELECT {self.c("w.start_ms")} FROM workouts w WHERE {of_person("w")} AND {self.d.uuid("w.uuid")} = ${{workout:sqlstring}}
  )"""

    def ten_seconds(self, later, earlier):
        return f"{self.d.step(self.d.seconds(later, earlier), 10)} / 60.0"

    def routeprofile(self, question):
        at = self.c("r.time_ms")
        minutes = self.ten_seconds(at, "b.begin")
        return f"""
SELECT {minutes} AS "Minutes", avg(r.altitude_m) AS "Altitude", avg(nullif(r.speed_m_s, -1)) * 3.6 AS "Speed"
FROM route_points r
CROSS JOIN (SELECT {self.start_of_workout()} AS begin) b
WHERE {of_person("r")} AND {self.in_workout("r.workout")}
GROUP BY {minutes}
ORDER BY {minutes}"""

    def workoutheart(self, question):
        at = self.c("s.start_ms")
        minutes = self.ten_seconds(at, self.c("w.start_ms"))
        return f"""
SELECT {minutes} AS "Minutes", avg(s.value) AS "Heart rate"
FROM workouts w
JOIN samples s ON s.person_id = w.person_id AND {type_is("s", "heart_rate")}
  AND {at} >= {self.c("w.start_ms")} AND {at} <= {self.c("w.end_ms")}
LEFT JOIN sources o ON o.id = s.source_id
WHERE {of_person("w")} AND {self.d.uuid("w.uuid")} = ${{workout:sqlstring}}
  AND {source_is(self.d.source_name("o"))}
GROUP BY {minutes}
ORDER BY {minutes}"""

    def doses(self, question):
        at = f"coalesce({self.c('m.scheduled_ms')}, {self.c('m.start_ms')})"
        return f"""
SELECT {self.d.time(at)}, coalesce(m.medication, 'unnamed') AS medication, max(m.log_status) AS status
FROM medication_doses m
LEFT JOIN sources o ON o.id = m.source_id
WHERE {of_person("m")} AND {self.d.within(at)}
  AND {source_is(self.d.source_name("o"))}
GROUP BY {at}, m.medication
ORDER BY {at}, m.medication"""

    def dosedays(self, question):
        return f"""
SELECT {self.d.time(self.d.of_date("m.day"))}, sum(m.taken) AS "Taken", sum(m.skipped) AS "Skipped",
  sum(m.due - m.taken - m.skipped) AS "Missed", sum(m.as_needed) AS "As needed"
FROM dose_days m
WHERE {of_person("m")} AND {self.d.within(self.d.of_date("m.day"))}
GROUP BY m.day
ORDER BY m.day"""

    def adherence(self, question):
        return f"""
SELECT m.medication, sum(m.due) AS due, sum(m.taken) AS taken, sum(m.skipped) AS skipped, sum(m.as_needed) AS "as needed",
  sum(m.taken) * 100.0 / nullif(sum(m.due), 0) AS percent
FROM dose_days m
WHERE {of_person("m")} AND {self.d.within(self.d.of_date("m.day"))}
GROUP BY m.medication
ORDER BY m.medication"""

    def lastupload(self, question):
        finished = self.c("u.finished_ms")
        return f"""
SELECT {self.d.ms(f"max({finished})")} AS "Last upload"
FROM uploads u
WHERE {of_person("u")} AND u.state = 'done' AND u.origin = 'http'
HAVING count(*) > 0"""

    def uploads(self, question):
        started = self.c("u.started_ms")
        return f"""
SELECT {self.d.time(started)}, u.id, u.state, u.origin, u.sync_source AS trigger,
  u.measurements + u.medications + u.workouts + u.other AS records, u.route_points AS locations,
  u.new, u.updated, u.unchanged, u.merged, u.rejected, u.error
FROM uploads u
WHERE {of_person("u")} AND {self.d.within(started)}
ORDER BY u.id DESC"""

    def uploaddays(self, question):
        started = self.c("u.started_ms")
        return f"""
SELECT {self.d.bucket(started)}, sum(u.new) AS "New", sum(u.updated) AS "Updated", sum(u.unchanged) AS "Unchanged",
  sum(u.merged) AS "Merged", sum(u.rejected) AS "Rejected"
FROM uploads u
WHERE {of_person("u")} AND {self.d.within(started)}
GROUP BY 1
ORDER BY 1"""

    def rejects(self, question):
        return f"""
SELECT r.section, r.reason, count(*) AS elements
FROM rejects r
JOIN uploads u ON u.id = r.upload_id
WHERE {of_person("r")} AND {self.d.within(self.c("u.started_ms"))}
GROUP BY r.section, r.reason
ORDER BY elements DESC, r.section, r.reason"""

    def typesof(self, question):
        start, end = self.c("d.start_ms"), self.c("d.end_ms")
        newest = f"(SELECT max({self.c('s.start_ms')}) FROM samples s WHERE {of_person('s')} AND s.type_id = t.id)"
        return f"""
SELECT replace(replace(t.name, 'HKQuantityTypeIdentifier', ''), 'HKCategoryTypeIdentifier', '') AS type,
  count(*) AS days, sum(d.count) AS samples, {self.d.ms(newest)} AS newest
FROM days d
JOIN types t ON t.id = d.type_id
WHERE {of_person("d")} AND {self.touched(start, end)}
GROUP BY t.id, t.name
ORDER BY type"""

    def sourcesof(self, question):
        return f"""
SELECT {self.d.plain("g.name")} AS source, g.class, {self.d.ms(self.c("g.first_ms"))} AS first, {self.d.ms(self.c("g.last_ms"))} AS newest
FROM source_groups g
WHERE {of_person("g")} AND {source_is(self.d.plain("g.name"))}
ORDER BY {self.c("g.last_ms")} DESC"""

    def freshness(self, question):
        newest = f"(SELECT max(c.number) FROM changes c WHERE {of_person('c')})"
        known = f"(SELECT s.change FROM derived_state s WHERE {of_person('s')})"
        return f"""
SELECT CASE WHEN {newest} <= {known} THEN 1 ELSE 0 END AS "Figures"
WHERE {newest} IS NOT NULL"""

    def people(self, question):
        return "SELECT name AS __text, name AS __value FROM persons ORDER BY id"

    def sourcenames(self, question):
        name = self.d.plain("g.name")
        return f"""
SELECT __text, __value
FROM (
  SELECT 'all sources' AS __text, '*' AS __value, 0 AS place
  UNION ALL
  SELECT DISTINCT {name}, {name}, 1 FROM source_groups g WHERE {of_person("g")}
) names
ORDER BY place, __text"""

    def nightnames(self, question):
        return f"""
SELECT n.night AS __text, n.night AS __value
FROM nights n
WHERE {of_person("n")} AND n.bedtime IS NOT NULL AND {self.night_touched()}
ORDER BY n.night DESC"""

    def workoutnames(self, question):
        start = self.c("w.start_ms")
        return f"""
SELECT {self.workout_date(start)} || ' ' || coalesce(a.name, 'other') AS __text, {self.d.uuid("w.uuid")} AS __value
FROM workouts w
LEFT JOIN {self.d.activities} a ON a.value = w.activity_type
WHERE {of_person("w")} AND {self.d.within(start)}
ORDER BY {start} DESC"""

    def workout_date(self, start):
        if self.d.name == "sqlite":
            return f"strftime('%Y-%m-%d %H:%M UTC', {start} / 1000, 'unixepoch')"
        return f"to_char({start} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')"
