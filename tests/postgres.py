"""A PostgreSQL server of the tests' own: a throw-away cluster that only a socket leads to."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote


class AbsentError(Exception):
    """PostgreSQL is not installed, or can't be started here."""


class Server:
    """Started at once, gone with ``stop``; every :meth:`url` is a schema without tables."""

    def __init__(self) -> None:
        self._bin = _binaries()
        self._user = _user()
        self._folder = Path(tempfile.mkdtemp(prefix="penchant-pg-"))
        self._schemas = 0
        try:
            self._start()
        except (OSError, subprocess.CalledProcessError) as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise AbsentError(f"PostgreSQL can't be started here: {error}") from error

    def url(self) -> str:
        self._schemas += 1
        name = f"test_{self._schemas}"
        psql = ["psql", "-h", str(self._folder), "-U", "penchant", "-qc", f"CREATE SCHEMA {name}"]
        self._run(*psql, "postgres")
        options = f"host={quote(str(self._folder), safe='')}&options=-csearch_path%3D{name}"
        return f"postgresql://penchant@/postgres?{options}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _start(self) -> None:
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        how = ["-U", "penchant", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *how)
        # nothing here outlives the machine: only the tests' own processes are killed
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def execute(address: str, script: str) -> None:
    """Run the statements of a script one by one; no statement may contain a semicolon."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as con:
        for statement in filter(str.strip, script.split(";")):
            con.execute(statement.encode())


def _binaries() -> Path:
    """Return the folder of initdb and pg_ctl, which Debian does not put on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere is None:
        raise AbsentError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(elsewhere).parent


def _user() -> str | None:
    """PostgreSQL won't run as root."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
