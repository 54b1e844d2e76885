"""kill -9 at random moments, with clients that send, and some that send again."""

import random
import sqlite3
import threading
import time
from contextlib import closing

from ..payload import FIRST_DAY
from .program import (
    DidNotStart,
    Program,
    difference,
    integrity,
    make_payloads,
    stored_uuids,
    unsound_ledger,
)

SUMMARY = "kill -9 at random moments, with uploads under way, at the start and in a checkpoint"
CLIENTS = 4
PAYLOAD_BYTES = 500_000
KILLS_PER_DATABASE = 20
RUN_SECONDS_MAX = 0.6
# One kill in so many comes before the server listens, and so many after a pause in which it moves its log.
AT_START, IN_CHECKPOINT = 10, 10


def add_arguments(group):
    group.add_argument("--kills", default=200, type=int, metavar="N", help="how often it is killed (%(default)s)")


class Client(threading.Thread):
    """Sends its payloads one after the other, those without a 200 again, until the server is gone."""

    def __init__(self, program, payloads, acknowledged, chance):
        super().__init__(daemon=True)
        self._program, self._payloads, self._acknowledged, self._chance = program, payloads, acknowledged, chance
        self.sent_bytes = self.uploads = 0

    def run(self):
        while True:
            index = self._chance.randrange(len(self._payloads))
            answer = self._program.post(self._payloads[index].body)
            self.sent_bytes += len(self._payloads[index].body)
            self.uploads += 1
            if answer is None:
                return
            if answer[0] == 200:
                self._acknowledged.add(index)


def states(database):
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM uploads GROUP BY state"))


class Round:
    """One database, killed again and again, and what was acknowledged of what was sent to it."""

    def __init__(self, options, database, payloads, chance, figures):
        self._options, self._database, self._chance, self._figures = options, database, chance, figures
        self._payloads = payloads
        self._acknowledged = [set() for _ in range(CLIENTS)]

    def _shares(self):
        return [self._payloads[client::CLIENTS] for client in range(CLIENTS)]

    def kill_once(self):
        program = Program(self._options.healthsink, self._database)
        if self._chance.randrange(AT_START) == 0:
            time.sleep(self._chance.uniform(0, 0.02))
            program.kill()
            self._figures["killed_at_start"] += 1
            return self._check()
        program.wait_until_listening()
        clients = [
            Client(program, share, acknowledged, random.Random(self._chance.random()))
            for share, acknowledged in zip(self._shares(), self._acknowledged, strict=True)
        ]
        for client in clients:
            client.start()
        time.sleep(self._chance.uniform(0, RUN_SECONDS_MAX))
        program.kill()
        for client in clients:
            client.join()
            self._figures["uploads"] += client.uploads
            self._figures["bytes"] += client.sent_bytes
        return self._check()

    def kill_in_checkpoint(self):
        """One upload, and a kill about when the idle server moves the log into the database."""
        program = Program(self._options.healthsink, self._database).wait_until_listening()
        index = self._chance.randrange(len(self._shares()[0]))
        payload = self._shares()[0][index]
        answer = program.post(payload.body)
        self._figures["uploads"] += 1
        self._figures["bytes"] += len(payload.body)
        if answer is not None and answer[0] == 200:
            self._acknowledged[0].add(index)
        time.sleep(self._chance.uniform(0.24, 0.27))
        program.kill()
        self._figures["killed_in_checkpoint"] += 1
        return self._check()

    def _acknowledged_payloads(self):
        shares = zip(self._shares(), self._acknowledged, strict=True)
        return [share[index] for share, indexes in shares for index in indexes]

    def _check(self):
        """Before healthsink looks at it again: is the file intact, and all there that was acknowledged?"""
        self._figures["kills"] += 1
        if not self._database.exists() or not self._database.stat().st_size:
            return
        verdict = integrity(self._database)
        if verdict != "ok":
            self._figures["failures"].append(f"integrity_check: {verdict}")
            return
        acknowledged = self._acknowledged_payloads()
        if not acknowledged:
            return
        wrong = unsound_ledger(self._database)
        if wrong:
            self._figures["failures"].append(wrong)
        there = stored_uuids(self._database)
        for payload in acknowledged:
            self._figures["acknowledged_checked"] += 1
            missing = len(payload.uuids - there)
            if missing:
                self._figures["lost"] += missing
                self._figures["failures"].append(f"{missing} of {len(payload.uuids)} acknowledged records are lost")

    def complete(self):
        """Everything again: exactly all of it is there then, and the ledger knows of what was cut off."""
        program = Program(self._options.healthsink, self._database).wait_until_listening()
        for payload in self._payloads:
            status, answer = program.post(payload.body) or (None, None)
            self._figures["uploads"] += 1
            self._figures["bytes"] += len(payload.body)
            if status != 200 or answer["updated"]:
                self._figures["failures"].append(f"sending again was answered {status}: {answer}")
        program.stop()
        found = states(self._database)
        self._figures["interrupted_uploads"] += found.get("interrupted", 0)
        if "running" in found:
            self._figures["failures"].append(f"uploads are said to be running: {found}")
        wrong = difference(self._database, self._payloads) or unsound_ledger(self._database)
        if wrong:
            self._figures["failures"].append(wrong)
        verdict = integrity(self._database)
        if verdict != "ok":
            self._figures["failures"].append(f"integrity_check at the end: {verdict}")


def run(options, progress):
    chance = random.Random(options.seed)
    figures = dict.fromkeys(
        ["kills", "killed_at_start", "killed_in_checkpoint", "databases", "uploads", "bytes", "acknowledged_checked"], 0
    )
    figures |= {"interrupted_uploads": 0, "lost": 0, "failures": []}
    seed, count = options.seed * 100_000, CLIENTS * 4
    while figures["kills"] < options.kills and len(figures["failures"]) < 10:
        payloads, _ = make_payloads(options, options.folder, PAYLOAD_BYTES, count, seed, FIRST_DAY)
        seed += count
        database = options.folder / f"kills-{figures['databases']}.db"
        figures["databases"] += 1
        one = Round(options, database, payloads, chance, figures)
        try:
            for _ in range(min(KILLS_PER_DATABASE, options.kills - figures["kills"])):
                one.kill_in_checkpoint() if chance.randrange(IN_CHECKPOINT) == 0 else one.kill_once()
            one.complete()
        except DidNotStart as error:
            figures["failures"].append(str(error))
        database.unlink(missing_ok=True)
        progress(f"kills: {figures['kills']} of {options.kills}, lost {figures['lost']}")
    return figures
