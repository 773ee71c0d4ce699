"""The service on a Ray cluster: put there, answered from, taken away again."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import ray
from ray import serve

from countlab.errors import CountlabError
from countlab.serving.ray_serve import APPLICATION, Plan, Replicas, build
from countlab.serving.server_thread import server_url
from countlab.serving.workers import AppFactory
from countlab.system.ray_cluster import connect


class RayService:
    """The application on a cluster until `stop()`; returns once it answers."""

    def __init__(
        self,
        make_app: AppFactory,
        plan: Plan,
        listening: socket.socket,
        host: str,
        *,
        address: str,
        engine: str | None = None,
    ) -> None:
        self.url = server_url(listening, host)
        port = listening.getsockname()[1]
        listening.close()  # Ray's proxy opens it again, in a process of its own
        self._started_here = connect(address)
        try:
            serve.start(http_options={"host": host, "port": port})
            serve.run(build(make_app, plan, engine=engine), name=APPLICATION, route_prefix="/")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Running requests are answered; a cluster that was there before goes on without it."""
        if self._started_here:
            serve.shutdown()
        else:
            serve.delete(APPLICATION)
        ray.shutdown()


def make_plan(default_model: str, replicas: Mapping[str, Replicas], **others: Any) -> Plan:
    """The default model has a deployment in any case, from one replica to all processors."""
    models = {default_model: Replicas(1, others.pop("processors", 1)), **replicas}
    return Plan(models, **others)


def read_replicas(arrived: str) -> tuple[str, Replicas]:
    """`fruits=1:4`: from one replica to four; `fruits=2`: two, always."""
    name, _, numbers = arrived.partition("=")
    least, _, most = numbers.partition(":")
    most = most or least
    if not name or not (least.isdigit() and most.isdigit() and int(least) <= int(most) > 0):
        raise CountlabError("bad_replicas", arrived=arrived)
    return name, Replicas(int(least), int(most))
