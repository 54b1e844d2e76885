"""healthsink with PostgreSQL as its store, in one run with its rivals: COPY into the same keyed tables, and the documented receiver
with pg.

In each run all take turns on databases of one PostgreSQL, which has no other work. Ratios are of rows a second. The COPY gets the
rows that healthsink has stored, in their order, and reads no JSON.
"""

import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from . import machine, payload, receivers
from .cluster import Cluster, ClusterFailed, NoPostgres
from .figures import format_size, megabytes, render_table
from .server import Server, ServerFailed

TABLES = ("samples", "workouts", "medication_doses", "route_points")
PARALLEL_UPLOADS = 8
SAME_UPLOADS = 4
# One in so many samples is stored before, with another identity: all groups of rows then meet stored ones in their time.
SEED_STEP = 400
SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=30min", "max_connections=100"]
HEADER = ["upload", "seconds", "MB/s", "rows/s", "peak MB", "ratio", "bound", "note"]


class Run:
    """One run: the cluster, the payloads, the figures of each way."""

    def __init__(self, options, scratch, progress):
        self.options, self.scratch, self.progress = options, scratch, progress
        self.cluster = Cluster(scratch / "cluster", SETTINGS)
        self.healthsink = receivers.HealthsinkPostgres(options.healthsink)
        self.express = receivers.ExpressPostgres(receivers.TARGET / "receivers")
        self.figures = {}
        self.databases = 0

    def database(self, has_tables=True):
        """A new database. Returns its name."""
        self.databases += 1
        name = f"db{self.databases}"
        self.cluster.sql(f"CREATE DATABASE {name}")
        if has_tables:
            receivers.output_of(self.options.healthsink, "migrate", "--store", self.cluster.address(name))
        return name

    def token(self, name, person):
        """A new token of a person."""
        command = [self.options.healthsink, "token", "new", "--store", self.cluster.address(name), "--person", person]
        return receivers.output_of(*command)

    def serve(self, receiver, name, size):
        log = self.scratch / f"server-{time.monotonic_ns()}.log"
        return Server(receiver, self.cluster.address(name), log, max(50_000_000, 2 * size))

    def note(self, way, seconds, size, rows, peak=None):
        self.figures.setdefault(way, []).append({"seconds": seconds, "bytes": size, "rows": rows, "peak": peak})
        self.progress(f"{way}: {seconds:.2f} s, {rows / seconds:,.0f} rows/s")

    def upload(self, way, receiver, name, path, rows):
        """One upload of a file to a new server. Returns the answer."""
        size = path.stat().st_size
        with self.serve(receiver, name, size) as server, open(path, "rb") as body:
            upload = server.upload(body, size, self.options.timeout)
            _, peak = server.memory()
        self.note(way, upload.seconds, size, rows, peak)
        return upload.answer


def seed_of(path, target):
    """Writes some of a payload's samples with other identities."""
    body = json.loads(path.read_bytes())
    data = {}
    for kind, samples in body["data"].items():
        if samples and "value" in samples[0]:
            data[kind] = [sample | {"uuid": "5EED" + sample["uuid"][4:]} for sample in samples[::SEED_STEP]]
    target.write_text(json.dumps({"data": data}))
    return sum(map(len, data.values()))


def copy_seconds(run, source, target):
    """Seconds of COPY of all rows of a database into the same empty tables."""
    seconds = 0
    for table in TABLES:
        rows = run.scratch / f"{table}.copy"
        commands = ["-c", f"\\copy {table} TO '{rows}' (FORMAT binary)"]
        if run.cluster.psql(*commands, database=source).returncode:
            raise ClusterFailed("COPY failed")
        done = run.cluster.psql("-c", "\\timing", "-c", f"\\copy {table} FROM '{rows}' (FORMAT binary)", database=target)
        if done.returncode:
            raise ClusterFailed(done.stderr)
        seconds += float(done.stdout.rpartition("Time: ")[2].split()[0]) / 1000
        rows.unlink()
    return seconds


def stored_rows(run, name):
    return sum(int(run.cluster.sql(f"SELECT count(*) FROM {table}", name)) for table in TABLES)


def measure_one(run, path, counts):
    """The documented receiver, healthsink into empty tables, COPY, healthsink among stored rows, healthsink again."""
    rows = sum(counts[table] for table in TABLES)
    run.upload("Express with pg", run.express, run.database(has_tables=False), path, rows)
    empty = run.database()
    run.upload("into an empty range", run.healthsink, empty, path, rows)
    if stored_rows(run, empty) != rows:
        raise ServerFailed(f"stored {stored_rows(run, empty)} of {rows} rows")
    copied = run.database()
    run.note("COPY", copy_seconds(run, empty, copied), path.stat().st_size, rows)
    merged, seed = run.database(), run.scratch / "seed.json"
    seeded = seed_of(path, seed)
    with run.serve(run.healthsink, merged, path.stat().st_size) as server, open(seed, "rb") as body:
        server.upload(body, seed.stat().st_size, run.options.timeout)
    run.upload("by the merge", run.healthsink, merged, path, rows)
    if stored_rows(run, merged) != rows + seeded:
        raise ServerFailed(f"stored {stored_rows(run, merged)} of {rows + seeded} rows")
    run.upload("again, unchanged", run.healthsink, merged, path, rows)
    for name in (empty, copied, merged):
        run.cluster.sql(f"DROP DATABASE {name}")


def measure_receivers(run, payloads):
    """The same payloads at once, each of another person, to one receiver and to two."""
    total = sum(path.stat().st_size for path, _ in payloads)
    rows = sum(sum(counts[table] for table in TABLES) for _, counts in payloads)
    for way, count in (("8 at once, one receiver", 1), ("8 at once, two receivers", 2)):
        name = run.database()
        tokens = [run.token(name, f"p-{place}") for place in range(PARALLEL_UPLOADS)]
        with ExitStack() as stack, ThreadPoolExecutor(PARALLEL_UPLOADS) as pool:
            servers = [stack.enter_context(run.serve(run.healthsink, name, total)) for _ in range(count)]

            def send(numbered):
                place, (path, _) = numbered
                with open(path, "rb") as body:
                    return servers[place % count].upload(body, path.stat().st_size, run.options.timeout, tokens[place])

            start = time.perf_counter()
            list(pool.map(send, enumerate(payloads)))
            seconds = time.perf_counter() - start
            peak = max(server.memory()[1] for server in servers)
        run.note(way, seconds, total, rows, peak)
        found = stored_rows(run, name)
        if found != rows:
            raise ServerFailed(f"stored {found} of {rows} rows")
        run.cluster.sql(f"DROP DATABASE {name}")


def measure_same(run, path, counts):
    """The same new rows at once, at two receivers: each row is new once, and nothing waits for ever."""
    rows, name = sum(counts[table] for table in TABLES), run.database()
    size = path.stat().st_size
    with ExitStack() as stack, ThreadPoolExecutor(SAME_UPLOADS) as pool:
        servers = [stack.enter_context(run.serve(run.healthsink, name, size)) for _ in range(2)]

        def send(place):
            with open(path, "rb") as body:
                return servers[place % 2].upload(body, size, run.options.timeout)

        start = time.perf_counter()
        answers = [upload.answer for upload in pool.map(send, range(SAME_UPLOADS))]
        seconds = time.perf_counter() - start
    run.note("4 times the same at once", seconds, SAME_UPLOADS * size, SAME_UPLOADS * rows)
    found, new = stored_rows(run, name), sum(answer["new"] for answer in answers)
    deadlocks = run.cluster.log().count("deadlock detected")
    if found != rows or deadlocks:
        raise ServerFailed(f"stored {found} of {rows} rows, {new} were new, {deadlocks} deadlocks")
    run.cluster.sql(f"DROP DATABASE {name}")


def rate(figures, way):
    return statistics.median(one["rows"] / one["seconds"] for one in figures[way])


def table_rows(figures):
    """Ways with their medians, and those that have a bound with their ratios to another way."""
    bounds = {
        "into an empty range": ("COPY", 0.7),
        "by the merge": ("COPY", 0.45),
        "8 at once, two receivers": ("8 at once, one receiver", 1.0),
    }
    rows = []
    for way, all_runs in figures.items():
        seconds = statistics.median(one["seconds"] for one in all_runs)
        peak = max((one["peak"] for one in all_runs if one["peak"]), default=None)
        base, bound = bounds.get(way, (None, None))
        ratio = [f"{rate(figures, way) / rate(figures, base):.2f}", f"{bound}", f"of {base}"] if base else ["", "", ""]
        if way == "Express with pg":
            ratio = [f"{rate(figures, 'into an empty range') / rate(figures, way):.1f}", "8", "how many times faster healthsink is"]
        rates = [f"{all_runs[0]['bytes'] / seconds / 10**6:.0f}", f"{rate(figures, way):,.0f}"]
        rows.append([way, f"{seconds:.2f}", *rates, megabytes(peak) if peak else "–", *ratio])
    return rows


def run(options, parent, progress):
    """Returns what the script exits with: None, or why it failed."""
    try:
        receivers.require_binary(options.generator, "healthsink-testdata")
        with tempfile.TemporaryDirectory(prefix="compare-", dir=parent) as scratch:
            scratch = Path(scratch)
            measured = Run(options, scratch, progress)
            try:
                figures = measure(measured, options, scratch)
                version = measured.cluster.sql("SHOW server_version")
            finally:
                measured.cluster.stop()
            versions = [measured.healthsink.versions().splitlines()[0], measured.express.versions(), f"PostgreSQL {version}"]
    except (receivers.NotInstalled, payload.GeneratorFailed, NoPostgres, ClusterFailed, ServerFailed) as error:
        return str(error)
    print(*render_table(HEADER, table_rows(figures), options.markdown), sep="\n")
    size = format_size(options.sizes[0])
    print(f"\n{size} a payload; medians of {options.runs} runs, all in turn. {machine.describe(machine.facts(parent))}.")
    print("; ".join(versions) + ".")
    if options.json:
        raw = {"machine": machine.facts(parent), "versions": versions, "figures": figures}
        options.json.write_text(json.dumps(raw, indent=1) + os.linesep)
    return None


def measure(run, options, scratch):
    size, first_day, payloads = options.sizes[0], payload.FIRST_DAY, []
    for index in range(PARALLEL_UPLOADS):
        path = scratch / f"payload-{index}.json"
        counts = payload.write_payload(options.generator, path, size, options.seed + index, first_day, options.timeout)
        payloads.append((path, counts))
        first_day = payload.day_after(first_day, size)
    for number in range(1, options.runs + 1):
        run.progress(f"run {number}")
        measure_one(run, *payloads[0])
        measure_receivers(run, payloads)
        measure_same(run, *payloads[0])
    return run.figures
