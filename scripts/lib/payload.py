"""Payloads from the repository's generator, which prints their counts: into a file, or straight into a pipe."""

import json
import math
import subprocess
import threading
from contextlib import contextmanager
from datetime import date, timedelta

FIRST_DAY = date(2016, 2, 26)
# Safe bounds of the generator: never fewer bytes in a day, and not many more days for a small payload.
BYTES_PER_DAY_MIN = 1_500_000
DAYS_ADDED = 14


class GeneratorFailed(Exception):
    """The generator could not be run, or did not print its counts."""


def day_after(first_day, size):
    """A day behind all of a payload of `size` bytes that begins at `first_day`.

    Payloads that follow one another in time are what a phone sends. Those that share their days would land between
    each other's rows, as if one person wore many watches.
    """
    return first_day + timedelta(days=DAYS_ADDED + math.ceil(size / BYTES_PER_DAY_MIN))


def payload_command(generator, size, seed, first_day):
    return [generator, "payload", "--bytes", str(size), "--seed", str(seed), "--start", first_day.isoformat()]


def counts_from(stderr):
    """The counts in the generator's last line."""
    try:
        return json.loads(stderr.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise GeneratorFailed(f"the generator printed no counts: {stderr.strip()[-300:]!r}") from None


def write_payload(generator, path, size, seed, first_day, seconds_max):
    """Writes a payload of about `size` bytes to `path`. Returns its exact counts."""
    command = [*payload_command(generator, size, seed, first_day), "-o", path]
    try:
        finished = subprocess.run(
            command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=seconds_max
        )
    except subprocess.TimeoutExpired:
        raise GeneratorFailed(f"the generator did not end within {seconds_max} s") from None
    if finished.returncode != 0:
        raise GeneratorFailed(f"the generator ended with {finished.returncode}: {finished.stderr.strip()[-300:]}")
    return counts_from(finished.stderr)


class PayloadStream:
    """A payload that is being generated: `body` is the pipe to read it from, `counts()` is valid once it was read."""

    def __init__(self, process, log):
        self._process = process
        self._log = log
        self.body = process.stdout

    def counts(self):
        if self._process.wait() != 0:
            raise GeneratorFailed(f"the generator ended with {self._process.returncode}")
        self._log.seek(0)
        return counts_from(self._log.read())


@contextmanager
def generated_payload(generator, size, seed, first_day, scratch, seconds_max):
    """A PayloadStream of about `size` bytes. The generator is ended on the way out, or when its time is up."""
    command = payload_command(generator, size, seed, first_day)
    with open(scratch / "generator.log", "w+") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        watchdog = threading.Timer(seconds_max, process.kill)
        watchdog.start()
        try:
            yield PayloadStream(process, log)
        finally:
            watchdog.cancel()
            process.kill()
            process.stdout.close()
            process.wait()
