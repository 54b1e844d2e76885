"""A PostgreSQL server in a folder, with the rows of a SQLite database in the tables of the PostgreSQL store.

It is started from Debian's package or from PATH, on a socket only, and ended with the block.
"""

import os
import pwd
import shutil
import sqlite3
import subprocess
from pathlib import Path

from ..receivers import NotInstalled

SECONDS_MAX = 300
OWNER = "healthsink"
# psql prints only rows, a line for each.
FLAGS = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align")
END = "#end of the answer"
# What panels read. Dictionaries come first.
TABLES = (
    "persons", "types", "units", "sources", "source_groups", "samples", "workouts", "workout_aliases", "route_points",
    "medication_doses", "uploads", "rejects", "changes", "derived_state", "days", "hours", "nights", "night_segments",
    "workout_days", "dose_days",
)


def folder_of_programs():
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    path = found[-1] if found else shutil.which("initdb")
    if path is None:
        raise NotInstalled("PostgreSQL is not there (Debian: apt install postgresql)")
    return Path(path).resolve().parent


class Refused(Exception):
    """A query that PostgreSQL refuses."""


class Reader:
    """One session of psql, for many queries."""

    def __init__(self, process):
        self._process = process

    def lines(self, query):
        """Runs a query. Returns the lines of its answer."""
        self._process.stdin.write(f"{query};\n\\echo '{END}' :ERROR\n")
        self._process.stdin.flush()
        found = []
        for line in self._process.stdout:
            if line.startswith(END):
                if line.split()[-1] == "true":
                    raise Refused("\n".join(found)[:2000])
                return found
            found.append(line.rstrip("\n"))
        raise Refused("psql has ended: " + "\n".join(found)[:2000])

    def close(self):
        self._process.communicate("\\q\n", timeout=SECONDS_MAX)


class Server:
    """`with Server(folder) as server:` runs an empty server. PostgreSQL refuses to run as root, so root runs it as another user."""

    def __init__(self, folder):
        self._programs, self._folder = folder_of_programs(), Path(folder)
        self._user = None
        if os.getuid() == 0:
            self._user = next((name for name in ("postgres", "nobody") if name in {user.pw_name for user in pwd.getpwall()}), None)

    def _run(self, program, *arguments, **more):
        command = [self._programs / program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, user=self._user, cwd="/", **more)

    def _must(self, program, *arguments):
        finished = self._run(program, *arguments)
        if finished.returncode != 0:
            raise NotInstalled(f"{program} fails: {(finished.stdout + finished.stderr).strip()[-1000:]}")

    def __enter__(self):
        self._folder.mkdir()
        if self._user is not None:
            # The folder above is only its owner's.
            self._folder.parent.chmod(0o711)
            shutil.chown(self._folder, self._user)
        self._data = self._folder / "data"
        self._must("initdb", "--pgdata", self._data, "--no-sync", "--auth", "trust", "--username", OWNER, "--encoding", "UTF8")
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off -c max_connections=8"
        self._must("pg_ctl", "start", "--wait", "--silent", "--pgdata", self._data, "--log", self._folder / "log", "--options", options)
        return self

    def __exit__(self, *_):
        self._run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", self._data)

    def _psql(self, user, *arguments, **more):
        """Runs psql once."""
        connection = ["--host", self._folder, "--username", user, "--dbname", "postgres"]
        return self._run("psql", *connection, *FLAGS, "--set", "ON_ERROR_STOP=1", *arguments, **more)

    def reader(self):
        """A session of the user that Grafana has."""
        command = [self._programs / "psql", "--host", self._folder, "--username", "grafana", "--dbname", "postgres", *FLAGS]
        return Reader(subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, user=self._user, cwd="/"
        ))

    def prepare_reader(self, folder):
        """Makes that user, by the files for it."""
        for name in ("reader.psql", "activities.psql"):
            text = (folder / name).read_text(encoding="utf-8")
            finished = self._psql(OWNER, "--file", "-", input=text, env=os.environ | {"POSTGRES_READER_PASSWORD": "secret"})
            if finished.returncode != 0:
                raise NotInstalled(f"{name} fails: {finished.stderr.strip()}")

    def execute(self, command, stdin=None):
        finished = self._psql(OWNER, "--command", command, input=stdin)
        if finished.returncode != 0:
            raise NotInstalled(f"psql fails: {finished.stderr.strip()[:2000]}")
        return finished.stdout


def columns_of(server, table):
    """Names and types of a table's columns."""
    found = server.execute(f"SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position")
    return [line.split(" ", 1) for line in found.splitlines()]


def value_of(name, kind, there):
    """The value of a column as SQL of SQLite, in a form that PostgreSQL reads; nothing if SQLite does not have it."""
    if kind.startswith("timestamp"):
        column = name.removesuffix("_at") + "_ms"
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000.0, 'unixepoch')" if column in there else None
    if name == "arrival":
        return "rowid"
    if name not in there:
        return None
    return f"hex({name})" if kind == "uuid" else f"'\\x' || hex({name})" if kind == "bytea" else f'"{name}"'


def field(value):
    """A value as CSV: only an empty one without quotes is NULL."""
    return "" if value is None else '"' + str(value).replace('"', '""') + '"'


def copy(server, database):
    """Copies the rows of the SQLite database."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    # The schema comes with a person.
    server.execute("TRUNCATE persons CASCADE")
    for table in TABLES:
        there = {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}
        columns = [(name, value_of(name, kind, there)) for name, kind in columns_of(server, table)]
        columns = [(name, value) for name, value in columns if value is not None]
        rows = connection.execute(f"SELECT {', '.join(value for _, value in columns)} FROM {table}")
        text = "".join(",".join(map(field, row)) + "\n" for row in rows)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        server.execute(f"COPY {table} ({names}) FROM STDIN (FORMAT csv)", text)
