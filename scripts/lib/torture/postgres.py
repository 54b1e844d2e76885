"""PostgreSQL as the store: kill -9 of the receiver and of PostgreSQL, and a proxy that cuts the connection at any byte."""

import json
import random
import select
import socket
import subprocess
import threading
import time

from ..cluster import Cluster, ClusterFailed, NoPostgres
from ..server import neutral_environment
from . import Skipped
from .program import DidNotStart, Program

SUMMARY = "kill -9 of a receiver and of its PostgreSQL, connections cut at any byte: nothing lost, nothing twice"
CLIENTS = 4
SAMPLES_MAX = 3000
RUN_SECONDS_MAX = 0.6
ROUNDS_PER_DATABASE = 20
# A cut comes after so many bytes at most: in the handshake, in COPY, at the answer to COMMIT.
CUT_BYTES_MAX = 400_000
TYPE = "HKQuantityTypeIdentifierHeartRate"


def add_arguments(group):
    group.add_argument("--rounds", default=200, type=int, metavar="N", help="kills and cuts (%(default)s)")


class Proxy:
    """Passes connections on to a port, and cuts each of them after a random number of bytes while `is_cutting`."""

    def __init__(self, port, chance):
        self._target, self._chance = port, chance
        self.is_cutting = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client, self._chance.randrange(CUT_BYTES_MAX)), daemon=True).start()

    def _pass_on(self, client, left):
        try:
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                while True:
                    for source in select.select([client, server], [], [])[0]:
                        size = min(65_536, left) if self.is_cutting else 65_536
                        piece = source.recv(max(size, 1))
                        left -= len(piece)
                        if not piece or self.is_cutting and left <= 0:
                            return
                        (server if source is client else client).sendall(piece)
        except OSError:
            pass

    def close(self):
        self._listener.close()


class Sender(threading.Thread):
    """Sends new samples and corrected ones until the receiver has ended; remembers what was answered with 200."""

    def __init__(self, program, number, state, chance):
        super().__init__(daemon=True)
        self._program, self._number, self._state, self._chance = program, number, state, chance
        self.uploads = 0

    def _body(self):
        """Samples with the value that each gets, by identity."""
        known, chance = self._state["values"], self._chance
        values = {uuid: chance.randrange(1000) for uuid in chance.sample(sorted(known), min(len(known), chance.randrange(50)))}
        for _ in range(chance.randrange(1, SAMPLES_MAX)):
            self._state["next"] += 1
            values[f"{self._number:08X}-0000-4000-8000-{self._state['next']:012X}"] = chance.randrange(1000)
        samples = []
        for uuid, value in values.items():
            second = int(uuid[-12:], 16)
            day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_600_000_000 + second * 7))
            samples.append({"uuid": uuid, "startDate": day, "endDate": day, "value": value, "unit": "count/min"})
        return values, json.dumps({"data": {TYPE: samples}}).encode()

    def run(self):
        while True:
            values, body = self._body()
            # Whether these were stored is not known until there is an answer.
            for uuid, value in values.items():
                self._state["possible"].setdefault(uuid, set()).add(value)
            answer = self._program.post(body)
            self.uploads += 1
            if answer is None:
                return
            if answer[0] == 200:
                for uuid, value in values.items():
                    self._state["values"][uuid] = value
                    self._state["possible"][uuid] = {value}
            elif answer[0] != 503:
                self._state["failures"].append(f"answered {answer[0]}: {answer[1]}")


def check(cluster, states, figures):
    stored = {}
    for row in cluster.words("SELECT upper(uuid::text) || '=' || value::bigint FROM samples"):
        uuid, value = row.split("=")
        if uuid in stored:
            figures["failures"].append(f"{uuid} is stored twice")
        stored[uuid] = int(value)
    for state in states:
        lost = [uuid for uuid in state["values"] if uuid not in stored]
        figures["lost"] += len(lost)
        # An identity that was sent again without an answer has the old or a new value.
        wrong = [uuid for uuid in state["values"] if uuid in stored and stored[uuid] not in state["possible"][uuid]]
        if lost or wrong:
            figures["failures"].append(f"{len(lost)} acknowledged samples are lost, {len(wrong)} have other values")
        figures["failures"] += state["failures"][:3]
        state["failures"].clear()
    figures["samples_checked"] = max(figures["samples_checked"], len(stored))


def start(options, address):
    """Starts a receiver as a supervisor does: again, if it does not reach its database."""
    for is_last in (False, False, True):
        try:
            return Program(options.healthsink, "unused.db", "--store", address).wait_until_listening()
        except DidNotStart:
            if is_last:
                raise
            time.sleep(0.5)


def one_round(cluster, proxy, options, states, chance, figures):
    address = f"postgres://health@127.0.0.1:{proxy.port}/postgres?sslmode=disable"
    program = start(options, address)
    senders = [Sender(program, number, state, random.Random(chance.random())) for number, state in enumerate(states)]
    for sender in senders:
        sender.start()
    time.sleep(chance.uniform(0.05, RUN_SECONDS_MAX))
    fault = chance.choice(["receiver", "postgres", "cut"])
    figures[f"faults_{fault}"] += 1
    if fault == "postgres":
        cluster.kill()
        time.sleep(chance.uniform(0, 0.1))
        cluster.start()
    elif fault == "cut":
        proxy.is_cutting = True
        time.sleep(chance.uniform(0.2, 0.6))
        proxy.is_cutting = False
    if fault != "receiver":
        # The same receiver goes on.
        time.sleep(chance.uniform(0.1, 0.4))
    program.kill()
    for sender in senders:
        sender.join()
        figures["uploads"] += sender.uploads
    check(cluster, states, figures)


def new_cluster(folder):
    """A PostgreSQL that syncs nothing: these faults lose no page of the system."""
    try:
        return Cluster(folder, ["fsync=off"])
    except NoPostgres as error:
        raise Skipped(str(error)) from None


def run(options, progress):
    chance = random.Random(options.seed)
    figures = {"rounds": 0, "faults_receiver": 0, "faults_postgres": 0, "faults_cut": 0, "databases": 0, "uploads": 0}
    figures |= {"samples_checked": 0, "lost": 0, "failures": []}
    while figures["rounds"] < options.rounds and len(figures["failures"]) < 10:
        cluster = new_cluster(options.folder / f"cluster-{figures['databases']}")
        figures["databases"] += 1
        proxy = Proxy(cluster.port, chance)
        states = [{"next": 0, "values": {}, "possible": {}, "failures": []} for _ in range(CLIENTS)]
        migrate = [options.healthsink, "migrate", "--store", f"postgres://health@127.0.0.1:{cluster.port}/postgres"]
        subprocess.run(migrate, check=True, stdout=subprocess.DEVNULL, env=neutral_environment())
        for _ in range(min(ROUNDS_PER_DATABASE, options.rounds - figures["rounds"])):
            one_round(cluster, proxy, options, states, chance, figures)
            figures["rounds"] += 1
        progress(f"postgres: {figures['rounds']} of {options.rounds}, lost {figures['lost']}")
        proxy.close()
        cluster.stop()
    return figures
