"""PostgreSQL for the stack: a cluster in a folder of its own."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import subprocess
from pathlib import Path

from deploy.stack.service import NotStartedError, Service, free_port, listens

DATABASES = ("mlflow", "history")


def postgresql(folder: Path, log: Path) -> Service:
    """Made where there is none yet. As root it runs as the user `postgres`, as it asks."""
    programs = _programs()
    data, port = folder / "postgresql", free_port()
    if not (data / "PG_VERSION").is_file():
        data.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(data, "postgres", "postgres")
        _run([str(programs / "initdb"), "-D", str(data), "--auth=trust", "--username=lab"])
    return Service(
        "PostgreSQL",
        [*_prefix(), str(programs / "postgres"), "-D", str(data), "-p", str(port),
         "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
        listens(port),
        log,
        address=f"lab@127.0.0.1:{port}",
        end_signal=signal.SIGINT,  # a fast shutdown; SIGTERM waits for who is connected
    )  # fmt: skip


def make_databases(service: Service) -> None:
    import psycopg

    with psycopg.connect(f"postgresql://{service.address}/postgres", autocommit=True) as connection:
        there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for name in DATABASES:
            if name not in there:
                connection.execute(f"CREATE DATABASE {name}")


def _programs() -> Path:
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[::-1]  # noqa: PTH207
    found = shutil.which("initdb", path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if found is None:
        raise NotStartedError("PostgreSQL is not installed: sudo scripts/system-packages")
    return Path(found).resolve().parent


def _prefix() -> list[str]:
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _run(command: list[str]) -> None:
    done = subprocess.run([*_prefix(), *command], capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise NotStartedError(done.stderr)
