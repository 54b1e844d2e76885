"""Files of the worst shapes. Each shape is a list of imports: a file's ending, its text, and the records that it holds.

A payload of the app is imported like any other file: it has the same decoder and the same writer as a POST.
"""

import json
import uuid

START = "2026-01-01T00:00:00.000Z"
END = "2026-01-01T00:10:00.000Z"
SAMPLE_TYPE = "HKQuantityTypeIdentifierHeartRate"
XML_START = "2026-01-01 00:00:00 +0000"
FIELDS_MAX = 50_000  # unknown fields of a sample
LONG_ROWS = 1250  # elements for each long one


def identity(number):
    return str(uuid.UUID(int=number + 1))


def revision(name):
    return {"sourceRevision": {"source": {"name": name, "bundleIdentifier": name}}}


def sample(number, **more):
    return {"uuid": identity(number), "startDate": START, "endDate": START, "value": 1, "unit": "count/min"} | more


def payload(**body):
    return "json", json.dumps(body)


def data(section, elements):
    return payload(data={section: list(elements)})


def end_of(seconds):
    """The end of a workout in the spelling of the app, and in that of exports."""
    hours, rest = divmod(seconds, 3600)
    day, hours = divmod(hours, 24)
    minutes, seconds = divmod(rest, 60)
    return (
        f"2026-01-{1 + day:02}T{hours:02}:{minutes:02}:{seconds:02}.000Z",
        f"2026-01-{1 + day:02} {hours:02}:{minutes:02}:{seconds:02} +0000",
    )


def app_workouts(count, is_one_end=False, has_points=False):
    workouts = [
        {
            "uuid": identity(n),
            "workoutActivityType": 37,
            "startDate": START,
            "endDate": end_of(1 if is_one_end else 1 + n)[0],
            "duration": n,
        }
        | revision("Watch")
        for n in range(count)
    ]
    body = {"data": {"workouts": workouts}}
    if has_points:
        location = {"latitude": 47.5, "longitude": 8.5, "date": START}
        body["workoutRoutes"] = {identity(n): [{"locations": [location]}] for n in range(count)}
    return (*payload(**body), count * (2 if has_points else 1))


def exported_workouts(count, is_one_end=False):
    workouts = (
        f'<Workout workoutActivityType="HKWorkoutActivityTypeRunning" sourceName="Watch" duration="{n}"'
        f' durationUnit="s" startDate="{XML_START}" endDate="{end_of(1 if is_one_end else 1 + n)[1]}"/>\n'
        for n in range(count)
    )
    return "xml", f"<HealthData>\n{''.join(workouts)}</HealthData>\n", count


def auto_exported_workouts(count):
    """Workouts with a route point each: Health Auto Export writes both into one element."""
    point = {"latitude": 47.5, "longitude": 8.5, "timestamp": XML_START}
    workouts = [
        {"name": "Running", "start": XML_START, "end": end_of(1 + n)[1], "duration": n, "route": [point]}
        for n in range(count)
    ]
    return (*payload(data={"metrics": [], "workouts": workouts}), 2 * count)


def records(count, first=0, source="Watch", value=None, end=None):
    """Records of an export that start in one second. `value` and `end` make them of their numbers."""
    value, end = value or (lambda n: first + n), end or (lambda n: XML_START)
    lines = (
        f'<Record type="{SAMPLE_TYPE}" sourceName="{source}" unit="count/min" value="{value(n)}"'
        f' startDate="{XML_START}" endDate="{end(n)}"/>\n'
        for n in range(count)
    )
    return "xml", f"<HealthData>\n{''.join(lines)}</HealthData>\n", count


def medications(count, form):
    """Definitions that differ only in the nickname, and doses of one second."""
    definitions = [{"displayText": "Aspirin", "generalForm": form, "nickname": f"name {n}"} for n in range(count)]
    doses = [{"uuid": identity(n), "medicationName": "Aspirin", "startDate": START, "logStatus": 4} for n in range(count)]
    return (*payload(data={"medications": definitions, "medicationDoseEvents": doses}), 2 * count)


def samples(numbers, **more):
    numbers = list(numbers)
    return (*data(SAMPLE_TYPE, (sample(n, value=n, **revision("Watch"), **more) for n in numbers)), len(numbers))


def long_rows(count, text_bytes):
    """Few samples with metadata of this length."""
    metadata = {"note": "m" * text_bytes}
    return samples(range(1_000_000, 1_000_000 + max(1, count // LONG_ROWS)), metadata=metadata)


def long_points(count):
    """Points of one second, each fiftieth with an unknown field of 20 KB."""
    def point(number):
        place = {"latitude": 40 + number / count, "longitude": 8.5, "date": START}
        return place if number % 50 else place | {"later": "p" * 20_000}

    locations = [point(n) for n in range(count)]
    workout = {"uuid": identity(0), "workoutActivityType": 37, "startDate": START, "endDate": END, "duration": 600}
    routes = {identity(0): [{"locations": locations}]}
    return (*payload(data={"workouts": [workout]}, workoutRoutes=routes), count + 1)


def shapes(count):
    """(name, imports) of each shape."""
    numbers = range(count)
    yield "workouts of one second", [app_workouts(count, is_one_end=True)]
    yield "exported workouts, then the app's", [exported_workouts(count), app_workouts(count)]
    yield "the app's workouts, then exported ones", [app_workouts(count), exported_workouts(count)]
    yield "workouts alike, exported and then the app's", [exported_workouts(count, True), app_workouts(count, True)]
    yield "workouts alike, the app's and then exported", [app_workouts(count, True), exported_workouts(count, True)]
    yield "workouts with a point, exported and then the app's", [
        auto_exported_workouts(count),
        app_workouts(count, has_points=True),
    ]
    yield "workouts with a point, the app's and then exported", [
        app_workouts(count, has_points=True),
        auto_exported_workouts(count),
    ]
    yield "samples of one second", [samples(numbers)]
    yield "exported samples, then equal ones of the app", [records(count), samples(numbers)]
    yield "samples of the app, then equal exported ones", [samples(numbers), records(count)]
    yield "exported samples, then others of the app", [records(count, first=count), samples(numbers)]
    for name, differing in (
        ("equal records", {"value": lambda n: 60}),
        ("records that differ in the last digit", {"value": lambda n: f"60.{n:06}"}),
        ("records that differ in the end", {"value": lambda n: 60, "end": lambda n: end_of(1 + n)[1]}),
    ):
        sources = ("Watch", "Clock", "Wrist")
        yield f"{name}, thrice with a renamed source", [records(count, source=source, **differing) for source in sources]
        yield f"{name}, then the app's", [records(count, **differing), samples(numbers)]
    yield "medications and doses, thrice", [medications(count, form) for form in ("tablet", "tablet", "capsule")]
    yield "samples with 1 MB, then others", [long_rows(count, 900_000), samples(numbers)]
    yield "samples with 1 MB, then exported ones", [long_rows(count, 900_000), records(count)]
    yield "route points with long unknown fields", [long_points(count)]
    # Long enough to wait outside of memory, and not too many for an element.
    unknown = {f"field {n} of a later version": n for n in range(min(count, FIELDS_MAX))}
    yield "samples with many unknown fields", [samples(range(4), **unknown)]
    yield "one uuid many times", [(*data(SAMPLE_TYPE, (sample(0, value=n) for n in numbers)), count)]
    yield "many sources", [(*data(SAMPLE_TYPE, (sample(n, **revision(f"source {n}")) for n in numbers)), count)]
    yield "many units", [(*data(SAMPLE_TYPE, (sample(n, unit=f"unit {n}") for n in numbers)), count)]
    types = {f"HKQuantityTypeIdentifier{n}": [sample(n)] for n in numbers}
    yield "many types", [(*payload(data=types), count)]
    yield "rejects alike", [(*data(SAMPLE_TYPE, ({"uuid": "x"} for _ in numbers)), count)]
    odd = [{f"member {n}": n for n in numbers}] * 2
    yield "two elements of an unknown list", [(*payload(odd=odd), 0)]
    yield "two elements of an unknown section", [(*data("HKOddTypeIdentifier", odd), 2)]
    yield "two lists as elements", [(*data(SAMPLE_TYPE, [list(numbers)] * 2), 2)]
