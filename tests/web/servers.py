"""Test servers with the page, on free ports, until standard input closes.

`python -m tests.web.servers HOME` prints their addresses as JSON. In a process of their own they
answer while the test waits for the browser.
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


def make_app(settings: Settings, *, history: bool = False) -> FastAPI:
    app = create_app(settings=settings, history=history)
    add_page(app)
    return app


def main(home: Path) -> None:
    plain = Settings(home=home)
    apps = {
        "plain": make_app(plain, history=True),
        "guarded": make_app(replace(plain, api_keys=f"classroom:{KEY}")),
        "strict": make_app(replace(plain, slots=1, queue=0, max_batch=3)),
    }
    with contextlib.redirect_stdout(sys.stderr):
        servers = {name: serve(app, port=0) for name, app in apps.items()}
    print(json.dumps({name: server.url for name, server in servers.items()}), flush=True)
    sys.stdin.read()
    for server in servers.values():
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
