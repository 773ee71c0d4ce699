"""The history in a real PostgreSQL server, which also stops and hangs."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from countlab.history import Database, History, HistoryFilter, find_page
from countlab.history.table import Table
from countlab.notebook import serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.conftest import until
from tests.history.test_history import make_row, number_of_rows


class PostgreSQL:
    """A separate server in a temporary folder, on a free port.

    PostgreSQL refuses to run as root, so root runs it as the user `postgres`.
    """

    def __init__(self, folder: Path) -> None:
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))  # noqa: PTH207
        initdb = shutil.which("initdb", path=os.pathsep.join(folders[::-1]) or None)
        if initdb is None:
            pytest.skip("PostgreSQL is not installed: scripts/system-packages")
        self._bin, self._data = Path(initdb).parent, folder / "data"
        self._prefix: list[str] = []
        if os.getuid() == 0:
            self._prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            self._data.mkdir(parents=True)
            shutil.chown(self._data, "postgres", "postgres")
            for parent in folder.parents[:3]:
                parent.chmod(parent.stat().st_mode | 0o011)  # for the user `postgres`
            folder.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self._run("initdb", "--auth=trust", "--username=lab", "--no-sync")
        self.start()
        self.url = f"postgresql+psycopg://lab@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "start", "--wait", "-l", str(self._data / "log"), "-o", options)

    def stop(self) -> None:
        """As in a crash; by signal, as pg_ctl may be out of reach for the user `postgres`."""
        postmaster, *_ = self.processes()
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(60)

    def processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children(recursive=True)]

    def _run(self, program: str, *options: str) -> None:
        command = [*self._prefix, str(self._bin / program), "-D", str(self._data), *options]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
            timeout=120,
        )  # fmt: skip


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    server = PostgreSQL(tmp_path_factory.mktemp("postgresql"))
    yield server
    server.stop()


@pytest.fixture
def history(home: Path, postgresql: PostgreSQL) -> Iterator[History]:
    history = History(Settings(home=home, database_url=postgresql.url))
    history.open()
    with history.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM counts")
    yield history
    history.close()


def test_concurrent_starts_do_not_collide_in_the_migrations(
    postgresql: PostgreSQL, home: Path
) -> None:
    databases = [
        Database.from_settings(Settings(home=home, database_url=postgresql.url)) for _ in range(3)
    ]
    errors: list[Exception] = []

    def prepare(database: Database) -> None:
        try:
            database.prepare()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=prepare, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with databases[0].engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    for database in databases:
        database.close()


def test_count_over_http_is_found_by_filters(
    postgresql: PostgreSQL, history: History, home: Path, photo: bytes
) -> None:
    settings = Settings(home=home, database_url=postgresql.url)
    server = serve(create_app(settings=settings, history=True), port=0)
    files = {"file": ("x", photo)}
    response = requests.post(server.url + "/countOranges", files=files, timeout=60)
    pages = [
        requests.get(f"{server.url}/history?{query}", timeout=10).json()["rows"]
        for query in ("object=orange", "object=pear", "from=2000-01-01T00:00:00Z&model=fruits")
    ]
    export = requests.get(server.url + "/history?format=csv", timeout=10).text
    server.stop()
    assert [len(rows) for rows in pages] == [1, 0, 1]
    assert pages[0][0]["receipt"] == response.json()["receipt"]
    assert pages[0][0]["request_id"] == response.headers["x-request-id"]
    assert len(export.splitlines()) == 2
    assert number_of_rows(history) == 1


def test_rows_wait_while_the_database_is_stopped_and_are_stored_once(
    postgresql: PostgreSQL, history: History, home: Path
) -> None:
    rows = [make_row() for _ in range(9)]
    assert [history.record(row) for row in rows[:3]] == ["database"] * 3
    postgresql.stop()
    durations_s = [duration_s(partial(history.record, row)) for row in rows[3:]]
    assert max(durations_s) < 3
    assert list((home / "history.waiting").iterdir())
    postgresql.start()
    until(lambda: not history.is_offline and number_of_rows(history) == len(rows))
    stored = [row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=99)]
    assert sorted(stored) == sorted(str(row["id"]) for row in rows)
    assert history.record(make_row()) == "database"


def test_database_that_hangs_is_treated_as_offline(
    postgresql: PostgreSQL, history: History
) -> None:
    """All its processes are stopped, so that it neither responds nor refuses connections."""
    assert history.record(make_row()) == "database"
    processes = postgresql.processes()
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        first_s = duration_s(lambda: history.record(make_row()))
        second_s = duration_s(lambda: history.record(make_row()))
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
    assert first_s < 4
    assert second_s < 1
    until(lambda: not history.is_offline and number_of_rows(history) == 3)


def duration_s(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
