"""A notebook's kernel inside the sandbox: cell after cell, each with a time and an output limit."""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from countlab.grading.sandbox.limits import limited_kernel
from countlab.grading.sandbox.ports import listening_ports

Message = dict[str, Any]
_TEXT_CHARS = 4000
_INTERRUPTED_WITHIN_S = 5.0
_SERVES_AFTER_S = 1.5  # a cell still busy so long after a port opened is a server's cell


class Notebook:
    """One kernel, and the cells it is given."""

    def __init__(self, name: str, limits: Message, say: Callable[[Message], None]) -> None:
        from jupyter_client.kernelspec import KernelSpec
        from jupyter_client.manager import KernelManager

        self.name, self._say = name, say
        folder = str(limits["folder"])
        self._output_bytes = int(limits["output_bytes"])
        self._private = bool(limits["private"])
        private = Path(tempfile.mkdtemp(prefix="kernel-"))
        private.chmod(0o755)
        manager = KernelManager(connection_file=str(private / "connection.json"))
        manager._kernel_spec = KernelSpec(argv=limited_kernel(limits), display_name="python3")
        manager.start_kernel(cwd=folder)
        self._manager = manager
        self._client = manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=limits["start_s"])
        self.own_ports = {
            manager.shell_port, manager.iopub_port, manager.stdin_port,
            manager.hb_port, manager.control_port,
        }  # fmt: skip

    def run(self, cells: list[Message], *, cell_s: float, total_s: float, serves: bool) -> None:
        """Cell after cell; one that fails or takes too long does not stop the next."""
        end = time.monotonic() + total_s
        for cell in cells:
            allowed = min(cell_s, end - time.monotonic())
            result = (
                self._run_cell(cell["source"], allowed, serves=serves)
                if allowed > 0
                else {"status": "skipped"}
            )
            self._say({"event": "cell", "notebook": self.name, "id": cell["id"], **result})
            if result["status"] in ("serving", "dead"):
                break

    def _run_cell(self, source: str, allowed_s: float, *, serves: bool) -> Message:
        seen: Message = {"text": "", "bytes": 0}
        number = self._client.execute(source, allow_stdin=False)
        end, opened_at = time.monotonic() + allowed_s, 0.0
        before = listening_ports(self.own_ports, private=self._private) if serves else set()
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=0.25)
            except Empty:
                message = {"msg_type": "", "parent_header": {}, "content": {}}
            if message["parent_header"].get("msg_id") == number:
                ended = self._take(message, seen)
                if ended:
                    return {"status": "ok", "text": seen["text"], **self._reply(number)}
            if not self._manager.is_alive():
                return {"status": "dead", "text": seen["text"]}
            if int(seen["bytes"]) > self._output_bytes:
                return self._stopped("output", str(seen["text"]))
            if (
                serves
                and not opened_at
                and listening_ports(self.own_ports, private=self._private) - before
            ):
                opened_at = time.monotonic()
            if opened_at and time.monotonic() > opened_at + _SERVES_AFTER_S:
                return {"status": "serving", "text": seen["text"]}
            if time.monotonic() > end:
                return self._stopped("timeout", str(seen["text"]))

    def _take(self, message: Message, seen: Message) -> bool:
        """Keeps the beginning of what a cell prints; True when the cell has ended."""
        content = message["content"]
        data = content.get("data", {})
        text = str(content.get("text", "") or data.get("text/plain", ""))
        seen["bytes"] += len(text) + sum(len(str(part)) for part in data.values()) // 64
        seen["text"] = (str(seen["text"]) + text + "\n" * bool(data))[:_TEXT_CHARS]
        return bool(content.get("execution_state") == "idle")

    def _reply(self, number: str) -> Message:
        with contextlib.suppress(Empty):
            while True:
                reply = self._client.get_shell_msg(timeout=5)
                if reply["parent_header"].get("msg_id") == number:
                    content = reply["content"]
                    if content.get("status") != "error":
                        return {}
                    return {"status": "error", "error": _error(content)}
        return {}

    def _stopped(self, status: str, text: str) -> Message:
        """Interrupts the cell; a kernel that does not hear it is ended."""
        self._manager.interrupt_kernel()
        end = time.monotonic() + _INTERRUPTED_WITHIN_S
        while time.monotonic() < end:
            with contextlib.suppress(Empty):
                message = self._client.get_iopub_msg(timeout=0.25)
                if message["content"].get("execution_state") == "idle":
                    return {"status": status, "text": text}
        self._manager.shutdown_kernel(now=True)
        return {"status": "dead", "why": status, "text": text}


def _error(content: Message) -> Message:
    """What Python said, and the line of the student's own cell."""
    trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content.get("traceback", [])))
    arrows = re.findall(r"^-+> *\d+ (.*)$", trace, flags=re.MULTILINE)
    line = arrows[0].strip() if arrows else ""
    return {
        "name": str(content.get("ename"))[:100],
        "value": str(content.get("evalue"))[:500],
        "line": line[:200],
    }
