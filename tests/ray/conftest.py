"""A real Ray cluster for each module of tests: `make test-ray` sets its environment up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psutil
import pytest


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One node, with two processors that count and one for the rest; more are added by tests."""
    import ray
    from ray.cluster_utils import Cluster

    from countlab.system.ray_cluster import be_patient

    be_patient()
    os.environ["RAY_AUTH_MODE"] = "disabled"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - Ray's name
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 3,
            "object_store_memory": 300_000_000,
            "include_dashboard": False,
        },
    )
    started = psutil.Process().children(recursive=True)
    try:
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()
        for process in [*started, *psutil.Process().children(recursive=True)]:
            if process.pid not in before and process.is_running():
                process.kill()
