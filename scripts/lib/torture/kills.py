"""kill -9 at random moments, while clients send new payloads and repeat earlier ones."""

import random
import sqlite3
import threading
import time
from contextlib import closing

from .program import (
    DidNotStart,
    Program,
    Supply,
    difference,
    integrity,
    stored_uuids,
    unsound,
    unsound_ledger,
    wrong_in_ledger,
)

SUMMARY = "kill -9 at random moments, with uploads under way, at the start and in a checkpoint"
CLIENTS = 4
# A 200 for stored records proves little, so nearly all payloads are new. Most are small, so many are answered before the kill.
SMALL_BYTES, LARGE_BYTES = 40_000, 500_000
FRESH_SMALL = 20
# One upload in so many repeats an earlier payload.
AGAIN = 8
KILLS_PER_DATABASE = 20
RUN_SECONDS_MAX = 0.5
# One kill in so many comes before the server listens, and one in so many at an answer or in the pause after it.
AT_START, IN_CHECKPOINT = 10, 3


def add_arguments(group):
    group.add_argument("--kills", default=200, type=int, metavar="N", help="how often it is killed (%(default)s)")


class Share:
    """One client's payloads: new ones, sent ones, and those that got 200."""

    def __init__(self):
        self.fresh, self.sent, self.acknowledged = [], [], []

    def fill(self, supply):
        """Adds so many that the next kill comes before the last of them, with a large one in front."""
        self.fresh += supply.take(SMALL_BYTES, max(0, FRESH_SMALL - len(self.fresh)))
        self.fresh.insert(0, *supply.take(LARGE_BYTES, 1))


class Client(threading.Thread):
    """Sends its payloads one after the other, and those without a 200 again, until the server has ended."""

    def __init__(self, program, share, chance):
        super().__init__(daemon=True)
        self._program, self._share, self._chance = program, share, chance
        self.sent_bytes = self.uploads = 0

    def run(self):
        while self.send():
            pass

    def send(self):
        """Whether there was an answer."""
        share = self._share
        is_again = share.sent and (not share.fresh or self._chance.randrange(AGAIN) == 0)
        payload = self._chance.choice(share.sent) if is_again else share.fresh[0]
        answer = self._program.post(payload.body)
        self.sent_bytes += len(payload.body)
        self.uploads += 1
        if answer is not None and answer[0] == 200:
            share.acknowledged.append((payload, answer[1]))
            if not is_again:
                share.sent.append(share.fresh.pop(0))
        return answer is not None


def states(database):
    with closing(sqlite3.connect(database)) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM uploads GROUP BY state"))


class Round:
    """One database whose server is killed repeatedly, and what it acknowledged."""

    def __init__(self, options, database, supply, chance, figures):
        self._options, self._database, self._chance, self._figures = options, database, chance, figures
        self._supply = supply
        self._shares = [Share() for _ in range(CLIENTS)]

    def _clients(self, program):
        return [Client(program, share, random.Random(self._chance.random())) for share in self._shares]

    def _count(self, client):
        self._figures["uploads"] += client.uploads
        self._figures["bytes"] += client.sent_bytes

    def kill_once(self):
        for share in self._shares:
            share.fill(self._supply)
        program = Program(self._options.healthsink, self._database)
        if self._chance.randrange(AT_START) == 0:
            time.sleep(self._chance.uniform(0, 0.02))
            program.kill()
            self._figures["killed_at_start"] += 1
            return self._check()
        program.wait_until_listening()
        clients = self._clients(program)
        for client in clients:
            client.start()
        time.sleep(self._chance.uniform(0, RUN_SECONDS_MAX))
        program.kill()
        for client in clients:
            client.join()
            self._count(client)
        return self._check()

    def kill_in_checkpoint(self):
        """Kills at the answer to one large upload, or about when the idle server moves the WAL into the database."""
        self._shares[0].fill(self._supply)
        program = Program(self._options.healthsink, self._database).wait_until_listening()
        client = self._clients(program)[0]
        client.send()
        self._count(client)
        # Kills at other moments would hardly ever reveal a COMMIT after its answer.
        if self._chance.random() < 0.5:
            time.sleep(self._chance.uniform(0.24, 0.27))
        program.kill()
        self._figures["killed_in_checkpoint"] += 1
        return self._check()

    def _check(self):
        """Checks, before healthsink opens the file again, that it is intact and has everything acknowledged."""
        self._figures["kills"] += 1
        if not self._database.exists() or not self._database.stat().st_size:
            return
        verdict = integrity(self._database)
        if verdict != "ok":
            self._figures["failures"].append(f"integrity_check: {verdict}")
            return
        acknowledged = [pair for share in self._shares for pair in share.acknowledged]
        if not acknowledged:
            return
        wrong = unsound_ledger(self._database)
        if wrong:
            self._figures["failures"].append(wrong)
        wrong = wrong_in_ledger(self._database, [answer for _, answer in acknowledged])
        self._figures["lost"] += len(wrong)
        self._figures["failures"] += wrong[:3]
        there = stored_uuids(self._database)
        for payload in {id(payload): payload for payload, _ in acknowledged}.values():
            self._figures["acknowledged_checked"] += 1
            missing = len(payload.uuids - there)
            if missing:
                self._figures["lost"] += missing
                self._figures["failures"].append(f"{missing} of {len(payload.uuids)} acknowledged records are lost")

    def complete(self):
        """Sends everything again. Exactly that must be stored then, and the ledger must have the interrupted uploads."""
        program = Program(self._options.healthsink, self._database).wait_until_listening()
        payloads = [payload for share in self._shares for payload in (*share.sent, *share.fresh)]
        for payload in payloads:
            status, answer = program.post(payload.body) or (None, None)
            self._figures["uploads"] += 1
            self._figures["bytes"] += len(payload.body)
            if status != 200 or answer["updated"]:
                self._figures["failures"].append(f"sending again was answered {status}: {answer}")
        program.stop()
        found = states(self._database)
        self._figures["interrupted_uploads"] += found.get("interrupted", 0)
        if "running" in found:
            self._figures["failures"].append(f"the ledger has running uploads: {found}")
        wrong = difference(self._database, payloads) or unsound_ledger(self._database)
        if wrong:
            self._figures["failures"].append(wrong)
        wrong = unsound(self._options.healthsink, self._database)
        if wrong:
            self._figures["failures"].append(wrong)


def run(options, progress):
    chance = random.Random(options.seed)
    figures = dict.fromkeys(
        ["kills", "killed_at_start", "killed_in_checkpoint", "databases", "uploads", "bytes", "acknowledged_checked"], 0
    )
    figures |= {"interrupted_uploads": 0, "lost": 0, "failures": []}
    while figures["kills"] < options.kills and len(figures["failures"]) < 10:
        database = options.folder / f"kills-{figures['databases']}.db"
        supply = Supply(options, options.seed * 1_000_000 + figures["databases"] * 10_000)
        figures["databases"] += 1
        one = Round(options, database, supply, chance, figures)
        try:
            for _ in range(min(KILLS_PER_DATABASE, options.kills - figures["kills"])):
                one.kill_in_checkpoint() if chance.randrange(IN_CHECKPOINT) == 0 else one.kill_once()
            one.complete()
        except DidNotStart as error:
            figures["failures"].append(str(error))
        database.unlink(missing_ok=True)
        progress(f"kills: {figures['kills']} of {options.kills}, lost {figures['lost']}")
    return figures
