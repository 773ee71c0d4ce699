"""Finds the server that a notebook runs: a port that opened, or the app that nobody served."""

from __future__ import annotations

import time
from dataclasses import dataclass

from countlab.grading.sandbox.notebook_run import Limits, NotebookRun
from countlab.grading.sandbox.sandbox import Sandbox, SandboxEnded
from countlab.grading.sandbox.tunnel import Tunnel

_PORT = 8765
_SETTLED_S = 1.0
_SERVE = f"""
def _countlab_serve():
    import threading, uvicorn
    from starlette.applications import Starlette
    apps = [value for value in globals().values() if isinstance(value, Starlette)]
    server = uvicorn.Server(uvicorn.Config(apps[-1], port={_PORT}, log_level="warning"))
    import asyncio
    threading.Thread(
        target=lambda: asyncio.new_event_loop().run_until_complete(server.serve()), daemon=True
    ).start()
_countlab_serve()
"""


@dataclass(frozen=True)
class ServedApp:
    """A server that answers, and what had to be done for it."""

    tunnel: Tunnel
    remark: str = ""


def served(box: Sandbox, run: NotebookRun, limits: Limits) -> ServedApp | None:
    """Waits for the notebook's end or for its serving cell; then looks for who answers."""
    run.done.wait(limits.notebook_s + 30)
    try:
        if app := _answering(box, wait_s=_SETTLED_S):
            return app
        if not box.alive:
            return None
        # The app is there, but nobody serves it: a cell more, as the student would run it.
        extra = box.run("server", [(-1, _SERVE)])
        extra.done.wait(30)
        began = any(cell["status"] == "ok" for cell in extra.cells.values())
        found = _answering(box, wait_s=10) if began else None
    except SandboxEnded:
        return None
    return ServedApp(found.tunnel, "grade_served_for_you") if found else None


def _answering(box: Sandbox, *, wait_s: float) -> ServedApp | None:
    """Of the open ports, one with an OpenAPI document; else any that speaks HTTP."""
    end = time.monotonic() + wait_s
    while True:
        speaking = []
        for port in sorted(box.ports())[:8]:
            tunnel = Tunnel(box, port)
            answer = tunnel.ask("GET", "/openapi.json")
            if answer.ok and isinstance(answer.json(), dict):
                return ServedApp(tunnel)
            if answer.status:
                speaking.append(tunnel)
        if speaking:
            return ServedApp(speaking[0])
        if time.monotonic() > end:
            return None
        time.sleep(0.3)
