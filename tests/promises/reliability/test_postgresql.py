"""The history in a real PostgreSQL: written, searched, and caught up after it was gone."""

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
from tests.history.test_history import a_row, number_of_rows


class PostgreSQL:
    """A server of our own in a temporary folder, on a free port, with nothing in common with any
    other on this machine. PostgreSQL refuses to run as root, so root runs it as its own user.
    """

    def __init__(self, folder: Path) -> None:
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))  # noqa: PTH207
        found = shutil.which("initdb", path=os.pathsep.join(programs[::-1]) or None)
        if found is None:
            pytest.skip("PostgreSQL is not installed: scripts/system-packages")
        self._programs, self._data = Path(found).parent, folder / "data"
        self._as: list[str] = []
        if os.getuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            self._data.mkdir(parents=True)
            shutil.chown(self._data, "postgres", "postgres")
            for above in folder.parents[:3]:
                above.chmod(above.stat().st_mode | 0o011)  # its user must be able to get there
            folder.chmod(0o755)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._run("initdb", "--auth=trust", "--username=lab", "--no-sync")
        self.start()
        self.url = f"postgresql+psycopg://lab@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        listening = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "start", "--wait", "-l", str(self._data / "log"), "-o", listening)

    def stop(self) -> None:
        """As a crash does it; by signal, as another test run may have closed the way to pg_ctl."""
        head, *_ = self.processes()
        head.send_signal(signal.SIGQUIT)
        head.wait(60)

    def processes(self) -> list[psutil.Process]:
        head = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [head, *head.children(recursive=True)]

    def _run(self, program: str, *options: str) -> None:
        command = [*self._as, str(self._programs / program), "-D", str(self._data), *options]
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
    opened = History(Settings(home=home, database_url=postgresql.url))
    opened.open()
    with opened.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM counts")
    yield opened
    opened.close()


def test_servers_that_start_at_once_do_not_collide_in_the_migrations(
    postgresql: PostgreSQL, home: Path
) -> None:
    databases = [Database.of(Settings(home=home, database_url=postgresql.url)) for _ in range(3)]
    problems: list[Exception] = []

    def prepare(database: Database) -> None:
        try:
            database.prepare()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=prepare, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with databases[0].engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
    for database in databases:
        database.close()


def test_a_count_over_http_is_found_again(
    postgresql: PostgreSQL, history: History, home: Path, photo: bytes
) -> None:
    settings = Settings(home=home, database_url=postgresql.url)
    server = serve(create_app(settings=settings, history=True), port=0)
    files = {"file": ("x", photo)}
    told = requests.post(server.url + "/countOranges", files=files, timeout=60)
    pages = [
        requests.get(f"{server.url}/history?{query}", timeout=10).json()["rows"]
        for query in ("object=orange", "object=pear", "from=2000-01-01T00:00:00Z&model=fruits")
    ]
    export = requests.get(server.url + "/history?format=csv", timeout=10).text
    server.stop()
    assert [len(rows) for rows in pages] == [1, 0, 1]
    assert pages[0][0]["receipt"] == told.json()["receipt"]
    assert pages[0][0]["request_id"] == told.headers["x-request-id"]
    assert len(export.splitlines()) == 2
    assert number_of_rows(history) == 1


def test_rows_wait_while_the_database_is_gone_and_come_in_once(
    postgresql: PostgreSQL, history: History, home: Path
) -> None:
    rows = [a_row() for _ in range(9)]
    assert [history.keep(row) for row in rows[:3]] == ["database"] * 3
    postgresql.stop()
    times = [timed(partial(history.keep, row)) for row in rows[3:]]
    assert max(times) < 3
    assert list((home / "history.waiting").iterdir())
    postgresql.start()
    until(lambda: not history.away and number_of_rows(history) == len(rows))
    found = [row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=99)]
    assert sorted(found) == sorted(str(row["id"]) for row in rows)
    assert history.keep(a_row()) == "database"


def test_a_database_that_hangs_is_treated_as_gone(postgresql: PostgreSQL, history: History) -> None:
    """Frozen in the middle of its work it neither answers nor refuses; that is the worst case."""
    assert history.keep(a_row()) == "database"
    frozen = postgresql.processes()
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    try:
        first, later = timed(lambda: history.keep(a_row())), timed(lambda: history.keep(a_row()))
    finally:
        for process in frozen:
            process.send_signal(signal.SIGCONT)
    assert first < 4
    assert later < 1
    until(lambda: not history.away and number_of_rows(history) == 3)


def timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
