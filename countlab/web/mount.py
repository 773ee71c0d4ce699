"""Puts the page beside the API of a server.

In the browser the page is one more client of the API: pictures go to the same addresses that a
notebook asks, so limits, keys, busy answers and errors are the same for both. What stands here
needs no model: the page's files, findings counted or drawn again, the server's health.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from countlab.messages import Language, pick_language
from countlab.server.middleware.auth import PAGE
from countlab.settings import Settings
from countlab.web.health import health_router
from countlab.web.recount import recount_router
from countlab.web.redraw import redraw_router
from countlab.web.strings import strings_in

_FILES = Path(__file__).with_name("files")


def add_page(app: FastAPI) -> None:
    """From here on the app has the page; the greeting says where."""
    for router in (recount_router, redraw_router, health_router):
        app.include_router(router)
    app.mount(f"{PAGE}/files", _Files(directory=_FILES))
    pipeline = app.state.lab.pipeline
    app.mount(PAGE, _Frame(replace(pipeline.settings, engine=pipeline.engine)))
    app.state.page = PAGE


class _Files(StaticFiles):
    """Scripts, styles and example pictures; asked for anew after an upgrade."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


class _Frame:
    """Gradio's part, in the browser's language.

    Gradio takes seconds to import: that is left to the first visitor, so that the API answers
    at once and a server whose page nobody opens never pays for it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._frames: dict[Language, ASGIApp] = {}
        self._building = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = pick_language(Headers(scope=scope).get("accept-language", ""))
        frame: ASGIApp | None = self._frames.get(language)
        if frame is None and scope["path"].rstrip("/").endswith(PAGE):
            if not self._building.locked():  # one visitor's question is enough
                threading.Thread(target=self._build, args=(language,), daemon=True).start()
            frame = _please_wait(language)
        elif frame is None:  # a part of the page, from a worker that has not shown it yet
            frame = await to_thread.run_sync(self._build, language)
        await frame(scope, receive, send)

    def _build(self, language: Language) -> ASGIApp:
        with self._building:
            from countlab.web.gradio_shell import build_shell

            if language not in self._frames:
                self._frames[language] = build_shell(self._settings, language)
        return self._frames[language]


def _please_wait(language: Language) -> Response:
    """Asks for the page again by itself until it is there."""
    words = strings_in(language)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        f'content="light dark"><meta http-equiv="refresh" content="1"><link rel="icon" '
        f'href="files/icon.svg"><title>{words["title"]}'
        '</title><p style="font: 1.1rem system-ui; text-align: center; margin: 30vh 1rem">'
        f"{words['preparing']}</p>",
        headers={"Cache-Control": "no-store"},
    )
