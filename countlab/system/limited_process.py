"""Processes for work on untrusted bytes: the system bounds their memory and time (Linux).

A template process imports the library of the work once and forks workers, which takes
milliseconds. It is a program started afresh, so that no thread of this process is forked. Before
each job a worker limits itself: address space to what it has plus the job's allowance, and
processor time. Whatever the job then does ends at worst this worker; another takes its place.
"""

from __future__ import annotations

import atexit
import signal
import threading
from typing import Any

from countlab.errors import CountlabError
from countlab.system.deadline import remaining_s
from countlab.system.limited_template import KEPT_UP_TO, START_TIMEOUT_S, Template, Worker
from countlab.system.limited_template import Limits as Limits
from countlab.system.limited_template import Result as Result
from countlab.system.limited_template import WorkerEnded as WorkerEnded


class LimitedProcesses:
    """Workers that run one function, `module:function`; safe to use from many threads.

    The module's `prepare()` is called once, in the template.
    """

    def __init__(self, function: str, *, workers: int) -> None:
        self._function = function
        atexit.register(self.close)
        self._places = threading.BoundedSemaphore(workers)
        self._idle: list[Worker] = []
        self._lock = threading.Lock()
        self._template: Template | None = None

    def start(self) -> None:
        """Starts the template ahead of the first job."""
        with self._lock:
            if self._template is None:
                self._template = Template(self._function)

    def run(self, document: dict[str, Any], data: bytes, limits: Limits) -> Result:
        """The result of one job; `WorkerEnded` when it ends its worker."""
        if not self._places.acquire(timeout=remaining_s(default=START_TIMEOUT_S)):
            raise CountlabError("too_busy", inside=0, retry_after_s=2)
        try:
            worker = self._worker()
            try:
                result = worker.run(document, data, limits)
            except BaseException as reason:
                closed = isinstance(reason, OSError | EOFError) and not isinstance(
                    reason, TimeoutError
                )
                status = worker.end(closed=closed)
                if isinstance(reason, TimeoutError):
                    raise WorkerEnded(signal.SIGALRM) from reason
                if closed:
                    raise WorkerEnded(status) from reason
                raise
            if limits.memory > KEPT_UP_TO or result.document.get("again") is False:
                worker.end()
            else:
                with self._lock:
                    self._idle.append(worker)
            return result
        finally:
            self._places.release()

    def close(self) -> None:
        """Ends the template and with it every worker."""
        with self._lock:
            template, self._template = self._template, None
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()
        if template is not None:
            template.end()

    def _worker(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.template is self._template and worker.template.alive:
                    return worker
                worker.close()
            if self._template is not None and not self._template.alive:
                self._template.end()
                self._template = None
            if self._template is None:
                self._template = Template(self._function)
            return self._template.fork()
