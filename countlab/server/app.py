"""Builds the FastAPI application. One app, one lab; nothing is global."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio import create_task_group, to_thread
from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from countlab import __version__
from countlab.models.lab_answer import LabAnswer
from countlab.server import openapi, problems
from countlab.server.feedback import FeedbackStore
from countlab.server.lab import Lab
from countlab.server.metrics import Metrics
from countlab.server.middleware import stack
from countlab.server.middleware.access_log import AccessLog
from countlab.server.middleware.unknown_parameters import refuse_unknown_parameters
from countlab.server.rollout import Rollout, RolloutPlan
from countlab.server.routes.classification import classification
from countlab.server.routes.counting import counting
from countlab.server.routes.feedback import feedback_router
from countlab.server.routes.info import info_router
from countlab.server.routes.lab import lab_routes
from countlab.server.signatures import Signer
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.history import History

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
    lab: str | None = None,
    keep: str | Path | None = None,
    routes: bool = True,
    history: bool = False,
    rollout: RolloutPlan | None = None,
    log: Any = None,
) -> FastAPI:
    """The lab as a web application.

    `lab` names a model whose own clients are answered as they expect, at `/predict`. `keep` is a
    folder for the pictures that arrive (none are kept without it). `routes=False`
    leaves the counting routes out, for a notebook that writes its own. `history=True` keeps a
    row for each picture counted. `rollout` lets a candidate answer beside a model, or for it.
    `log` (see `system.logs`) gets a line for each request.
    """
    app: FastAPI = FastAPIOffline(
        title="countlab",
        version=__version__,
        description=_DESCRIPTION,
        dependencies=[Depends(refuse_unknown_parameters)],
        redoc_url=None,  # its page asks the internet for a logo
        responses=openapi.error_responses(),
        swagger_ui_parameters={"defaultModelsExpandDepth": -1, "tryItOutEnabled": True},
        lifespan=_from_start_to_end,
    )
    settings = settings or Settings.from_environment()
    if lab:
        settings = replace(settings, default_model=lab)
    app.state.lab = Lab(settings, engine=engine, keep=Path(keep) if keep else None)
    app.state.lab_answer = None
    app.state.history = None
    app.state.signer = Signer(settings)
    app.state.feedback = FeedbackStore(settings)
    stack.install(app, settings)
    app.state.metrics = Metrics(lambda: app.state.slots.waiting, settings.metrics_folder)
    if rollout:
        app.state.lab.rollout = Rollout(
            rollout, app.state.lab.pipeline, app.state.metrics, lambda: app.state.slots.waiting
        )
    app.add_middleware(AccessLog, metrics=app.state.metrics, log=log)
    problems.install(app)
    openapi.install(app)
    if lab:
        model = app.state.lab.pipeline.catalog.find(lab)
        app.state.lab_answer = model.answer or LabAnswer()
        app.include_router(lab_routes(model))
    app.include_router(info_router)
    if routes:
        app.include_router(counting)
        app.include_router(classification)
        if settings.feedback_days:
            app.include_router(feedback_router)
    if history:
        _keep_history(app, settings)
    return app


def _keep_history(app: FastAPI, settings: Settings) -> None:
    """Loads the database's libraries, which take as long as all the others: only where wanted."""
    from countlab.history import History
    from countlab.server.routes.history import history_router

    app.state.history = History(settings)
    app.include_router(history_router)


@asynccontextmanager
async def _from_start_to_end(app: FastAPI) -> AsyncIterator[None]:
    """Uvicorn enters before the first request and leaves after the last answer."""
    threads = to_thread.current_default_thread_limiter()
    threads.total_tokens = max(threads.total_tokens, stack.READS + 2 * app.state.slots.max_running)
    app.openapi()  # a tenth of a second, in which nobody waits yet
    app.state.lab.load()
    history: History | None = app.state.history
    if history is not None:
        history.open()
    async with create_task_group() as tasks:
        if app.state.feedback.days:
            tasks.start_soon(app.state.feedback.keep_to_time_limit)
        yield
        tasks.cancel_scope.cancel()
    app.state.lab.close()
    if history is not None:
        history.close()
