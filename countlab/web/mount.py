"""Mounting of the page beside the API of a server.

In the browser the page is one more client of the API: it uses the same routes as a notebook, so
limits, keys, 503 responses and errors are the same for both. The routes added here run no model:
the page's files, recounting and redrawing of findings, the health report.
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
    """Adds the page and its routes; `/` then names the page's path."""
    for router in (recount_router, redraw_router, health_router):
        app.include_router(router)
    app.mount(f"{PAGE}/files", _StaticFiles(directory=_FILES))
    pipeline = app.state.lab.pipeline
    app.mount(PAGE, _Page(replace(pipeline.settings, engine=pipeline.engine)))
    app.state.page = PAGE


class _StaticFiles(StaticFiles):
    """Scripts, styles and examples; revalidated by browsers, so that upgrades take effect."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


class _Page:
    """The Gradio shell in the browser's language, built at the first visit.

    Importing Gradio takes seconds: the API must not wait for it at start, and a server whose page
    is never opened does not need it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._shells: dict[Language, ASGIApp] = {}
        self._build_lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = pick_language(Headers(scope=scope).get("accept-language", ""))
        response: ASGIApp | None = self._shells.get(language)
        if response is None and scope["path"].rstrip("/").endswith(PAGE):
            if not self._build_lock.locked():  # the first visitor starts the build
                threading.Thread(target=self._build, args=(language,), daemon=True).start()
            response = _please_wait(language)
        elif response is None:  # an asset, requested from a worker that has not built the page yet
            response = await to_thread.run_sync(self._build, language)
        await response(scope, receive, send)

    def _build(self, language: Language) -> ASGIApp:
        with self._build_lock:
            from countlab.web.gradio_shell import build_shell

            if language not in self._shells:
                self._shells[language] = build_shell(self._settings, language)
        return self._shells[language]


def _please_wait(language: Language) -> Response:
    """A placeholder that reloads itself until the page is built."""
    strings = strings_in(language)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        f'content="light dark"><meta http-equiv="refresh" content="1"><link rel="icon" '
        f'href="files/icon.svg"><title>{strings["title"]}'
        '</title><p style="font: 1.1rem system-ui; text-align: center; margin: 30vh 1rem">'
        f"{strings['preparing']}</p>",
        headers={"Cache-Control": "no-store"},
    )
