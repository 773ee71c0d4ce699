"""Eight clients that ask without a pause; one request in ten is hung up midway."""

from __future__ import annotations

import random
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.promises.soak.jobs import Job, essence

_HANGING_UP = 0.1


@dataclass
class Seen:
    """What the clients saw, all of them together."""

    good: list[tuple[float, float]] = field(default_factory=list)
    """When each good answer came, and how long it took, in seconds."""
    refused: int = 0
    hung_up: int = 0
    wrong: list[str] = field(default_factory=list)


class Clients:
    """Threads; `stop()` waits for their last answers."""

    def __init__(self, url: str, truth: dict[Job, Any], jobs: list[Job], number: int) -> None:
        self.seen = Seen()
        self._url, self._truth, self._jobs = url, truth, jobs
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=[n]) for n in range(number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        chance = random.Random(number)
        with requests.Session() as session:
            while not self._enough.is_set():
                job = chance.choice(self._jobs)
                if chance.random() < _HANGING_UP:
                    self._hang_up(job, chance)
                else:
                    self._ask(job, session)

    def _ask(self, job: Job, session: requests.Session) -> None:
        start = time.monotonic()
        try:
            answer = session.send(job.prepared(self._url), timeout=60)
            same = answer.status_code == job.status and essence(answer) == self._truth[job]
        except (requests.RequestException, ValueError, KeyError) as reason:
            self.seen.wrong.append(f"{job.path}: {reason}")
            return
        end = time.monotonic()
        if not same:
            self.seen.wrong.append(f"{job.path}: {answer.status_code} {answer.text[:200]}")
        elif job.good:
            self.seen.good.append((end, end - start))
        else:
            self.seen.refused += 1

    def _hang_up(self, job: Job, chance: random.Random) -> None:
        """After any byte of the request, or after the last one, before the answer."""
        request = job.prepared(self._url)
        host, _, port = self._url.removeprefix("http://").partition(":")
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        assert isinstance(request.body, bytes)
        whole = f"POST {request.path_url} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode()
        whole += request.body
        end = chance.choice([len(whole), chance.randrange(len(whole))])
        try:
            with socket.create_connection((host, int(port)), timeout=30) as line:
                line.sendall(whole[:end])
        except OSError:
            pass  # refused while it was still sending, such as a body that is too long
        self.seen.hung_up += 1
