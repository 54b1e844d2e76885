"""Bodies and files of the worst shapes, each with a bound on time and memory. A count does not bound these.

Every scenario is small enough for a minute. A bound is far above what the program needs, and far below what quadratic time or
unbounded memory would take.
"""

import gzip
import json
import os
import resource
import subprocess
import time
import uuid

SUMMARY = "one database under two names, worst shapes, remembered texts, endless input"
SECONDS_MAX = 60
GOOD_SECONDS = 10  # of one import
KIB_MAX = 64 * 1024
START = "2026-01-01T00:00:00.000Z"
END = "2026-01-01T00:10:00.000Z"
SAMPLE_TYPE = "HKQuantityTypeIdentifierHeartRate"


def add_arguments(group):
    group.add_argument("--elements", default=10_000, type=int, help="in a worst shape (%(default)s)")
    group.add_argument("--text-bytes", default=1_000_000, type=int, metavar="BYTES", help="of a name (%(default)s)")
    group.add_argument("--texts", default=60, type=int, help="long names in one file (%(default)s)")


def identity(number):
    return str(uuid.UUID(int=number + 1))


def sample(number, **more):
    return {"uuid": identity(number), "startDate": START, "endDate": START, "value": 1, "unit": "count/min"} | more


def revision(name):
    return {"sourceRevision": {"source": {"name": name, "bundleIdentifier": name}}}


def worst_shapes(count):
    """(name, body, records that are new) of each shape."""
    def of(section, elements):
        return {"data": {section: list(elements)}}

    numbers = range(count)
    workout = {"workoutActivityType": 37, "startDate": START, "endDate": END, "duration": 600}
    yield "workouts of one second", of("workouts", ({"uuid": identity(n), **workout} for n in numbers)), count
    yield "samples of one second", of(SAMPLE_TYPE, (sample(n) for n in numbers)), count
    yield "one uuid many times", of(SAMPLE_TYPE, (sample(0, value=n) for n in numbers)), 1
    yield "many sources", of(SAMPLE_TYPE, (sample(n, **revision(f"source {n}")) for n in numbers)), count
    yield "many units", of(SAMPLE_TYPE, (sample(n, unit=f"unit {n}") for n in numbers)), count
    yield "many types", {"data": {f"HKQuantityTypeIdentifier{n}": [sample(n)] for n in numbers}}, count
    yield "rejects alike", of(SAMPLE_TYPE, ({"uuid": "x"} for _ in numbers)), 0


def run_command(options, *arguments):
    """Runs a command; returns (exit code, standard output, standard error, seconds, peak KiB)."""
    started = time.monotonic()
    child = subprocess.Popen(
        [options.healthsink, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}, text=True
    )
    try:
        out, err = child.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
    return child.returncode, out, err, time.monotonic() - started, peak_kib()


def peak_kib():
    """The highest peak of all commands so far, so it only grows."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def check_shapes(options, progress, failures):
    slowest = 0
    for name, body, expected in worst_shapes(options.elements):
        path, database = options.folder / "shape.json", options.folder / "shape.db"
        path.write_text(json.dumps(body))
        for attempt, new in (("first", expected), ("again", 0)):
            code, out, err, seconds, _ = run_command(options, "import", "--json", "--db", database, path)
            slowest = max(slowest, seconds)
            progress(f"shapes: {name}, {attempt}: {seconds:.1f} s")
            if seconds > GOOD_SECONDS:
                failures.append(f"{name}, {attempt}: {seconds:.1f} s")
            if code not in (0, 1) or not out or json.loads(out).get("new") != new:
                failures.append(f"{name}, {attempt}: exit code {code}, {out[:200]} {err[:200]}")
        for file in options.folder.glob("shape.db*"):
            file.unlink()
    return slowest


def check_texts(options, progress, failures):
    """Long names of sources, types and units: no command may remember them all."""
    database = options.folder / "texts.db"
    before = peak_kib()
    for name in ("source", "unit", "type"):
        path = options.folder / f"{name}.xml"
        with path.open("w") as out:
            out.write("<HealthData>\n")
            for number in range(options.texts):
                text = f"{number}" + "n" * options.text_bytes
                parts = {"source": "Watch", "unit": "count", "type": SAMPLE_TYPE, name: text}
                out.write(
                    f'<Record type="{parts["type"]}" sourceName="{parts["source"]}" unit="{parts["unit"]}" value="1"'
                    ' startDate="2026-01-01 10:00:00 +0000" endDate="2026-01-01 10:00:00 +0000"/>\n'
                )
            out.write("</HealthData>\n")
        code, _, err, _, peak = run_command(options, "import", "--db", database, path)
        progress(f"shapes: long names of a {name}: peak {peak} KiB")
        if code not in (0, 1) or "panicked" in err:
            failures.append(f"long names of a {name}: exit code {code}: {err[:200]}")
    code, out, err, _, _ = run_command(options, "status", "--db", database)
    if code != 0 or len(out) > 1_000_000:
        failures.append(f"status after long names: exit code {code}, {len(out)} characters: {err[:200]}")
    peak = peak_kib()
    if peak > max(KIB_MAX, before):
        failures.append(f"long names: peak {peak} KiB, at most {KIB_MAX} KiB")
    return peak


def check_endless(options, failures):
    """Gzip members that unpack to nothing: the import ends with an error instead of reading for ever."""
    path, database = options.folder / "endless.gz", options.folder / "endless.db"
    path.write_bytes(gzip.compress(b"") * 1_000_000)
    code, _, err, seconds, _ = run_command(options, "import", "--db", database, path)
    if code == 0 or "panicked" in err or seconds > GOOD_SECONDS:
        failures.append(f"empty gzip members: exit code {code} after {seconds:.1f} s: {err[:200]}")


def check_two_names(options, failures):
    """A hard link is a second name of the database, with a second WAL: every command refuses it."""
    path, first = options.folder / "one.json", options.folder / "first.db"
    path.write_text(json.dumps({"data": {SAMPLE_TYPE: [sample(0)]}}))
    run_command(options, "import", "--db", first, path)
    second = options.folder / "second.db"
    os.link(first, second)
    for arguments in (["import", "--db", second, path], ["status", "--db", second], ["check", "--db", first]):
        code, _, err, _, _ = run_command(options, *arguments)
        if code == 0:
            failures.append(f"{arguments[0]} accepts a database under two names: {err[:200]}")


def run(options, progress):
    failures = []
    check_two_names(options, failures)
    slowest = check_shapes(options, progress, failures)
    check_endless(options, failures)
    peak = check_texts(options, progress, failures)
    return {"slowest_import_seconds": round(slowest, 1), "peak_kib": peak, "failures": failures}
