"""A student's own notebooks in a fresh kernel on their own machine, as Restart and Run All does.

Works on every system; nothing is shut in, for the code is the student's own.
"""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import Any

from jupyter_client.manager import start_new_kernel

from countlab.grading.judging.server_response import Asker
from countlab.grading.submissions.notebook import Notebook

_CELL_S = 180.0
_LOOK_EVERY_S = 1.0
_CHECK = re.compile(r"check\(['\"][\d.]+['\"]\)")


@dataclass(frozen=True)
class FailedCell:
    """Which cell (counted from 1, as JupyterLab shows them), and what Python said."""

    number: int
    said: str


class LocalKernel:
    """`with LocalKernel(folder) as kernel: kernel.run_all(notebook)`"""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> LocalKernel:
        self._manager, self._client = start_new_kernel(
            cwd=str(self._folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run_all(
        self,
        notebook: Notebook,
        *,
        change: Callable[[str], str] = lambda source: source,
        serving: str = "",
    ) -> list[FailedCell]:
        """Every cell but the public checks; one that serves at that address ends the run."""
        failed = []
        for number, (_, source) in enumerate(notebook.code, start=1):
            if _CHECK.fullmatch(source.strip()):
                continue
            said = self.run(change(source), serving=serving)
            if said == "serving":
                break
            if said:
                failed.append(FailedCell(number, said))
        return failed

    def run(self, source: str, *, serving: str = "") -> str:
        """Empty where the cell ended well; else what was said."""
        number = self._client.execute(source, allow_stdin=False)
        end = time.monotonic() + _CELL_S
        while time.monotonic() < end:
            try:
                reply = self._client.get_shell_msg(timeout=_LOOK_EVERY_S)
            except Empty:
                if not self._manager.is_alive():
                    return "the kernel ended"
                if serving and Asker(serving, timeout_s=2).ask("GET", "/openapi.json").ok:
                    return "serving"
                continue
            if reply["parent_header"].get("msg_id") == number:
                return _said(reply["content"])
        self._manager.interrupt_kernel()
        return f"not done after {_CELL_S:.0f} s"


def _said(content: dict[str, Any]) -> str:
    if content.get("status") != "error":
        return ""
    return f"{content.get('ename')}: {content.get('evalue')}"[:300]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
