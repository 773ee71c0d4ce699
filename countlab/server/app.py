"""Builds the FastAPI application. One app, one lab; nothing is global."""

from __future__ import annotations

from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from countlab import __version__
from countlab.server import description, problems
from countlab.server.lab import Lab
from countlab.server.query import refuse_unknown_parameters
from countlab.server.routes import about, counting
from countlab.settings import Settings

_DESCRIPTION = """
One picture in, one number out. Send a photo, get back boxes and counts.

Open an address below, choose a picture, for example from `images/`, and press **Execute**.
Every error says what arrived, what is allowed and what to do (in Spanish when the browser asks
for it).
"""


def create_app(
    *,
    engine: str | None = None,
    settings: Settings | None = None,
    keep: str | Path | None = None,
    routes: bool = True,
) -> FastAPI:
    """The lab as a web application.

    `keep` is a folder for the pictures that arrive (none are kept without it). `routes=False`
    leaves the counting routes out, for a notebook that writes its own.
    """
    app: FastAPI = FastAPIOffline(
        title="countlab",
        version=__version__,
        description=_DESCRIPTION,
        dependencies=[Depends(refuse_unknown_parameters)],
        redoc_url=None,  # its page asks the internet for a logo
        responses=problems.documented(),
        swagger_ui_parameters={"defaultModelsExpandDepth": -1, "tryItOutEnabled": True},
    )
    app.state.lab = Lab(settings, engine=engine, keep=Path(keep) if keep else None)
    problems.install(app)
    description.install(app)
    app.include_router(about)
    if routes:
        app.include_router(counting)
    return app
