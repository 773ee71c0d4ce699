"""The service on Ray Serve: the same app in front, each model a deployment behind it.

The front keeps keys, limits, queue, history and metrics as with one process; replicas of a model
decode and count. Their number follows the requests that wait. Loaded with the extra [ray] only.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from ray import serve
from ray.serve.handle import DeploymentHandle
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.options import PredictOptions
from countlab.server.shared_metrics import forget_ended
from countlab.serving.remote_pipeline import (
    OTHER_MODELS,
    RemotePipeline,
    SeenPicture,
    without_pixels,
)
from countlab.serving.workers import AppFactory
from countlab.settings import Settings
from countlab.system.cpu import use_cores

APPLICATION = "countlab"
_AT_ONCE = 2
"""Requests at work in one replica: while one waits for the network to run, another decodes."""
_Seen = tuple[Prediction, SeenPicture]
_DRAIN_S = 30.0
"""How long a replica that is replaced may finish what it has begun."""


@dataclass(frozen=True)
class Replicas:
    """How many processes hold a model open: at least, at most."""

    least: int = 1
    most: int = 1


@dataclass(frozen=True)
class Plan:
    """What stands on the cluster. Models that are not named share `OTHER_MODELS`."""

    models: Mapping[str, Replicas]
    fronts: int = 1
    cpus: float = 1
    """Processors kept for each replica of a model."""
    front_cpus: float = 0
    """And for each front, which needs a small part of one."""
    queue: int = 64
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of every process: the settings."""

    @property
    def most_at_work(self) -> int:
        return sum(replicas.most for replicas in self.models.values()) * _AT_ONCE


class ModelReplica:
    """One process with models open, as a deployment."""

    def __init__(self, engine: str | None, model: str | None, cpus: float) -> None:
        use_cores(max(1, int(cpus)))
        self._pipeline = Pipeline(Settings.from_environment(), engine=engine, guarded=True)
        if model is not None:
            self._pipeline.open(PredictOptions(model=model), wait=True)

    async def predict(self, data: bytes, options: PredictOptions) -> _Seen | CountlabError:
        return await anyio.to_thread.run_sync(self._predict, data, options)

    async def floor(self, options: PredictOptions) -> float | CountlabError:
        return await anyio.to_thread.run_sync(self._floor, options)

    def _predict(self, data: bytes, options: PredictOptions) -> _Seen | CountlabError:
        try:
            return without_pixels(self._pipeline.predict(data, options))
        except CountlabError as error:  # returned: as exceptions Ray wraps them
            return error

    def _floor(self, options: PredictOptions) -> float | CountlabError:
        try:
            return self._pipeline.floor(options)
        except CountlabError as error:
            return error


class Front:
    """The app of `countlab serve`, with a pipeline whose models are elsewhere."""

    def __init__(self, make_app: AppFactory, handles: dict[str, DeploymentHandle]) -> None:
        if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            forget_ended(Path(folder))
        self._app = make_app()
        lab = self._app.state.lab
        lab.pipeline = RemotePipeline(lab.pipeline.settings, handles, engine=lab.pipeline.engine)

    def __serve_build_asgi_app__(self) -> Any:
        return _with_one_request_id(self._app)


def _with_one_request_id(app: ASGIApp) -> ASGIApp:
    """Ray's proxy gives each request its id, and adds it to the answer once more."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        given = [entry for entry in scope.get("headers", ()) if entry[0] == b"x-request-id"]

        async def send_once(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [entry for entry in message["headers"] if tuple(entry) not in given]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, send_once)

    return answer


def build(make_app: AppFactory, plan: Plan, *, engine: str | None = None) -> serve.Application:
    """The application: to be run with `serve.run`, or by KubeRay."""
    environment = {
        **plan.environment,
        # Of all replicas together, so that their queues are seen where replicas are added.
        "COUNTLAB_SLOTS": plan.environment.get("COUNTLAB_SLOTS", str(plan.most_at_work)),
    }
    if plan.fronts > 1:
        folder = Path(tempfile.gettempdir(), f"countlab-metrics-{os.getuid()}")
        environment.setdefault("PROMETHEUS_MULTIPROC_DIR", str(folder))
    models = {**plan.models, OTHER_MODELS: Replicas(0, 1)}
    handles = {
        name: _model_deployment(name, replicas, plan).bind(
            engine, None if name == OTHER_MODELS else name, plan.cpus
        )
        for name, replicas in models.items()
    }
    front = serve.deployment(
        serve.ingress()(Front),
        name="front",
        num_replicas=plan.fronts,
        # The front refuses by itself, with Retry-After: Serve must not do so before it.
        max_ongoing_requests=plan.most_at_work + plan.queue + 1000,
        graceful_shutdown_timeout_s=_DRAIN_S,
        health_check_period_s=5,
        ray_actor_options={
            "num_cpus": plan.front_cpus,
            "runtime_env": {"env_vars": environment},
        },
    )
    return front.bind(make_app, handles)


def _model_deployment(name: str, replicas: Replicas, plan: Plan) -> Any:
    return serve.deployment(
        ModelReplica,
        name=name,
        max_ongoing_requests=_AT_ONCE,
        max_queued_requests=plan.queue,
        autoscaling_config={
            "min_replicas": replicas.least,
            "max_replicas": replicas.most,
            "target_ongoing_requests": _AT_ONCE,
            "upscale_delay_s": 5,
            "downscale_delay_s": 120,
        },
        graceful_shutdown_timeout_s=_DRAIN_S,
        health_check_period_s=5,
        ray_actor_options={
            # Rare models wait for no processor that the others have taken.
            "num_cpus": 0 if name == OTHER_MODELS else plan.cpus,
            "runtime_env": {"env_vars": dict(plan.environment)},
        },
    )
