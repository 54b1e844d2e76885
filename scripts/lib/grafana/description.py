"""The dashboards: which panels there are, what each one asks, and what it says about itself.

A panel that a language cannot ask is left out of the dashboards in that language.
"""

from dataclasses import dataclass, field, replace

from . import panels as p
from . import questions as q

# How the rows of an answer are read: a column for each series, a series for each text, or as they are.
WIDE, LONG, TABLE = "wide", "long", "table"

KCAL, RATE, VO2, MMHG = "suffix: kcal", "suffix: /min", "suffix: ml/(kg·min)", "suffix: mmHg"
ONCE = "Each source is counted once, as in the Health app: a phone beside a watch adds nothing."
OF_SOURCE = "Follows the variable Source."
LOCAL = "Days are local days, as lived."


@dataclass(frozen=True)
class Panel:
    title: str
    description: str
    look: tuple
    asks: tuple
    width: int = 12
    height: int = 8
    form: str = WIDE
    interval: str = ""
    transformations: tuple = ()


@dataclass(frozen=True)
class Row:
    title: str


@dataclass(frozen=True)
class Dashboard:
    key: str
    title: str
    description: str
    items: tuple
    span: tuple = ("now-29d/d", "now/d")
    # Beside person and source.
    variables: tuple = field(default=())


def figure(type_, label, column="value"):
    return q.Figure(type_, label, column)


def small(title, description, look, ask):
    return Panel(title, description, look, (ask,), 4, 4, TABLE)


def of_today(title, type_, label, unit, empty, note=ONCE):
    return small(title, f"Today's figure so far. {note} {LOCAL}", p.stat(unit, empty), q.Today((figure(type_, label),)))


def newest(title, type_, unit, empty, decimals=0):
    text = "The newest value before the end of the time range, and how long ago it was measured."
    return small(title, text, p.aged(unit, empty, decimals=decimals), q.Latest(type_, title))


def daily(title, type_, label, unit, axis, empty, note=ONCE, **more):
    return Panel(title, f"{label} of each day. {note} {LOCAL}", p.bars(unit, axis, empty), (q.Days((figure(type_, label),)),), **more)


def trend(title, type_, label, unit, axis, empty, **more):
    text = f"{label} of each day, and the mean over the 7 days up to it, of those with data. {LOCAL}"
    return Panel(title, text, p.lines(unit, axis, empty), (q.Trend(type_, label),), **more)


def by_source(title, type_, label, unit, axis):
    text = f"What each source adds. The parts add up to the day's figure: {ONCE.lower()} {OF_SOURCE} {LOCAL}"
    look = p.bars(unit, axis, "No data of this source in this time.", stacked=True, displayName="${__field.labels.source}")
    return Panel(title, text, look, (q.DaysBySource(type_, label),), form=LONG)


HEART_LINE = Panel(
    "Heart rate",
    f"Least, mean and greatest value in each interval, as sent. With all sources, samples of a chest strap and of a watch are both in it. {OF_SOURCE}",
    p.lines(RATE, "Beats per minute", "No heart rates in this time.", [
        p.override("Least", custom_lineWidth=0),
        p.override("Greatest", custom_lineWidth=0, custom_fillBelowTo="Least", custom_fillOpacity=20),
    ]),
    (q.SampleLine("heart_rate"),),
    interval="1m",
)

STAGES_NOW = Panel(
    "Sleep",
    f"Which stage by which source counted when; time in bed is a separate line. {OF_SOURCE}",
    p.timeline("No sleep in this time.", {0: ("In bed", "#8e8e8e")} | p.STAGES),
    (q.Segments(False), q.Segments(True)),
    form=TABLE,
)

FIGURES = small(
    "Figures",
    "Whether figures of days and nights are computed up to the last change. They are within seconds of an upload.",
    p.stat("none", "No data yet.", mappings=p.mapping({1: ("up to date", "#56a64b"), 0: ("being computed", "#f2a65a")})),
    q.Freshness(),
)

LAST_UPLOAD = small(
    "Last upload",
    "How long ago the phone's last upload was stored. Old: open the app, and see Sync not starting in docs/troubleshooting.md.",
    p.stat("dateTimeFromNow", "The phone has sent nothing yet."),
    q.LastUpload(),
)

TODAY = Dashboard(
    "today",
    "Today",
    "Today, and the last 24 hours. A figure of today counts up to now; other values show their age.",
    (
        LAST_UPLOAD,
        of_today("Steps", "steps", "Steps", "locale", "No steps yet today."),
        of_today("Active energy", "active_energy", "Active energy", KCAL, "No energy yet today."),
        of_today("Exercise", "exercise_time", "Exercise", "m", "No exercise yet today."),
        of_today("Stand hours", "stand_hours", "Stand hours", "suffix: h", "No stand hour yet today.", "Hours in which you stood for a minute."),
        small(
            "Last night",
            "Hours asleep in the newest night, naps included, and how long ago it ended.",
            p.aged("h", "No night yet.", [p.override("Woke up", unit="dateTimeFromNow")], 1),
            q.LastNight("Asleep"),
        ),
        newest("Resting heart rate", "resting_heart_rate", RATE, "No resting heart rate yet."),
        newest("Heart rate variability", "heart_rate_variability", "ms", "No heart rate variability yet."),
        newest("Blood oxygen", "spo2", "percentunit", "No blood oxygen yet."),
        newest("Respiratory rate", "respiratory_rate", RATE, "No respiratory rate yet.", 1),
        newest("Weight", "body_mass", "masskg", "No weight yet.", 1),
        FIGURES,
        HEART_LINE,
        STAGES_NOW,
        Panel(
            "Doses",
            f"Doses when they were due, or when they were logged without being due, by what became of them. {OF_SOURCE}",
            p.history("No doses in this time.", p.DOSES, "${__field.labels.medication}"),
            (q.Doses(),),
            24,
            5,
            LONG,
        ),
    ),
    ("now-24h", "now"),
)

HEART = Dashboard(
    "heart",
    "Heart",
    "Heart rates by day, hour and value; resting heart rate, variability, blood oxygen.",
    (
        Panel(
            "Heart rate by day",
            f"Least, mean and greatest heart rate of each day. The mean counts each sample alike. {LOCAL}",
            p.lines(RATE, "Beats per minute", "No heart rates in this time.", [
                p.override("Least", custom_lineWidth=0),
                p.override("Greatest", custom_lineWidth=0, custom_fillBelowTo="Least", custom_fillOpacity=20),
            ]),
            (q.Days((figure("heart_rate", "Least", "minimum"), figure("heart_rate", "Mean"), figure("heart_rate", "Greatest", "maximum"))),),
        ),
        HEART_LINE,
        trend("Resting heart rate", "resting_heart_rate", "Resting heart rate", RATE, "Beats per minute", "No resting heart rate in this time."),
        trend("Heart rate variability", "heart_rate_variability", "SDNN", "ms", "Milliseconds", "No heart rate variability in this time."),
        Panel(
            "Heart rate by hour",
            "Mean heart rate of each local hour. A column is a day; the hours go from bottom to top.",
            p.heatmap(RATE, "Local hour", "No heart rates in this time."),
            (q.Hours(),),
        ),
        Panel(
            "How often which heart rate",
            f"Samples in each step of 5 beats per minute. A watch measures more often in a workout, so this is no share of time. {OF_SOURCE}",
            p.columns("locale", "Samples", "No heart rates in this time.", "Beats per minute"),
            (q.Distribution("heart_rate", 5, "Beats per minute"),),
            form=TABLE,
        ),
        Panel(
            "Blood oxygen",
            f"Least and mean blood oxygen of each day. {LOCAL}",
            p.lines("percentunit", "Share of haemoglobin with oxygen", "No blood oxygen in this time.", max=1),
            (q.Days((figure("spo2", "Least", "minimum"), figure("spo2", "Mean"))),),
        ),
        trend("Respiratory rate", "respiratory_rate", "Respiratory rate", RATE, "Breaths per minute", "No respiratory rate in this time."),
    ),
)

SLEEP = Dashboard(
    "sleep",
    "Sleep",
    "Nights by the date of their morning. A night begins at 18:00; sources and stages are counted once, naps are included.",
    (
        Panel(
            "Means of the nights",
            "Means over the nights of the time range with sleep, and which part of the time in bed was slept.",
            p.stat("h", "No night in this time.", [p.override("Of the time in bed", unit="percent")], 1),
            (q.NightMeans(),),
            24,
            4,
            TABLE,
        ),
        Panel(
            "Stages of each night",
            "Hours in each stage, by the date of the morning. Asleep has no stage: its source does not report one.",
            p.bars("h", "Hours", "No night in this time.", stacked=True),
            (q.Nights(q.STAGES),),
        ),
        Panel(
            "In bed and asleep",
            "Hours in bed and asleep, by the date of the morning. They overlap, so they are never added up.",
            p.lines("h", "Hours", "No night in this time.", min=0),
            (q.Nights((("In bed", "in_bed"), ("Asleep", "asleep"))),),
        ),
        Panel(
            "To bed and awake",
            "When the longest period of sleep began and ended, in hours from midnight, local: -1 is 23:00, 6.5 is 06:30.",
            p.lines("h", "Hours from midnight", "No night in this time.", points="always"),
            (q.Bedtimes(),),
        ),
        Panel(
            "One night",
            "The stages of the night that the variable Night names, over hours from midnight, local.",
            p.curve("none", "Stage", "Choose a night above.", "Hours from midnight", steps=True, min=0, max=3, decimals=0,
                    mappings=p.mapping(p.LEVELS)),
            (q.Hypnogram(),),
            form=TABLE,
        ),
        trend("Respiratory rate", "respiratory_rate", "Respiratory rate", RATE, "Breaths per minute", "No respiratory rate in this time."),
        trend("Wrist temperature", "sleeping_wrist_temperature", "Wrist temperature", "celsius", "Degrees Celsius",
              "No wrist temperature in this time."),
        Panel(
            "Nights of a short time",
            STAGES_NOW.description + " Zoom in to some days.",
            STAGES_NOW.look,
            STAGES_NOW.asks,
            24,
            6,
            TABLE,
        ),
    ),
    variables=(("night", "Night", "The date of a morning, for the panel One night.", q.NightNames()),),
)

ACTIVITY = Dashboard(
    "activity",
    "Activity",
    "Movement by local day. Phone, watch and apps are counted once.",
    (
        daily("Steps", "steps", "Steps", "locale", "Steps", "No steps in this time."),
        by_source("Steps by source", "steps", "Steps", "locale", "Steps"),
        Panel(
            "Recorded and counted",
            "What phone, watch and apps have recorded together, and what counts of it. The difference is what two sources have both seen.",
            p.bars("locale", "Steps", "No steps in this time."),
            (q.Days((figure("steps", "Recorded", "naive"), figure("steps", "Counted"))),),
        ),
        trend("Steps, mean of a week", "steps", "Steps", "locale", "Steps", "No steps in this time."),
        daily("Active energy", "active_energy", "Active energy", KCAL, "Kilocalories", "No energy in this time."),
        by_source("Active energy by source", "active_energy", "Active energy", KCAL, "Kilocalories"),
        daily("Walked and run", "walking_running_distance", "Distance", "lengthm", "Metres", "No distance in this time."),
        daily("Flights climbed", "flights_climbed", "Flights", "locale", "Flights", "No flights in this time."),
        daily("Exercise", "exercise_time", "Exercise", "m", "Minutes", "No exercise in this time."),
        daily("Stand hours", "stand_hours", "Stand hours", "suffix: h", "Hours", "No stand hours in this time.",
              "Hours in which you stood for a minute."),
        daily("Time in daylight", "daylight", "Daylight", "m", "Minutes", "No daylight in this time."),
        daily("Mindful minutes", "mindfulness", "Mindful", "m", "Minutes", "No mindful session in this time.", "Each minute once."),
    ),
)

WORKOUT_LINK = [{"title": "Show this workout", "url": "?${__url_time_range}&${person:queryparam}&${source:queryparam}&var-workout=${__value.raw}"}]

WORKOUTS = Dashboard(
    "workouts",
    "Workouts",
    "Workouts of the time range, and one of them with its route. Click an identity in the table, or choose it above.",
    (
        Panel(
            "Workouts",
            f"The workouts that begin in the time range, the newest first. {OF_SOURCE}",
            p.table("No workout in this time.", [
                p.override("time", displayName="Start", custom_width=160),
                p.override("activity", displayName="Activity"),
                p.override("minutes", displayName="Duration", unit="m", decimals=0),
                p.override("kcal", displayName="Active energy", unit=KCAL, decimals=0),
                p.override("km", displayName="Distance", unit="lengthkm", decimals=2),
                p.override("pace", displayName="Pace", unit="suffix: min/km", decimals=2),
                p.override("source", displayName="Source"),
                p.override("workout", displayName="Identity", links=WORKOUT_LINK),
            ]),
            (q.Workouts(),),
            16,
            9,
            TABLE,
        ),
        Panel(
            "Hours by activity",
            f"Hours of the workouts of the time range. {LOCAL}",
            p.pie("h", "No workout in this time.", "activity", "hours"),
            (q.Activities(),),
            8,
            9,
            TABLE,
        ),
        Panel(
            "Hours each week",
            "Hours of workouts by week and activity. A week stands at its Monday; those that begin in the time range are shown.",
            p.bars("h", "Hours", "No week begins in this time.", stacked=True, displayName="${__field.labels.activity}"),
            (q.WorkoutWeeks("duration_s"),),
            form=LONG,
        ),
        Panel(
            "Distance each week",
            "Kilometres of workouts by week and activity. A week stands at its Monday; those that begin in the time range are shown.",
            p.bars("lengthkm", "Kilometres", "No distance in this time.", stacked=True, displayName="${__field.labels.activity}"),
            (q.WorkoutWeeks("distance_m"),),
            form=LONG,
        ),
        Row("One workout"),
        Panel(
            "Route",
            "The locations of the workout that the variable Workout names. The map behind it comes from a server of tiles on the internet: "
            "that server sees which part of the world is shown. The guide shows how to name another one.",
            p.geomap("This workout has no route."),
            (q.Route(),),
            24,
            12,
            TABLE,
        ),
        Panel(
            "Heart rate",
            f"Mean of each ten seconds of the workout. {OF_SOURCE}",
            p.curve(RATE, "Beats per minute", "No heart rates in this workout.", "Minutes"),
            (q.WorkoutHeart(),),
            form=TABLE,
        ),
        Panel(
            "Altitude and speed",
            "Means of each ten seconds of the route. A speed that the phone marks as invalid is left out.",
            p.curve("lengthm", "Metres", "This workout has no route.", "Minutes", [
                p.override("Speed", unit="velocitykmh", custom_axisPlacement="right", custom_axisLabel="Kilometres per hour"),
            ]),
            (q.RouteProfile(),),
            form=TABLE,
        ),
    ),
    ("now-89d/d", "now/d"),
    (("workout", "Workout", "A workout of the time range, the newest first.", q.WorkoutNames()),),
)

BODY = Dashboard(
    "body",
    "Body",
    "Weight, fat, cardio fitness, blood pressure, temperature. Values are in one unit, whatever unit they were sent in.",
    (
        newest("Weight", "body_mass", "masskg", "No weight yet.", 1),
        newest("Body fat", "body_fat_percentage", "percentunit", "No body fat yet.", 1),
        newest("Cardio fitness", "vo2_max", VO2, "No cardio fitness yet.", 1),
        newest("Systolic", "blood_pressure_systolic", MMHG, "No blood pressure yet."),
        newest("Diastolic", "blood_pressure_diastolic", MMHG, "No blood pressure yet."),
        newest("Wrist temperature", "sleeping_wrist_temperature", "celsius", "No wrist temperature yet.", 1),
        Panel(
            "Weight",
            f"Mean weight of each day with a measurement. A line joins days that are next to each other. {LOCAL}",
            p.lines("masskg", "Kilograms", "No weight in this time.", points="always"),
            (q.Days((figure("body_mass", "Weight"),)),),
        ),
        Panel(
            "Weight by source",
            f"Mean weight of each day by scale or app. {OF_SOURCE} {LOCAL}",
            p.lines("masskg", "Kilograms", "No weight of this source in this time.", points="always", displayName="${__field.labels.source}"),
            (q.DaysBySource("body_mass", "Weight", True),),
            form=LONG,
        ),
        Panel(
            "Body fat",
            f"Mean body fat of each day with a measurement. {LOCAL}",
            p.lines("percentunit", "Share of the weight", "No body fat in this time.", points="always"),
            (q.Days((figure("body_fat_percentage", "Body fat"),)),),
        ),
        Panel(
            "Cardio fitness",
            f"VO₂ max of each day with an estimate. {LOCAL}",
            p.lines(VO2, "VO₂ max", "No cardio fitness in this time.", points="always"),
            (q.Days((figure("vo2_max", "VO₂ max"),)),),
        ),
        Panel(
            "Blood pressure",
            f"Mean of each day with a measurement. {LOCAL}",
            p.lines(MMHG, "Millimetres of mercury", "No blood pressure in this time.", points="always"),
            (q.Days((figure("blood_pressure_systolic", "Systolic"), figure("blood_pressure_diastolic", "Diastolic"))),),
        ),
    ),
    ("now-364d/d", "now/d"),
)

MEDICATIONS = Dashboard(
    "medications",
    "Medications",
    "Doses that were due, taken, skipped or missed.",
    (
        Panel(
            "Doses",
            f"Each dose when it was due, or when it was logged without being due, by what became of it. {OF_SOURCE}",
            p.history("No doses in this time.", p.DOSES, "${__field.labels.medication}"),
            (q.Doses(),),
            24,
            8,
            LONG,
        ),
        Panel(
            "Doses of each day",
            f"All medications together. A missed dose was due and is neither taken nor skipped. {LOCAL}",
            p.bars("none", "Doses", "No doses in this time.", stacked=True),
            (q.DoseDays(),),
        ),
        Panel(
            "By medication",
            "Doses of the time range. The percentage is of those that were due.",
            p.table("No doses in this time.", [
                p.override("medication", displayName="Medication"),
                p.override("due", displayName="Due"),
                p.override("taken", displayName="Taken"),
                p.override("skipped", displayName="Skipped"),
                p.override("as needed", displayName="As needed"),
                p.override("percent", displayName="Taken of those due", unit="percent", decimals=1),
            ]),
            (q.Adherence(),),
            form=TABLE,
        ),
    ),
)

INGEST = Dashboard(
    "ingest",
    "Ingest",
    "Whether data still arrives: uploads, what became of their records, and the newest sample of each type.",
    (
        replace(LAST_UPLOAD, height=8),
        replace(FIGURES, height=8),
        Panel(
            "Records of uploads",
            "Records and locations in each interval, by what happened to them. Unchanged ones had been sent before.",
            p.bars("locale", "Records", "No upload in this time.", stacked=True),
            (q.UploadDays(),),
            16,
            8,
            interval="1h",
        ),
        Panel(
            "Types",
            "Each type with data in the time range: its days, its samples that count, and how long ago the newest sample of all time was. "
            "An old one in a type that you expect: see Missing data types in docs/troubleshooting.md.",
            p.table("No data in this time.", [
                p.override("type", displayName="Type"),
                p.override("days", displayName="Days"),
                p.override("samples", displayName="Samples", unit="locale"),
                p.override("newest", displayName="Newest sample", unit="dateTimeFromNow"),
            ], ("Newest sample",)),
            (q.TypesOf(),),
            12,
            10,
            TABLE,
        ),
        Panel(
            "Sources",
            f"Devices and apps, with their first and their newest sample of all time. {OF_SOURCE}",
            p.table("No source yet.", [
                p.override("source", displayName="Source"),
                p.override("class", displayName="Kind"),
                p.override("first", displayName="First sample", unit="dateTimeAsLocal"),
                p.override("newest", displayName="Newest sample", unit="dateTimeFromNow"),
            ]),
            (q.SourcesOf(),),
            12,
            10,
            TABLE,
        ),
        Panel(
            "Uploads",
            "The ledger of uploads and imports of the time range.",
            p.table("No upload in this time.", [
                p.override("time", displayName="Started", custom_width=160),
                p.override("id", displayName="Number"),
                p.override("state", displayName="State"),
                p.override("origin", displayName="Origin"),
                p.override("trigger", displayName="Trigger"),
            ]),
            (q.Uploads(),),
            24,
            8,
            TABLE,
        ),
        Panel(
            "Rejected elements",
            "What uploads of the time range could not store, and why. The table rejects has the texts.",
            p.table("Nothing was rejected in this time.", [
                p.override("section", displayName="Section"),
                p.override("reason", displayName="Reason"),
                p.override("elements", displayName="Elements"),
            ]),
            (q.Rejects(),),
            24,
            6,
            TABLE,
        ),
    ),
)

DASHBOARDS = (TODAY, HEART, SLEEP, ACTIVITY, WORKOUTS, BODY, MEDICATIONS, INGEST)

# Of every dashboard, before its other variables.
VARIABLES = (
    ("person", "Person", "Whose data is shown.", q.People()),
    ("source", "Source", "For the panels that say so: only what this device or app has. * is all of them.", q.SourceNames()),
)
