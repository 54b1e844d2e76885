"""healthsink and its two documented rivals: how each is installed, launched, and named with its versions.

The rivals are installed by npm and pip, once, into a folder that is kept while their manifest stays the same.
"""

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", SCRIPTS.parent / "target")).resolve()
INSTALL_SECONDS_MAX = 900


class NotInstalled(Exception):
    """A receiver can't be run on this machine; the text says what to do."""


def release_binary(name):
    return TARGET / "release" / name


def require_binary(path, package):
    if not os.access(path, os.X_OK):
        raise NotInstalled(f"{path} is not there: cargo build --release -p {package}")


def require_command(name):
    path = shutil.which(name)
    if path is None:
        raise NotInstalled(f"{name} is not there")
    return path


def output_of(*command):
    finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60)
    return finished.stdout.strip()


def run_installer(command, folder, environment):
    """Runs one step of an installation. Its output is shown only if it fails."""
    try:
        finished = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{Path(command[0]).name} did not end within {INSTALL_SECONDS_MAX} s") from None
    if finished.returncode != 0:
        raise NotInstalled(f"{Path(command[0]).name} failed:\n{finished.stdout.strip()[-2000:]}")


def install(folder, manifest, commands, environment):
    """Runs `commands` in a fresh `folder` with a copy of `manifest`, unless the same manifest is installed there."""
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_bytes() == manifest.read_bytes():
        return
    print(f"installing into {folder} (once)", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(manifest, folder)
    for command in commands:
        run_installer(command, folder, environment)
    shutil.copy(manifest, stamp)


class Healthsink:
    name = "healthsink"

    def __init__(self, binary):
        require_binary(binary, "healthsink")
        self._binary = binary

    def launch(self, database, port, body_limit):
        listen = f"127.0.0.1:{port}"
        return [self._binary, "serve", "--db", database, "--listen", listen, "--max-body", str(body_limit)], {}

    def versions(self):
        return output_of(self._binary, "--version")


class Express:
    name = "express"
    # The folder of the program, and that of the packages: those of SQLite share theirs.
    program = "express"
    packages = "express"

    def __init__(self, install_root):
        self._node = require_command("node")
        self._folder = install_root / self.packages
        self._modules = self._folder / "node_modules"
        npm = [require_command("npm"), "install", "--omit=dev", "--no-package-lock", "--no-audit", "--no-fund"]
        install(self._folder, SCRIPTS / "receivers" / self.packages / "package.json", [npm], self._build_environment())

    def _build_environment(self):
        """better-sqlite3 is compiled if it has no prebuilt binary. Node's own headers save a download."""
        prefix = Path(self._node).resolve().parent.parent
        has_headers = (prefix / "include" / "node" / "node.h").is_file()
        return {"npm_config_nodedir": str(prefix)} if has_headers else {}

    def launch(self, database, port, body_limit):
        environment = {
            "NODE_PATH": str(self._modules),
            "NODE_ENV": "production",
            "PORT": str(port),
            "DATABASE": str(database),
            "BODY_LIMIT": str(body_limit),
        }
        return [self._node, SCRIPTS / "receivers" / self.program / "server.js"], environment

    def versions(self):
        express, sqlite = (
            json.loads((self._modules / package / "package.json").read_text())["version"]
            for package in ("express", "better-sqlite3")
        )
        node = output_of(self._node, "--version").removeprefix("v")
        return f"Express {express}, better-sqlite3 {sqlite}, Node {node}"


class HealthsinkPostgres(Healthsink):
    """healthsink with its rows in PostgreSQL: the database is an address."""

    def launch(self, database, port, body_limit):
        listen = f"127.0.0.1:{port}"
        return [self._binary, "serve", "--store", database, "--listen", listen, "--max-body", str(body_limit)], {}


class ExpressPostgres(Express):
    """The documented receiver with pg and statements of many VALUES."""

    name = "express with pg"
    program = "express-postgres"
    packages = "express-postgres"

    def _build_environment(self):
        """pg has nothing to compile."""
        return {}

    def versions(self):
        express, pg = (
            json.loads((self._modules / package / "package.json").read_text())["version"] for package in ("express", "pg")
        )
        return f"Express {express}, pg {pg}, Node {output_of(self._node, '--version').removeprefix('v')}"


def install_from_pypi(folder, manifest):
    """Installs a requirements.txt into a virtual environment. Returns the folder of its programs."""
    if importlib.util.find_spec("ensurepip") is None:
        raise NotInstalled("Python's venv module is not there (Debian: apt install python3-venv)")
    programs = folder / "venv" / "bin"
    commands = [
        [sys.executable, "-m", "venv", "venv"],
        [programs / "python", "-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"],
    ]
    install(folder, manifest, commands, {})
    return programs


class Flask:
    name = "flask"

    def __init__(self, install_root):
        manifest = SCRIPTS / "receivers" / "flask" / "requirements.txt"
        self._python = install_from_pypi(install_root / "flask", manifest) / "python"

    def launch(self, database, port, body_limit):
        environment = {"PORT": str(port), "DATABASE": str(database), "BODY_LIMIT": str(body_limit)}
        return [self._python, SCRIPTS / "receivers" / "flask" / "server.py"], environment

    def versions(self):
        flask = output_of(self._python, "-c", "from importlib.metadata import version; print(version('flask'))")
        sqlite = output_of(self._python, "-c", "import sqlite3; print(sqlite3.sqlite_version)")
        return f"Flask {flask}, Python {platform.python_version()}, SQLite {sqlite}"
