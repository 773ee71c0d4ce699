"""The follower as a process beside the server: MLflow and what it downloads stay out of it.

Its standard input is a pipe from the server: when that closes, however the server ended, so does
the follower. One that ends by itself is started again.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from countlab.errors import CountlabError
from countlab.models.followed import Followed
from countlab.serving.following import Follower
from countlab.settings import Settings

_EVERY_S = 0.5
_FIRST_LOOK_S = 120.0  # a model of some hundred megabytes is fetched meanwhile
_RESTART_S = 2.0

log = logging.getLogger("countlab.following")


class FollowerProcess:
    """Follows until `stop()`; when this is made, the first look is over."""

    def __init__(self, followed: Sequence[Followed], *, engine: str) -> None:
        task = {"followed": [[one.name, one.alias] for one in followed], "engine": engine}
        self._command = [sys.executable, "-m", __name__, json.dumps(task)]
        self._stopping = threading.Event()
        self._process = self._start()
        self._looked = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True, name="follower")
        self._supervisor.start()
        self._looked.wait(_FIRST_LOOK_S)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._stopping.set()
        self._end(self._process)
        self._supervisor.join(5)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            process = self._process
            assert process.stdout is not None
            process.stdout.readline()  # one line after the first look, or the process has ended
            self._looked.set()
            process.wait()
            if not self._stopping.wait(_RESTART_S):
                log.warning("the follower ended with status %s; started again", process.returncode)
                self._end(process)
                self._process = self._start()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """The process: looks twice a second."""
    from countlab.serving.interrupts import continue_when_parent_ends
    from countlab.system.logs import configure_logging

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the server
    continue_when_parent_ends()
    configure_logging()
    task = json.loads(sys.argv[1])
    parent_ended = threading.Event()
    threading.Thread(target=_wait_for_parent, args=[parent_ended], daemon=True).start()
    followed = [Followed(*each) for each in task["followed"]]
    follower = Follower(Settings.from_environment(), followed, engine=task["engine"])
    first = True
    while not parent_ended.is_set():
        began = time.monotonic()
        try:
            follower.step()
        except (CountlabError, OSError) as reason:  # the disk is full, say
            log.error("%s", reason)
        if first:
            print("looked", flush=True)
            first = False
        parent_ended.wait(max(0.05, _EVERY_S - (time.monotonic() - began)))
    os._exit(0)  # MLflow's threads of its own are not waited for


def _wait_for_parent(ended: threading.Event) -> None:
    sys.stdin.buffer.read()
    ended.set()
    time.sleep(5)
    os._exit(0)  # in the midst of a download


if __name__ == "__main__":
    main()
