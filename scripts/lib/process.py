"""A program run to its end, and what it took: time, processor, memory, bytes written."""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.005


class Failed(Exception):
    """The program ended with an error; the text has its last lines."""


@dataclass
class Run:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    written_bytes: int
    stdout: str


def peak_bytes(pid):
    """The largest resident memory so far, or 0 if the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def measure(command, scratch):
    """Runs a command. Reads its peak often enough to see it near the end, because what the system reports afterwards
    includes this script's own memory."""
    with open(scratch / "stdout", "w+b") as stdout, open(scratch / "stderr", "w+b") as stderr:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        peak, ended = 0, (0, 0, None)
        try:
            while ended[0] == 0:
                peak = max(peak, peak_bytes(process.pid))
                time.sleep(POLL_SECONDS)
                ended = os.wait4(process.pid, os.WNOHANG)
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - started
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        if process.returncode != 0:
            words = stderr.read().decode(errors="replace").strip()[-500:]
            raise Failed(f"{Path(command[0]).name} ended with {process.returncode}: {words}")
        written = usage.ru_oublock * 512
        return Run(seconds, usage.ru_utime + usage.ru_stime, peak, written, stdout.read().decode())
