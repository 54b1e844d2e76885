"""The disk is filled and freed while clients send, on a file system of its own."""

import os
import random
import subprocess
import threading
import time

from ..payload import FIRST_DAY
from . import Skipped
from .program import Program, difference, integrity, make_payloads, stored_uuids, unsound_ledger

SUMMARY = "a disk that becomes full and has space again, while clients send"
CLIENTS = 3
PAYLOAD_BYTES = 1_000_000
PAYLOADS = 12
DISK_MB = 48
SECONDS_MAX = 0.8


def add_arguments(group):
    group.add_argument("--fills", default=40, type=int, metavar="N", help="how often the disk becomes full (%(default)s)")


class Client(threading.Thread):
    """Sends its payloads in turn until it is told to stop; counts the answers."""

    def __init__(self, program, payloads, acknowledged, chance):
        super().__init__(daemon=True)
        self._program, self._payloads, self._acknowledged, self._chance = program, payloads, acknowledged, chance
        self.must_stop = threading.Event()
        self.answers, self.wrong, self.sent_bytes = {}, [], 0

    def run(self):
        while not self.must_stop.is_set():
            index = self._chance.randrange(len(self._payloads))
            status, answer = self._program.post(self._payloads[index].body) or (None, None)
            self.sent_bytes += len(self._payloads[index].body)
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == 200:
                self._acknowledged.add(index)
            elif status != 507 or "free some space" not in answer["detail"]:
                self.wrong.append(f"answered {status}: {answer}")


def fill(path):
    with open(path, "ab", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def check(database, shares, acknowledged, figures):
    verdict = integrity(database)
    if verdict != "ok":
        figures["failures"].append(f"integrity_check: {verdict}")
        return
    wrong = unsound_ledger(database)
    if wrong:
        figures["failures"].append(wrong)
    there = stored_uuids(database)
    for share, indexes in zip(shares, acknowledged, strict=True):
        for index in indexes:
            figures["acknowledged_checked"] += 1
            figures["lost"] += len(share[index].uuids - there)


def torture(options, folder, chance, figures, progress):
    database, filler = folder / "health.db", folder / "filler"
    payloads, _ = make_payloads(options, options.folder, PAYLOAD_BYTES, PAYLOADS, options.seed * 1000, FIRST_DAY)
    shares = [payloads[client::CLIENTS] for client in range(CLIENTS)]
    acknowledged = [set() for _ in range(CLIENTS)]
    program = Program(options.healthsink, database).wait_until_listening()
    while figures["fills"] < options.fills and len(figures["failures"]) < 10:
        clients = [
            Client(program, share, indexes, random.Random(chance.random()))
            for share, indexes in zip(shares, acknowledged, strict=True)
        ]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0, SECONDS_MAX))
        fill(filler)
        time.sleep(chance.uniform(0, SECONDS_MAX))
        figures["fills"] += 1
        if program.post(None, "/healthz", "GET")[0] != 200:
            figures["failures"].append("the server is not well while the disk is full")
        for client in clients:
            client.must_stop.set()
        for client in clients:
            client.join()
            figures["failures"] += client.wrong
            figures["bytes"] += client.sent_bytes
            figures["uploads"] += sum(client.answers.values())
            figures["stored"] += client.answers.get(200, 0)
            figures["answered_507"] += client.answers.get(507, 0)
        filler.unlink()
        # The very next one.
        status, answer = program.post(shares[0][0].body) or (None, None)
        if status == 200:
            acknowledged[0].add(0)
        else:
            figures["failures"].append(f"with space again, the next upload was answered {status}: {answer}")
        check(database, shares, acknowledged, figures)
        if figures["fills"] % 10 == 0:
            progress(f"disk: full {figures['fills']} times of {options.fills}, lost {figures['lost']}")
    for payload in payloads:
        if (program.post(payload.body) or (None,))[0] != 200:
            figures["failures"].append("sending again at the end was not answered 200")
    program.stop()
    wrong = difference(database, payloads) or unsound_ledger(database)
    if wrong:
        figures["failures"].append(wrong)


def run(options, progress):
    folder = options.folder / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "healthsink-torture", folder]
    if os.geteuid() != 0 or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode != 0:
        raise Skipped("a file system of its own cannot be mounted here: run it as root")
    figures = dict.fromkeys(["fills", "uploads", "bytes", "stored", "answered_507", "acknowledged_checked", "lost"], 0)
    figures["failures"] = []
    try:
        torture(options, folder, random.Random(options.seed), figures, progress)
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
    return figures
