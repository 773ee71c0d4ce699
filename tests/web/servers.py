"""Servers with the page, on free ports of this machine, until standard input closes.

`python -m tests.web.servers HOME` prints their addresses as JSON. In a process of their own,
because a browser must find what a person finds, and Gradio's import is not clean enough for
tests in which each warning is an error.
"""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path

from fastapi import FastAPI

from countlab.notebook import serve
from countlab.server import create_app
from countlab.settings import Settings
from countlab.web import add_page

KEY = "open-sesame"


def made(settings: Settings, *, history: bool = False) -> FastAPI:
    app = create_app(settings=settings, history=history)
    add_page(app)
    return app


def main(home: Path) -> None:
    plain = Settings(home=home)
    apps = {
        "plain": made(plain, history=True),
        "guarded": made(replace(plain, api_keys=f"classroom:{KEY}")),
        "strict": made(replace(plain, slots=1, queue=0, max_batch=3)),
    }
    with contextlib.redirect_stdout(sys.stderr):
        servers = {name: serve(app, port=0) for name, app in apps.items()}
    print(json.dumps({name: server.url for name, server in servers.items()}), flush=True)
    sys.stdin.read()
    for server in servers.values():
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
