"""A real Ray cluster for each module of tests: `make test-ray` sets its environment up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

_MOST_TRIES = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One node, with two processors that count and one for the rest; more are added by tests."""
    import ray

    from countlab.system.ray_cluster import be_patient

    be_patient()
    os.environ["RAY_AUTH_MODE"] = "disabled"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - Ray's name
    before = set(_children())
    cluster = _started(before)
    started = _children()
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
        _end([*started, *_children()], before)


def _started(before: set[psutil.Process]) -> Any:
    """Ray gives its head half a minute, which on a machine that others keep busy is too little."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 3, "object_store_memory": 300_000_000, "include_dashboard": False}
    for tries in range(1, _MOST_TRIES + 1):
        try:
            return Cluster(initialize_head=True, head_node_args=head)
        except Exception:
            _end(_children(), before)
            if tries == _MOST_TRIES:
                raise
    raise AssertionError


def _children() -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process().children(recursive=True)
    return children


def _end(processes: list[psutil.Process], before: set[psutil.Process]) -> None:
    for process in processes:
        if process not in before and process.is_running():
            process.kill()
