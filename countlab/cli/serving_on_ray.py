"""`countlab serve --ray`, and the same service as `serve run` and KubeRay want it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

from countlab.cli.counting_many import check_not_given
from countlab.serving.ray_serve import Plan, build
from countlab.serving.ray_service import RayService, make_plan, read_replicas
from countlab.serving.workers import AppFactory
from countlab.settings import Settings
from countlab.system.cpu import cores

if TYPE_CHECKING:
    from ray.serve import Application


def starter(
    make_app: AppFactory,
    host: str,
    *,
    address: str,
    replicas: Sequence[str],
    engine: str | None,
    model: str,
    alone: Mapping[str, object],
) -> Callable[[socket], RayService]:
    """What `serve_in_foreground` starts; `alone` are options for one machine without Ray."""
    check_not_given("not_with_ray", alone)
    plan = _plan(model, replicas)
    return lambda listening: RayService(
        make_app, plan, listening, host, address=address, engine=engine
    )


def application(arguments: Mapping[str, str]) -> Application:
    """`serve run countlab.cli.serving_on_ray:application replicas=fruits=1:4,weather=0:2`.

    Also `engine`, `model`, `lab`, `keep`, `history=no`, `ui=no` as with `serve`; `fronts` and the
    processors kept for each, `front_cpus`.
    """
    from countlab.cli.serve import make_app

    known = {"engine", "model", "lab", "keep", "history", "ui", "replicas", "fronts", "front_cpus"}
    if unknown := sorted(set(arguments) - known):
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    model, lab = arguments.get("model"), arguments.get("lab")
    keep = arguments.get("keep")
    make = partial(
        make_app,
        engine=arguments.get("engine"),
        model=model,
        lab=lab,
        keep=Path(keep) if keep else None,
        history=arguments.get("history") != "no",
        page=arguments.get("ui") != "no",
        rollout=None,
    )
    replicas = [entry for entry in arguments.get("replicas", "").split(",") if entry]
    name = model or lab or Settings.from_environment().default_model
    plan = _plan(
        name,
        replicas,
        fronts=int(arguments.get("fronts", 1)),
        front_cpus=float(arguments.get("front_cpus", 0)),
    )
    return build(make, plan, engine=arguments.get("engine"))


def _plan(model: str, replicas: Sequence[str], **others: Any) -> Plan:
    """The settings go along: every process of the cluster has those of this one."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("COUNTLAB_") or name == "PROMETHEUS_MULTIPROC_DIR"
    }
    if "COUNTLAB_SIGNING_KEY_FILE" not in environment:
        environment.setdefault("COUNTLAB_SIGNING_KEY", os.urandom(32).hex())
    return make_plan(
        model,
        dict(map(read_replicas, replicas)),
        processors=cores(),
        queue=Settings.from_environment().queue,
        environment=environment,
        **others,
    )
