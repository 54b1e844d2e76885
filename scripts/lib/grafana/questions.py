"""What a panel can ask. Each question is a value; its query in each language is made elsewhere."""

from dataclasses import dataclass

QUANTITY = "HKQuantityTypeIdentifier"
CATEGORY = "HKCategoryTypeIdentifier"

# HealthKit's identifiers by the names that the API and the follower have for them.
TYPES = {
    "steps": QUANTITY + "StepCount",
    "active_energy": QUANTITY + "ActiveEnergyBurned",
    "basal_energy": QUANTITY + "BasalEnergyBurned",
    "exercise_time": QUANTITY + "AppleExerciseTime",
    "stand_hours": CATEGORY + "AppleStandHour",
    "mindfulness": CATEGORY + "MindfulSession",
    "flights_climbed": QUANTITY + "FlightsClimbed",
    "walking_running_distance": QUANTITY + "DistanceWalkingRunning",
    "daylight": QUANTITY + "TimeInDaylight",
    "heart_rate": QUANTITY + "HeartRate",
    "resting_heart_rate": QUANTITY + "RestingHeartRate",
    "heart_rate_variability": QUANTITY + "HeartRateVariabilitySDNN",
    "spo2": QUANTITY + "OxygenSaturation",
    "respiratory_rate": QUANTITY + "RespiratoryRate",
    "sleeping_wrist_temperature": QUANTITY + "AppleSleepingWristTemperature",
    "body_mass": QUANTITY + "BodyMass",
    "body_fat_percentage": QUANTITY + "BodyFatPercentage",
    "vo2_max": QUANTITY + "VO2Max",
    "blood_pressure_systolic": QUANTITY + "BloodPressureSystolic",
    "blood_pressure_diastolic": QUANTITY + "BloodPressureDiastolic",
}


@dataclass(frozen=True)
class Figure:
    """A figure of local days: of which type, which column, and what the series is called."""

    type: str
    label: str
    column: str = "value"


@dataclass(frozen=True)
class Days:
    """Figures of the local days that the time range touches: `time` at noon, and a column for each."""

    figures: tuple


@dataclass(frozen=True)
class Today:
    """The same of the day in which the time range ends, or in which it is now: one row, or none."""

    figures: tuple


@dataclass(frozen=True)
class Trend:
    """A figure of each day, and its mean over the 7 days up to it, of those with data."""

    type: str
    label: str


@dataclass(frozen=True)
class Latest:
    """The newest value before the end of the range, and when it was measured, in milliseconds since 1970.

    In SQL it is the last one of a day, which is the newest one if the range ends with the present time."""

    type: str
    label: str


@dataclass(frozen=True)
class DaysBySource:
    """What each source adds to the figure of a day: `time`, `source`, the value. They add up to the figure, unless it is a mean."""

    type: str
    label: str
    is_mean: bool = False


@dataclass(frozen=True)
class SampleLine:
    """Least, mean and greatest value of a type's samples in each interval, of one source or of all."""

    type: str


@dataclass(frozen=True)
class Hours:
    """Mean heart rates: a row for each local day, a column for each local hour."""


@dataclass(frozen=True)
class Distribution:
    """How many samples of a type have a value in each step of `width`."""

    type: str
    width: int
    label: str


# Minutes of a night: their label, their column without `_ms` or `_min`.
STAGES = (("Deep", "deep"), ("REM", "rem"), ("Core", "core"), ("Asleep", "unspecified"), ("Awake", "awake"))


@dataclass(frozen=True)
class Nights:
    """Hours of the nights of the range: `time` at noon of the morning's date, and a column for each pair of label and column."""

    columns: tuple


@dataclass(frozen=True)
class LastNight:
    """The newest night before the end of the range: hours asleep, and when its sleep ended, in milliseconds since 1970."""

    label: str


@dataclass(frozen=True)
class NightMeans:
    """Means over the nights of the range: hours asleep, deep and REM, and the part of the time in bed that was slept."""


@dataclass(frozen=True)
class Bedtimes:
    """When each night's sleep began and ended, in hours from midnight, local: -1 is 23:00."""


@dataclass(frozen=True)
class Hypnogram:
    """The stages of the night `$night` as steps: hours from its first part, and a level. 0 deep, 1 core, 2 REM, 3 awake."""


@dataclass(frozen=True)
class Segments:
    """The parts of nights in the range: `time` and the number of the stage, and a row without one where sleep ends."""

    in_bed: bool


@dataclass(frozen=True)
class Workouts:
    """The workouts that begin in the range."""


@dataclass(frozen=True)
class WorkoutWeeks:
    """A figure of the workouts of each week by activity; a week stands at its Monday. `column` is duration or distance."""

    column: str


@dataclass(frozen=True)
class Activities:
    """Workouts of the range by activity: their number, hours, kilometres and energy."""


@dataclass(frozen=True)
class Route:
    """The locations of the workout `$workout`."""


@dataclass(frozen=True)
class RouteProfile:
    """Altitude and speed along the workout `$workout`: minutes since its start, in steps of ten seconds."""


@dataclass(frozen=True)
class WorkoutHeart:
    """Heart rates in the workout `$workout`: minutes since its start, in steps of ten seconds."""


@dataclass(frozen=True)
class Doses:
    """Doses of the range: `time` when they were due or else logged, the medication, HealthKit's number of the status."""


@dataclass(frozen=True)
class DoseDays:
    """Doses of each local day that were taken, skipped, missed, or taken without being due."""


@dataclass(frozen=True)
class Adherence:
    """Doses of the range by medication, and how many of those that were due were taken."""


@dataclass(frozen=True)
class LastUpload:
    """When the phone's last upload was stored, in milliseconds since 1970, and how many records it had."""


@dataclass(frozen=True)
class Uploads:
    """The uploads of the range, the newest first."""


@dataclass(frozen=True)
class UploadDays:
    """Records and locations of uploads in each interval, by what happened to them."""


@dataclass(frozen=True)
class Rejects:
    """Elements that uploads of the range could not store, by section and reason."""


@dataclass(frozen=True)
class TypesOf:
    """The types of a person: how many days of the range have data, their samples, and the newest sample of all time."""


@dataclass(frozen=True)
class SourcesOf:
    """The sources of a person: class, first and last sample."""


@dataclass(frozen=True)
class Freshness:
    """Whether figures of days and nights are computed up to the last change: 1 or 0."""


# What a variable can ask: each returns texts, or values with texts.


@dataclass(frozen=True)
class People:
    """The names of all persons."""


@dataclass(frozen=True)
class SourceNames:
    """The names of the person's sources, after `*` for all of them."""


@dataclass(frozen=True)
class NightNames:
    """The dates of nights of the range, the newest first."""


@dataclass(frozen=True)
class WorkoutNames:
    """The workouts of the range, the newest first: identity and name."""
