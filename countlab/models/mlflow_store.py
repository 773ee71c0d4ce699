"""An MLflow store by its address: runs and registered models, with short waits.

Without a server it is an SQLite file and a folder in the user's home; with one, or with
PostgreSQL, only the address differs. The library is loaded when a store is opened.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from typing import Any

from countlab.errors import CountlabError
from countlab.settings import Settings

_VARIABLES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",  # seconds; the default of two minutes is tried eight times
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")
_BAD, _NO_ALIAS = "INVALID_PARAMETER_VALUE", re.compile(r"alias \S+ not found")


@dataclass(frozen=True)
class MlflowStore:
    """A client, and where it keeps files that a run brings."""

    client: Any
    address: str
    files: str | None
    """None where the server says so itself."""

    def experiment(self, name: str) -> str:
        """The id of the experiment, made if there is none."""
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = f"{self.files}/{name}" if self.files else None
        return str(self.client.create_experiment(name, artifact_location=place))


def open_store(settings: Settings) -> MlflowStore:
    """The store of the settings; nothing is asked of it yet."""
    address = settings.tracking or _local_address(settings)
    files = settings.artifacts
    if files is None and not address.startswith(("http:", "https:")):
        files = (settings.home / "mlflow" / "artifacts").as_uri()
    client_class = _client_class()
    try:
        client = client_class(tracking_uri=address, registry_uri=address)
    except Exception as reason:  # drivers raise classes of their own
        raise away(address, reason) from reason
    return MlflowStore(client, address, files)


def away(address: str, reason: Exception) -> CountlabError:
    """The store does not answer, or answers with an error."""
    if isinstance(reason, CountlabError):
        return reason
    text = (str(reason).strip().splitlines() or [type(reason).__name__])[0][:200]
    return CountlabError("tracking_away", address=hide_password(address), reason=text)


def is_absent(reason: Exception) -> bool:
    """Whether the store says that there is no such thing (an alias, in words of its own)."""
    code = getattr(reason, "error_code", None)
    return code in _ABSENT or (code == _BAD and _NO_ALIAS.search(str(reason)) is not None)


def hide_password(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if mark else address


def _local_address(settings: Settings) -> str:
    folder = settings.home / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(folder / 'mlflow.sqlite').resolve()}"


def _client_class() -> Any:
    """MLflow is told by variables alone; those that a person has set are left as they are."""
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)  # before it is loaded: it reports its use otherwise
    from mlflow import MlflowClient

    _silence()
    return MlflowClient


def _silence() -> None:
    """What MLflow says of its tables on the way concerns nobody here."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
