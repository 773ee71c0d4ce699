"""A Ray cluster: joined by its address, or started on this machine alone and ended with its use."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
from collections.abc import Iterator

import ray

from countlab.errors import CountlabError

LOCAL = "local"
_OF_STORAGE = ("AWS_", "AZURE_STORAGE_", "FSSPEC_", "GOOGLE_")
"""Variables by which processes of the cluster reach the same buckets as this one."""
_PATIENCE = {
    # A busy machine takes longer to start Ray's own processes than the 30 seconds that they wait
    # for each other.
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_raylet_start_wait_time_s": "300",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "300",  # after five it would be ended, and all with it
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing phones home
}


def be_patient() -> None:
    """For clusters that this process starts."""
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)


def connect(address: str) -> bool:
    """True if a cluster was started, which `disconnect` then ends."""
    if ray.is_initialized():
        return False
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    local = address == LOCAL
    be_patient()
    try:
        ray.init(
            address="local" if local else address,
            namespace="countlab",
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False if local else None,
            runtime_env={"env_vars": _storage_variables()},
        )
    except (ConnectionError, ValueError) as reason:
        raise CountlabError("no_ray_cluster", address=address, reason=str(reason)) from reason
    finally:
        for number, handler in handlers.items():  # Ray sets its own
            signal.signal(number, handler)
    return local


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """The cluster for the block; a connection that was there before stays."""
    before = ray.is_initialized()
    connect(address)
    try:
        yield
    finally:
        if not before:
            ray.shutdown()


def _storage_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(_OF_STORAGE)}
