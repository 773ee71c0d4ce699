"""Clients that send requests without a pause: one in ten is hung up, one in ten is hostile."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.promises.hostile import form_cases, history_cases, http_cases, page_cases
from tests.promises.hostile.raw import exchange
from tests.promises.hostile.table import Hostile
from tests.promises.soak.jobs import Job, comparable

_DISCONNECT_SHARE = 0.1
_HOSTILE_SHARE = 0.1
HOSTILE = [
    case
    for module in (form_cases, http_cases, page_cases, history_cases)
    for case in module.CASES
    # Forty megabytes of nonsense at a time would be all that the machine does.
    if "MB" not in case.name and "million" not in case.name and "ahead" not in case.name
]
BUSY = ((503, "too_busy"), (503, "history_busy"), (503, "history_slow"))


@dataclass
class Results:
    """The results of all clients together."""

    counts: list[tuple[float, float]] = field(default_factory=list)
    """Time and duration in seconds of each correct count."""
    refused: int = 0
    disconnected: int = 0
    wrong: list[str] = field(default_factory=list)


class Clients:
    """Threads that run until `stop()`, which waits for their last responses.

    Together they send each kind of request once, then what chance says.
    """

    def __init__(self, url: str, expected: dict[Job, Any], jobs: list[Job], number: int) -> None:
        self.results = Results()
        self._url, self._expected, self._jobs = url, expected, jobs
        self._first: list[Job | Hostile] = [*expected, *HOSTILE]
        random.Random(0).shuffle(self._first)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[n]) for n in range(number)]
        for thread in self._threads:
            thread.start()

    def wait_for_every_kind(self) -> None:
        while self._first:
            time.sleep(0.1)

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        generator = random.Random(number)
        with requests.Session() as session:
            while not self._stop.is_set():
                if self._first:
                    self._send_first(session)
                    continue
                job = generator.choice(self._jobs)
                chance = generator.random()
                if chance < _DISCONNECT_SHARE:
                    self._disconnect(job, generator)
                elif chance < _DISCONNECT_SHARE + _HOSTILE_SHARE:
                    self._send_hostile(generator.choice(HOSTILE))
                else:
                    self._send(job, session)

    def _send_first(self, session: requests.Session) -> None:
        with contextlib.suppress(IndexError):  # another thread has taken the last one
            kind = self._first.pop()
            self._send(kind, session) if isinstance(kind, Job) else self._send_hostile(kind)

    def _send(self, job: Job, session: requests.Session) -> None:
        start = time.monotonic()
        try:
            response = session.send(job.prepared(self._url), timeout=60)
            is_expected = (
                response.status_code == job.status and comparable(response) == self._expected[job]
            )
        except (requests.RequestException, ValueError, KeyError) as error:
            self.results.wrong.append(f"{job.path}: {error}")
            return
        end = time.monotonic()
        if not is_expected:
            self.results.wrong.append(f"{job.path}: {response.status_code} {response.text[:200]}")
        elif job.is_valid:
            self.results.counts.append((end, end - start))
        else:
            self.results.refused += 1

    def _send_hostile(self, case: Hostile) -> None:
        """A row of the hostile table, which has its own answers."""
        try:
            received = exchange(int(self._url.rpartition(":")[2]), case.data)
        except OSError as error:
            self.results.wrong.append(f"{case.name}: {error}")
            return
        if (received.status, received.code) in (*case.answers, *BUSY):
            self.results.refused += 1
        else:
            answer = f"{received.status} {received.body[:200]!r}"
            self.results.wrong.append(f"{case.name}: {answer}")

    def _disconnect(self, job: Job, generator: random.Random) -> None:
        """After a random byte of the request, or after the last one."""
        request = job.prepared(self._url)
        host, _, port = self._url.removeprefix("http://").partition(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        assert isinstance(request.body, bytes)
        data = f"POST {request.path_url} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode()
        data += request.body
        end = generator.choice([len(data), generator.randrange(len(data))])
        try:
            with socket.create_connection((host, int(port)), timeout=30) as connection:
                connection.sendall(data[:end])
        except OSError:
            pass  # refused while sending, such as a body that is too long
        self.results.disconnected += 1
