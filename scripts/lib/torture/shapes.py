"""Bodies and files of the worst shapes, each with a bound on time and memory. A count does not bound these.

What a shape costs must grow with its elements and not faster. The script compares the processor's seconds for a quarter of the
elements and for all: this ratio hardly depends on the machine.
"""

import gzip
import json
import os
import subprocess
import time
from dataclasses import dataclass

from ..process import POLL_SECONDS, peak_bytes
from . import worst
from .program import Program

SUMMARY = "worst shapes and how their cost grows, two names, long names, endless input, one token on all permits"
SECONDS_MAX = 30  # of one command
GOOD_SECONDS = 10  # of one import
KIB_MAX = 64 * 1024
STEP = 4  # times as many elements
RATIO_MAX = 7  # of the processor's seconds: linear cost has 4, quadratic 16
PERMITS = 4
CPU_SECONDS_MIN = 0.05  # of the smaller run: below, the start of the program matters more


def add_arguments(group):
    group.add_argument("--elements", default=10_000, type=int, help="in a worst shape (%(default)s)")
    group.add_argument("--shape", metavar="TEXT", help="only the shapes with this text in their names")
    group.add_argument("--text-bytes", default=1_000_000, type=int, metavar="BYTES", help="of a name (%(default)s)")
    group.add_argument("--texts", default=60, type=int, help="long names in one file (%(default)s)")


@dataclass
class Ended:
    """A command that has ended, and what it took."""

    code: int
    out: str
    err: str
    seconds: float
    cpu_seconds: float
    peak_kib: int


def run_command(options, *arguments):
    """Runs a command. Its peak is read while it runs: what the system reports afterwards includes this script's own memory."""
    with open(options.folder / "out", "w+b") as out, open(options.folder / "err", "w+b") as err:
        started = time.monotonic()
        child = subprocess.Popen([options.healthsink, *arguments], stdout=out, stderr=err, env={})
        peak, ended = 0, (0, 0, None)
        while ended[0] == 0:
            peak = max(peak, peak_bytes(child.pid))
            if time.monotonic() - started > SECONDS_MAX:
                child.kill()
            time.sleep(POLL_SECONDS)
            ended = os.wait4(child.pid, os.WNOHANG)
        seconds = time.monotonic() - started
        _, status, usage = ended
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Ended(child.returncode, *texts, seconds, usage.ru_utime + usage.ru_stime, peak // 1024)


class Wrong(Exception):
    """An import that ended wrong or late."""


def import_shape(options, imports):
    """Imports the files of a shape into a new database; returns each command as it ended."""
    database, commands = options.folder / "shape.db", []
    try:
        for step, (ending, text, records) in enumerate(imports, start=1):
            path = options.folder / f"shape.{ending}"
            path.write_text(text)
            ended = run_command(options, "import", "--json", "--db", database, path)
            commands.append(ended)
            if ended.seconds > GOOD_SECONDS:
                raise Wrong(f"import {step} took {ended.seconds:.1f} s")
            report = json.loads(ended.out) if ended.code in (0, 1) and ended.out else {}
            found = sum(report.get(key, 0) for key in ("new", "updated", "unchanged", "merged", "rejected"))
            if found != records or "panicked" in ended.err:
                raise Wrong(f"import {step}: {found} of {records} records: {ended.out[:200]} {ended.err[:200]}")
            if ended.peak_kib > KIB_MAX:
                raise Wrong(f"import {step}: peak {ended.peak_kib} KiB, at most {KIB_MAX} KiB")
        ended = run_command(options, "check", "--db", database)
        if ended.code != 0:
            raise Wrong(f"check: {ended.out[:300]} {ended.err[:200]}")
        return commands
    finally:
        for file in options.folder.glob("shape.db*"):
            file.unlink()


def check_shapes(options, progress, failures):
    """Returns the longest import in seconds, the highest ratio, and the highest peak."""
    slowest, highest, peak = 0, 0, 0
    start = import_shape(options, [(*worst.data(worst.SAMPLE_TYPE, []), 0)])[0].cpu_seconds
    few, many = max(1, options.elements // STEP), options.elements
    progress(f"shapes: {'':52} {few:>8,} {many:>8,} ratio")
    for (name, small), (_, large) in zip(worst.shapes(few), worst.shapes(many)):
        if options.shape and options.shape not in name:
            continue
        try:
            costs = []
            for imports in (small, large):
                commands = import_shape(options, imports)
                costs.append(max(sum(command.cpu_seconds - start for command in commands), 0))
                slowest = max(slowest, *(command.seconds for command in commands))
                peak = max(peak, *(command.peak_kib for command in commands))
        except Wrong as error:
            progress(f"shapes: {name:52} {error}")
            failures.append(f"{name}: {error}")
            continue
        ratio = costs[1] / max(costs[0], CPU_SECONDS_MIN)
        highest = max(highest, ratio)
        progress(f"shapes: {name:52} {costs[0]:6.2f} s {costs[1]:6.2f} s {ratio:5.1f}")
        if ratio > RATIO_MAX:
            failures.append(f"{name}: {STEP} times the elements cost {ratio:.1f} times as much")
    return slowest, highest, peak


def check_texts(options, progress, failures):
    """Long names of sources, types and units: no command may remember them all. Returns the highest peak."""
    database, peak = options.folder / "texts.db", 0
    for name in ("source", "unit", "type"):
        path = options.folder / f"{name}.xml"
        with path.open("w") as out:
            out.write("<HealthData>\n")
            for number in range(options.texts):
                text = f"{number}" + "n" * options.text_bytes
                parts = {"source": "Watch", "unit": "count", "type": worst.SAMPLE_TYPE, name: text}
                out.write(
                    f'<Record type="{parts["type"]}" sourceName="{parts["source"]}" unit="{parts["unit"]}" value="1"'
                    ' startDate="2026-01-01 10:00:00 +0000" endDate="2026-01-01 10:00:00 +0000"/>\n'
                )
            out.write("</HealthData>\n")
        ended = run_command(options, "import", "--db", database, path)
        path.unlink()
        peak = max(peak, ended.peak_kib)
        progress(f"shapes: long names of a {name}: peak {ended.peak_kib} KiB")
        if ended.code not in (0, 1) or "panicked" in ended.err:
            failures.append(f"long names of a {name}: exit code {ended.code}: {ended.err[:200]}")
    ended = run_command(options, "status", "--db", database)
    if ended.code != 0 or len(ended.out) > 1_000_000:
        failures.append(f"status after long names: exit code {ended.code}, {len(ended.out)} characters: {ended.err[:200]}")
    peak = max(peak, ended.peak_kib)
    if peak > KIB_MAX:
        failures.append(f"long names: peak {peak} KiB, at most {KIB_MAX} KiB")
    return peak


def check_endless(options, failures):
    """Input that unpacks to nothing or without end: the import ends with an error instead of reading for ever."""
    path, database = options.folder / "endless.gz", options.folder / "endless.db"
    blanks = gzip.compress(b" " * 50_000_000)
    for name, packed in (("empty gzip members", gzip.compress(b"") * 1_000_000), ("blanks", blanks * 200)):
        path.write_bytes(packed)
        ended = run_command(options, "import", "--db", database, path)
        if ended.code != 1 or "panicked" in ended.err or ended.seconds > GOOD_SECONDS:
            failures.append(f"{name}: exit code {ended.code} after {ended.seconds:.1f} s: {ended.err[:200]}")


def check_two_names(options, failures):
    """A hard link is a second name of the database or its WAL, with rows that the first does not see: each command refuses it."""
    path, first = options.folder / "one.json", options.folder / "first.db"
    path.write_text(json.dumps({"data": {worst.SAMPLE_TYPE: [worst.sample(0)]}}))
    run_command(options, "import", "--db", first, path)
    second, backup = options.folder / "second.db", options.folder / "backup.db"
    run_command(options, "backup", "--db", first, backup)
    os.link(first, second)
    commands = (
        ["import", "--db", second, path],
        ["serve", "--listen", "127.0.0.1:0", "--db", second],
        ["status", "--db", second],
        ["check", "--db", first],
        ["backup", "--db", first, options.folder / "another.db"],
        ["restore", "--db", second, backup],
        ["token", "new", "--person", "anna", "--db", second],
    )
    for arguments in commands:
        ended = run_command(options, *arguments)
        if ended.code == 0 or "2 names" not in ended.err:
            failures.append(f"{arguments[0]} accepts a database under two names: {ended.out[:200]} {ended.err[:200]}")


def check_permits(options, failures):
    """One token begins more uploads than there are permits: the last permit stays for others."""
    database = options.folder / "permits.db"
    greedy, other = (
        run_command(options, "token", "new", "--person", person, "--db", database).out.strip() for person in ("anna", "ben")
    )
    body = json.dumps({"data": {worst.SAMPLE_TYPE: [worst.sample(0)]}}).encode()
    program = Program(options.healthsink, database, "--ingests", str(PERMITS)).wait_until_listening()
    streams = []
    try:
        for _ in range(2 * PERMITS):
            stream = program.begin(1_000_000, greedy)
            stream.sendall(b'{"data":{"x":[')
            streams.append(stream)
        # The uploads beyond the token's share wait, and another's does not wait behind them.
        answer = program.post(body, token=other)
        if answer is None or answer[0] != 200:
            failures.append(f"one token on all permits: another's upload was answered {answer}")
    finally:
        for stream in streams:
            stream.close()
        program.stop()


def run(options, progress):
    failures = []
    check_two_names(options, failures)
    check_permits(options, failures)
    slowest, highest, peak = check_shapes(options, progress, failures)
    check_endless(options, failures)
    peak = max(peak, check_texts(options, progress, failures))
    return {
        "slowest_import_seconds": round(slowest, 1),
        "highest_ratio": round(highest, 1),
        "peak_kib": peak,
        "failures": failures,
    }
