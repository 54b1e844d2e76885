"""Fills and frees a disk while clients send. The disk is a separate file system."""

import os
import random
import subprocess
import threading
import time

from . import Skipped
from .program import Program, Supply, difference, integrity, stored_uuids, unsound_ledger, wrong_in_ledger

SUMMARY = "a disk that becomes full and has space again, while clients send"
CLIENTS = 3
PAYLOAD_BYTES = 1_000_000
PAYLOADS = 12
# New payloads of each client between two fills: a 200 for stored records proves little.
FRESH, FRESH_BYTES = 5, 30_000
DISK_MB = 48
SECONDS_MAX = 0.8


def add_arguments(group):
    group.add_argument("--fills", default=40, type=int, metavar="N", help="how often the disk becomes full (%(default)s)")


class Client(threading.Thread):
    """Sends its payloads in turn until `must_stop`, the new ones first, and counts the answers."""

    def __init__(self, program, payloads, fresh, chance):
        super().__init__(daemon=True)
        self._program, self._payloads, self.fresh, self._chance = program, payloads, fresh, chance
        self.must_stop = threading.Event()
        self.answers, self.acknowledged, self.wrong, self.sent_bytes = {}, [], [], 0

    def run(self):
        while not self.must_stop.is_set():
            is_fresh = self.fresh and self._chance.random() < 0.5
            payload = self.fresh[0] if is_fresh else self._chance.choice(self._payloads)
            status, answer = self._program.post(payload.body) or (None, None)
            self.sent_bytes += len(payload.body)
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == 200:
                self.acknowledged.append((payload, answer))
                if is_fresh:
                    self.fresh.pop(0)
            elif status != 507 or "free some space" not in answer["detail"]:
                self.wrong.append(f"answered {status}: {answer}")


def fill(path):
    with open(path, "ab", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass


def check(database, acknowledged, figures):
    verdict = integrity(database)
    if verdict != "ok":
        figures["failures"].append(f"integrity_check: {verdict}")
        return
    wrong = unsound_ledger(database)
    if wrong:
        figures["failures"].append(wrong)
    wrong = wrong_in_ledger(database, [answer for _, answer in acknowledged])
    figures["lost"] += len(wrong)
    figures["failures"] += wrong[:3]
    there = stored_uuids(database)
    for payload in {id(payload): payload for payload, _ in acknowledged}.values():
        figures["acknowledged_checked"] += 1
        figures["lost"] += len(payload.uuids - there)


def torture(options, folder, chance, figures, progress):
    database, filler = folder / "health.db", folder / "filler"
    supply = Supply(options, options.seed * 100_000)
    payloads = supply.take(PAYLOAD_BYTES, PAYLOADS)
    shares = [payloads[client::CLIENTS] for client in range(CLIENTS)]
    fresh = [[] for _ in range(CLIENTS)]
    acknowledged = []
    program = Program(options.healthsink, database).wait_until_listening()
    while figures["fills"] < options.fills and len(figures["failures"]) < 10:
        for new in fresh:
            made = supply.take(FRESH_BYTES, FRESH - len(new))
            new += made
            payloads += made
        clients = [
            Client(program, share, new, random.Random(chance.random()))
            for share, new in zip(shares, fresh, strict=True)
        ]
        for client in clients:
            client.start()
        time.sleep(chance.uniform(0, SECONDS_MAX))
        fill(filler)
        time.sleep(chance.uniform(0, SECONDS_MAX))
        figures["fills"] += 1
        if program.post(None, "/healthz", "GET")[0] != 200:
            figures["failures"].append("/healthz does not answer 200 while the disk is full")
        for client in clients:
            client.must_stop.set()
        for client in clients:
            client.join()
            acknowledged += client.acknowledged
            figures["failures"] += client.wrong
            figures["bytes"] += client.sent_bytes
            figures["uploads"] += sum(client.answers.values())
            figures["stored"] += client.answers.get(200, 0)
            figures["answered_507"] += client.answers.get(507, 0)
        filler.unlink()
        # The first upload after that succeeds.
        status, answer = program.post(shares[0][0].body) or (None, None)
        if status == 200:
            acknowledged.append((shares[0][0], answer))
        else:
            figures["failures"].append(f"with space again, the next upload was answered {status}: {answer}")
        check(database, acknowledged, figures)
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
        raise Skipped("this process may not mount a file system: run it as root")
    figures = dict.fromkeys(["fills", "uploads", "bytes", "stored", "answered_507", "acknowledged_checked", "lost"], 0)
    figures["failures"] = []
    try:
        torture(options, folder, random.Random(options.seed), figures, progress)
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
    return figures
