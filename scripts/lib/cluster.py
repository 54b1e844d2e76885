"""A PostgreSQL in a folder, for scripts: started, killed, asked, ended."""

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from .server import free_port

START_SECONDS_MAX = 60


class NoPostgres(Exception):
    """PostgreSQL is not installed; the text says what to do."""


class ClusterFailed(Exception):
    """It did not start, or refused a statement."""


def programs():
    """The folder of PostgreSQL's programs."""
    linked = shutil.which("initdb")
    found = [Path(linked).resolve().parent] if linked else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise NoPostgres("PostgreSQL's initdb is not there (Debian: apt install postgresql)")
    return found[-1]


def children_of(pid):
    children = []
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1] if entry.name.isdigit() else None
        except OSError:
            continue
        if parent == str(pid):
            children.append(int(entry.name))
    return children


class Cluster:
    """A PostgreSQL in a folder. It refuses root, so another user runs it then."""

    def __init__(self, folder, settings=()):
        self._programs, self._folder, self.port, self._settings = programs(), folder, free_port(), settings
        folder.mkdir()
        self._as = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres" if any(u.pw_name == "postgres" for u in pwd.getpwall()) else "nobody")
            os.chown(folder, user.pw_uid, user.pw_gid)
            for parent in folder.parents:
                if parent.stat().st_mode & 0o001 == 0 and parent.owner() == "root":
                    parent.chmod(parent.stat().st_mode | 0o011)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        command = [self._programs / "initdb", "-A", "trust", "-N", "-U", "health", "-E", "UTF8", "--locale=C", "-D", folder / "data"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **self._as)
        self.start()

    def start(self):
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}", *self._settings]
        command = [self._programs / "postgres", "-D", self._folder / "data", "-p", str(self.port)]
        for setting in settings:
            command += ["-c", setting]
        deadline = time.monotonic() + START_SECONDS_MAX
        self._process = None
        while self.psql("-c", "SELECT 1").returncode:
            if time.monotonic() > deadline:
                raise ClusterFailed(f"PostgreSQL did not start: {self.log()[-500:]}")
            if self._process is None or self._process.poll() is not None:
                # It refuses to start while a process of the former one ends.
                self._process = self._spawn(command)
            time.sleep(0.02)

    def _spawn(self, command):
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **self._as
            )

    def kill(self):
        """Kills all of its processes at once. Each of them has its own session, so no signal reaches all."""
        own = [self._process.pid, *children_of(self._process.pid)]
        for pid in own:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass
        self._process.wait()

    def stop(self):
        self._process.send_signal(2)
        self._process.wait()

    def psql(self, *arguments, database="postgres", source=None):
        """Runs psql. `source` is a file for its standard input."""
        command = [self._programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        command += ["-U", "health", "-d", database, *arguments]
        return subprocess.run(command, stdin=source, capture_output=True, text=True)

    def sql(self, sql, database="postgres"):
        """Returns what a statement prints."""
        done = self.psql("-c", sql, database=database)
        if done.returncode:
            raise ClusterFailed(done.stderr)
        return done.stdout.strip()

    def words(self, sql, database="postgres"):
        return self.sql(sql, database).split()

    def address(self, database="postgres"):
        return f"postgres://health@127.0.0.1:{self.port}/{database}"

    def log(self):
        return (self._folder / "log").read_text(errors="replace")
