"""A server process: starts it, watches it through /proc, uploads to it, and ends it, and no other process."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

UPLOAD_PATH = "/api/health-data"
BLOCK_BYTES = 256 * 1024
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 120
DEATH_SECONDS_MAX = 10
POLL_SECONDS = 0.02
ANSWER_EXCERPT_BYTES = 400
LOG_TAIL_CHARS = 1000

# Texts in a server's log that name the reason for a crash.
REASONS_IN_LOG = (
    ("heap out of memory", "out of memory"),
    ("MemoryError", "out of memory"),
    ("memory allocation of", "out of memory"),
    ("Cannot create a string longer than", "the body is longer than V8's longest string"),
)


class ServerFailed(Exception):
    """The server did not start, died, ran out of time, or answered with anything but 200."""


@dataclass(frozen=True)
class Upload:
    """One upload that was answered with 200: from the first byte sent to the whole answer received."""

    seconds: float
    answer: dict


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def neutral_environment():
    """This script's environment without the user's own settings of healthsink."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HEALTHSINK_")}


class Server:
    """`with Server(receiver, database, log, body_limit) as server:` serves from a new process until the block ends.

    Once the database has a token, uploads need it."""

    def __init__(self, receiver, database, log, body_limit, token=None):
        self._receiver = receiver
        self._database = database
        self._log = log
        self._body_limit = body_limit
        self._token = token
        self._port = free_port()
        self._timed_out = False

    def __enter__(self):
        command, environment = self._receiver.launch(self._database, self._port, self._body_limit)
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command,
                env=neutral_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C ends this script, which then ends the server in order
            )
        try:
            self._wait_until_listening()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    @property
    def port(self):
        return self._port

    def _wait_until_listening(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerFailed(f"{self._death()} before it listened: {self._log_tail()}")
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
                return
            except OSError:
                time.sleep(POLL_SECONDS)
        raise ServerFailed(f"did not listen within {START_SECONDS_MAX} s: {self._log_tail()}")

    def _stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def upload(self, body, length, seconds_max, token=None):
        """POSTs `body`, a binary file, in blocks; with a length of None as a chunked request. Raises ServerFailed."""
        watchdog = threading.Timer(seconds_max, self._run_out_of_time)
        watchdog.start()
        try:
            return self._post(body, length, seconds_max, token or self._token)
        except (OSError, http.client.HTTPException) as error:
            raise self._failure(self._explain(error)) from error
        finally:
            watchdog.cancel()

    def kill(self):
        """Ends it as a power cut does."""
        self._process.kill()
        self._process.wait()

    def _run_out_of_time(self):
        self._timed_out = True
        self._process.kill()

    def _post(self, body, length, seconds_max, token):
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if length is not None:
            headers["Content-Length"] = str(length)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, seconds_max, blocksize=BLOCK_BYTES)
        try:
            connection.connect()
            start = time.perf_counter()
            try:
                connection.request("POST", UPLOAD_PATH, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before the whole body was read: the answer may still be there
            response = connection.getresponse()
            answer = response.read()
            seconds = time.perf_counter() - start
        finally:
            connection.close()
        if response.status != 200:
            raise self._failure(self._refusal(response), answer)
        return Upload(seconds, json.loads(answer))

    def _failure(self, text, answer=b""):
        """Returns the error to raise. Prints the end of the server's log, which the script deletes."""
        excerpt = answer[:ANSWER_EXCERPT_BYTES].decode(errors="replace")
        print(f"{self._receiver.name} {text}\n{excerpt}\nits log ends:\n{self._log_tail()}", file=sys.stderr)
        return ServerFailed(text)

    def _refusal(self, response):
        reason = self._reason_in_log()
        return f"answered {response.status} {response.reason}" + (f": {reason}" if reason else "")

    def _explain(self, error):
        """Why the connection broke, in terms of the server rather than of the socket."""
        try:
            self._process.wait(DEATH_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            return f"broke the connection: {error}"
        if self._timed_out:
            return "ran out of time"
        reason = self._reason_in_log()
        return f"{self._death()}: {reason}" if reason else self._death()

    def _death(self):
        status = self._process.returncode
        if status == -signal.SIGKILL:
            return "killed by the system (as it does when memory runs out)"
        return f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with exit status {status}"

    def _log_tail(self):
        return self._log.read_text(errors="replace").strip()[-LOG_TAIL_CHARS:]

    def _reason_in_log(self):
        log = self._log.read_text(errors="replace")
        return next((reason for mark, reason in REASONS_IN_LOG if mark in log), None)

    def memory(self):
        """Resident memory in bytes: now (VmRSS), and the peak since the process began (VmHWM). None once it has ended."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = dict(line.split(":", 1) for line in status.splitlines())
        if "VmRSS" not in fields:
            return None
        return tuple(int(fields[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))

    def cpu_seconds(self):
        """User and system time of the process, all threads."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        after_name = stat.rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
