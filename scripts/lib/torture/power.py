"""Power cuts: invents what may be left on the disk, from a record of every write and every sync.

The server runs under strace, which records all operations on its files, with their bytes, and each answer of 200. A cut is
a point in that record. Each file then has what was written before its last sync. Of later writes any part may be there:
each write complete, missing, in some of its sectors, in any order, or as garbage. Files that were created or removed since
the folder's last sync may exist or not. From that, SQLite must open an intact database with every upload that was
acknowledged before the cut.
"""

import random
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..payload import FIRST_DAY
from . import Skipped
from .program import Program, integrity, make_payloads, stored_uuids

SUMMARY = "what a power cut may leave, invented from a record of all writes and syncs"
PAYLOAD_BYTES = 400_000
PAYLOADS = 6
PIECES = 8
SECTOR_BYTES = 512
# After one cut in so many, healthsink itself must continue.
CUTS_PER_START = 25
COUNTER_CUTS = 20
CALLS = "openat,pwrite64,write,writev,sendto,sendmsg,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2"
LINE = re.compile(r"^(\d+) +(.*)$")
PATH = re.compile(r"<((?:[^<>\\]|\\.)*)>")
ANSWER = "".join(f"\\x{byte:02x}" for byte in b"HTTP/1.1 200")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def add_arguments(group):
    group.add_argument("--cuts", default=1000, type=int, metavar="N", help="number of cuts (%(default)s)")


@dataclass
class Operation:
    """A write, truncate, sync, create or remove, a sync of the folder, or an answer of 200."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


def decode(text):
    return bytes.fromhex(text.replace("\\x", ""))


def parse(trace, folder):
    """Returns operations on files in `folder`, by their ends (writes by their beginnings), and the answers."""
    begun, operations = {}, []
    for line in trace.read_text().splitlines():
        thread, call = LINE.match(line).groups()
        if call.startswith("<..."):
            whole, has_ended = begun.pop(thread, "") + call.partition("resumed>")[2], True
            was_begun = True
        elif call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
            whole, has_ended, was_begun = begun[thread], False, False
        else:
            whole, has_ended, was_begun = call, True, False
        operation = one_operation(whole, has_ended, was_begun, folder)
        if operation:
            operations.append(operation)
    return operations


def one_operation(call, has_ended, was_begun, folder):
    name, _, arguments = call.partition("(")
    result = call.rpartition(" = ")[2] if has_ended else ""
    if has_ended and result.startswith("-1"):
        return None
    is_begin = not was_begun  # a write counts from its beginning: it may be on the disk before it returns
    if name in ("write", "writev", "sendto", "sendmsg") and ANSWER in arguments:
        return Operation("answer") if is_begin else None
    path = PATH.search(arguments)
    file = decode_path(path[1]) if path else ""
    inside = Path(file).parent == folder
    if name in ("pwrite64", "write") and inside:
        if not is_begin:
            return None
        data = decode(STRING.search(arguments)[1])
        if name == "write":
            raise Skipped(f"SQLite writes {file} without an offset here, so the record has none")
        behind = arguments.rpartition(" = ")[0] if has_ended else arguments
        offset = int(behind.rstrip(" )").rpartition(", ")[2])
        return Operation("write", Path(file).name, offset, data)
    if name == "ftruncate" and inside and is_begin:
        return Operation("truncate", Path(file).name, int(re.search(r", (\d+)", arguments)[1]))
    if name in ("fsync", "fdatasync") and has_ended:
        if Path(file) == folder:
            return Operation("folder")
        return Operation("sync", Path(file).name) if inside else None
    if name == "openat" and has_ended and "O_CREAT" in arguments:
        made = decode_path(PATH.search(result)[1])
        return Operation("create", Path(made).name) if Path(made).parent == folder else None
    if name.startswith("unlink") and has_ended:
        removed = Path(decode(STRING.search(arguments)[1]).decode())
        return Operation("remove", removed.name) if removed.parent == folder else None
    if name.startswith("rename") and has_ended and decode(STRING.search(arguments)[1]).decode().startswith(str(folder)):
        raise Skipped("a file of the database was renamed, which the replay does not know")
    return None


def decode_path(text):
    return decode(text).decode() if text.startswith("\\x") else text


@dataclass
class Disk:
    """What is certainly on the disk, and what may be."""

    files: dict = field(default_factory=dict)  # name: bytes as synced
    pending: dict = field(default_factory=dict)  # name: writes and truncations since
    names: set = field(default_factory=set)  # synced names
    loose: dict = field(default_factory=dict)  # name: whether it exists, if that is not synced yet

    def apply(self, operation):
        name = operation.name
        if operation.kind in ("write", "truncate"):
            self.pending.setdefault(name, []).append(operation)
        elif operation.kind == "sync":
            self.files[name] = rendered(self.files.get(name, b""), self.pending.pop(name, []), None)
        elif operation.kind == "create":
            if name not in self.names or self.loose.get(name) is False:
                self.loose[name] = True
                self.files[name], self.pending[name] = b"", []
        elif operation.kind == "remove":
            self.loose[name] = False
        elif operation.kind == "folder":
            for name, is_there in self.loose.items():
                (self.names.add if is_there else self.names.discard)(name)
            self.loose = {}

    def left(self, chance):
        """Returns one of the states that a power cut may leave, as files and their bytes."""
        names = set(self.names)
        for name, is_there in self.loose.items():
            if chance.random() < 0.5:
                (names.add if is_there else names.discard)(name)
        how = chance.choice(["none", "all", "some", "some", "torn", "torn", "garbage"])
        return {
            name: rendered(self.files.get(name, b""), part_of(self.pending.get(name, []), how, chance), chance)
            for name in names
            if not name.endswith("-shm")
        }


def part_of(operations, how, chance):
    if how == "none":
        return []
    if how == "all":
        return operations
    kept = [operation for operation in operations if chance.random() < 0.6]
    if how != "some":
        kept = [torn(operation, how, chance) for operation in kept]
    chance.shuffle(kept)
    return kept


def torn(operation, how, chance):
    """Returns a part of a write: only its beginning, only its end, or with garbage as its end."""
    if operation.kind != "write" or chance.random() < 0.5:
        return operation
    sectors = len(operation.data) // SECTOR_BYTES
    cut = chance.randint(0, sectors) * SECTOR_BYTES if sectors else chance.randint(0, len(operation.data))
    if how == "garbage":
        noise = chance.randbytes(len(operation.data) - cut)
        return Operation("write", operation.name, operation.offset, operation.data[:cut] + noise)
    if chance.random() < 0.5:
        return Operation("write", operation.name, operation.offset, operation.data[:cut])
    return Operation("write", operation.name, operation.offset + cut, operation.data[cut:])


def rendered(before, operations, chance):
    """Returns a file's bytes after these operations. With `chance`, its length may be on the disk before its bytes."""
    content = bytearray(before)
    for operation in operations:
        if operation.kind == "truncate":
            del content[operation.offset :]
            content.extend(bytes(operation.offset - len(content)))
            continue
        content.extend(bytes(max(0, operation.offset - len(content))))
        content[operation.offset : operation.offset + len(operation.data)] = operation.data
    if chance and chance.random() < 0.2:
        content.extend(bytes(chance.choice([1, SECTOR_BYTES, 4096, 24 + 4096])))
    return bytes(content)


def record(options, progress):
    """Runs the server under strace. Returns the operations, and the payloads in the order of their answers."""
    if shutil.which("strace") is None:
        raise Skipped("strace is missing (Debian: apt install strace)")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        raise Skipped("strace may not trace here (in a container: --cap-add SYS_PTRACE)")
    folder = (options.folder / "recorded").resolve()
    folder.mkdir()
    trace = options.folder / "trace"
    command = ["strace", "-D", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", trace]
    payloads, _ = make_payloads(options, options.folder, PAYLOAD_BYTES, PAYLOADS, options.seed * 1000, FIRST_DAY)
    program = Program(options.healthsink, folder / "health.db", command=command).wait_until_listening()
    answered = []
    for payload in payloads:
        # Slowly, in pieces, so that commits and checkpoints happen within an upload.
        with program.begin(len(payload.body)) as stream:
            step = len(payload.body) // PIECES + 1
            for start in range(0, len(payload.body), step):
                stream.sendall(payload.body[start : start + step])
                time.sleep(0.3 if start % (2 * step) else 0.6)
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                raise Skipped("the server under strace did not answer 200")
        answered.append(payload)
        if len(answered) % 2 == 0:
            program.post(answered[0].body)  # again: only the ledger has new rows
            answered.append(answered[0])
    progress(f"power: {len(answered)} uploads recorded")
    program.stop()
    # strace writes the last lines after the server's end.
    for _ in range(100):
        if "+++ exited" in trace.read_text()[-2000:]:
            break
        time.sleep(0.1)
    return parse(trace, folder), answered


def check_order(operations, figures):
    """Checks that before each 200 all writes to the WAL are synced, and the folder with the new files."""
    is_dirty, is_named = False, False
    for operation in operations:
        if operation.kind == "write" and operation.name.endswith("-wal"):
            is_dirty = True
        elif operation.kind == "sync" and operation.name.endswith("-wal"):
            is_dirty = False
        elif operation.kind == "folder":
            is_named = True
        elif operation.kind == "answer":
            if is_dirty:
                figures["failures"].append("the WAL was written and not synced before a 200")
            if not is_named:
                figures["failures"].append("the folder was not synced before a 200")


def check_checkpoints(operations, figures):
    """Checks that the WAL is synced before its pages go to the database, and the database before the WAL starts over."""
    dirty = {"health.db": False, "health.db-wal": False}
    for operation in operations:
        if operation.name not in dirty:
            continue
        is_wal = operation.name.endswith("-wal")
        other = "health.db" if is_wal else "health.db-wal"
        starts_over = is_wal and operation.offset == 0 and operation.kind in ("write", "truncate")
        if operation.kind == "sync":
            dirty[operation.name] = False
        elif operation.kind in ("write", "truncate"):
            if (starts_over or not is_wal) and dirty[other]:
                figures["failures"].append(f"{operation.name} was written at {operation.offset} before {other} was synced")
            dirty[operation.name] = True
            figures["checkpoint_writes"] += not is_wal


def counter_proof(operations, answered, options, figures):
    """Checks that the record loses something without its syncs. Otherwise the replay would prove nothing."""
    careless = [operation for operation in operations if operation.kind not in ("sync", "folder")]
    found = {"failures": []} | dict.fromkeys(["cuts", "intact", "starts", "acknowledged_checked", "lost"], 0)
    chance = random.Random(options.seed)
    for _ in range(COUNTER_CUTS):
        cut(options, careless, answered, len(careless), chance, found, may_start=False)
    figures["faults_of_counter_proof"] = len(found["failures"])
    if not found["failures"]:
        figures["failures"].append("nothing was lost without syncs: the replay proves nothing")


def cut(options, operations, answered, index, chance, figures, may_start=True):
    """Cuts the power after `index` operations, and checks one of the states that this may leave."""
    disk = Disk()
    for operation in operations[:index]:
        disk.apply(operation)
    acknowledged = sum(operation.kind == "answer" for operation in operations[:index])
    target = options.folder / "left"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name, content in disk.left(chance).items():
        (target / name).write_bytes(content)
    database = target / "health.db"
    figures["cuts"] += 1
    has_database = database.exists() and database.stat().st_size
    if has_database:
        verdict = integrity(database)
        if verdict != "ok":
            figures["failures"].append(f"cut after {index} of {len(operations)} calls: {verdict}")
            return
        figures["intact"] += 1
    if acknowledged:
        there = stored_uuids(database) if has_database else set()
        missing = sum(len(payload.uuids - there) for payload in answered[:acknowledged])
        figures["acknowledged_checked"] += acknowledged
        figures["lost"] += missing
        if missing:
            figures["failures"].append(f"cut after {index} of {len(operations)} calls: {missing} records lost")
    if may_start and figures["cuts"] % CUTS_PER_START == 0:
        go_on(options, database, answered, figures)


def go_on(options, database, answered, figures):
    """Checks that healthsink itself starts from what is left, and stores the first payload."""
    program = Program(options.healthsink, database).wait_until_listening()
    answer = program.post(answered[0].body)
    program.kill()
    figures["starts"] += 1
    if answer is None or answer[0] != 200 or answered[0].uuids - stored_uuids(database):
        figures["failures"].append(f"healthsink did not continue from what was left: {answer}")


def run(options, progress):
    chance = random.Random(options.seed)
    figures = dict.fromkeys(["cuts", "intact", "starts", "acknowledged_checked", "checkpoint_writes", "lost"], 0)
    figures["failures"] = []
    operations, answered = record(options, progress)
    kinds = [operation.kind for operation in operations]
    figures |= {f"recorded_{kind}s": kinds.count(kind) for kind in ("write", "sync", "answer")}
    if kinds.count("answer") != len(answered):
        figures["failures"].append(f"{kinds.count('answer')} answers were recorded of {len(answered)}")
    check_order(operations, figures)
    check_checkpoints(operations, figures)
    if not figures["checkpoint_writes"]:
        figures["failures"].append("no checkpoint was recorded")
    counter_proof(operations, answered, options, figures)
    # Half of the cuts are where faults are most likely: in a checkpoint, and right after an answer.
    critical = [
        index
        for index, operation in enumerate(operations)
        if operation.kind == "answer" or operation.kind in ("write", "truncate", "sync") and operation.name == "health.db"
    ]
    while figures["cuts"] < options.cuts and len(figures["failures"]) < 10:
        index = chance.choice(critical) + 1 if chance.random() < 0.5 else chance.randint(0, len(operations))
        cut(options, operations, answered, index, chance, figures)
        if figures["cuts"] % 200 == 0:
            progress(f"power: {figures['cuts']} of {options.cuts} cuts, lost {figures['lost']}")
    return figures
