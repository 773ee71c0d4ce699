"""Mounting of the page beside the API of a server.

In the browser the page is one more client of the API: it uses the same routes as a notebook, so
limits, keys, 503 responses and errors are the same for both. The routes added here run no model:
the page and its files, recounting and redrawing of findings, the health report.
"""

from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from countlab.server.language import language_of
from countlab.server.middleware.auth import PAGE
from countlab.web.health import health_router
from countlab.web.recount import recount_router
from countlab.web.redraw import redraw_router
from countlab.web.shell import FILES, render_page


def add_page(app: FastAPI) -> None:
    """Adds the page and its routes; `/` then names the page's path."""
    for router in (recount_router, redraw_router, health_router):
        app.include_router(router)
    app.mount(f"{PAGE}/files", _StaticFiles(directory=FILES))
    app.add_route(f"{PAGE}/", _page, methods=["GET"], include_in_schema=False)
    app.add_route(PAGE, _to_page, methods=["GET"], include_in_schema=False)
    app.state.page = PAGE


class _StaticFiles(StaticFiles):
    """Scripts, styles and examples; revalidated by browsers, so that upgrades take effect."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _page(request: Request) -> Response:
    """The page in the browser's language; nothing in it comes from the request."""
    language = language_of(request)
    pipeline = request.app.state.lab.pipeline
    settings = replace(pipeline.settings, engine=pipeline.engine)
    headers = {
        "Cache-Control": "no-cache",
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return HTMLResponse(render_page(settings, language), headers=headers)


async def _to_page(request: Request) -> Response:  # noqa: ARG001
    """Relative to the address, so that no header of a client or proxy decides where it leads."""
    return Response(status_code=307, headers={"Location": f"{PAGE.rpartition('/')[2]}/"})
