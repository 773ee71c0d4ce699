"""A Jupyter kernel, driven as JupyterLab drives it: run, queue and interrupt cells."""

from __future__ import annotations

import html
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

_CELL_TIMEOUT_S = 120


@dataclass
class Output:
    """Output of one cell: printed text, its value in several formats, its error."""

    printed: str = ""
    data: dict[str, str] = field(default_factory=dict)
    error: str | None = None

    @property
    def value(self) -> str:
        return self.data.get("text/plain", "")

    @property
    def titles(self) -> list[str]:
        """Titles of the pictures shown."""
        page = self.data.get("text/html", "")
        return [html.unescape(title) for title in re.findall(r"<figcaption.*?>(.*?)</", page)]


class Kernel:
    """A kernel in a folder; `home` isolates it from the user's own models."""

    def __init__(self, folder: Path, *, home: Path, imports_from: Path) -> None:
        environment = {**os.environ, "COUNTLAB_HOME": str(home), "PYTHONPATH": str(imports_from)}
        self._manager: KernelManager
        self._client: BlockingKernelClient
        self._manager, self._client = start_new_kernel(cwd=str(folder), env=environment)

    def run(self, source: str) -> Output:
        return self.result(self.send(source))

    def send(self, source: str) -> str:
        """Queues a cell and returns its message id at once."""
        return str(self._client.execute(source))

    def result(self, message_id: str, timeout_s: float = _CELL_TIMEOUT_S) -> Output:
        """Waits for this cell, which must be the next in the queue, and collects its output."""
        reply = self._client.get_shell_msg(timeout=timeout_s)
        while reply["msg_type"] == "kernel_info_reply":  # left over from the kernel's start
            reply = self._client.get_shell_msg(timeout=timeout_s)
        assert reply["parent_header"]["msg_id"] == message_id
        output = Output()
        while True:
            message = self._client.get_iopub_msg(timeout=timeout_s)
            if message["parent_header"].get("msg_id") == message_id:
                if message["content"].get("execution_state") == "idle":
                    return output
                _collect(message, output)

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def stop(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def _collect(message: dict[str, Any], output: Output) -> None:
    content = message["content"]
    if message["msg_type"] == "stream":
        output.printed += content["text"]
    elif message["msg_type"] in ("execute_result", "display_data"):
        output.data.update(content["data"])
    elif message["msg_type"] == "error":
        output.error = "\n".join(content["traceback"])
