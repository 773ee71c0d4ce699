"""A version's files out of their store: those that it lists, and no other that lies beside them."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

from countlab.models.version_folder import MANIFEST, MAX_MANIFEST_BYTES, sealed_files


def fetch(source: str, target: Path, manifest: str, tracking: str) -> None:
    """What is missing in the store, or larger than listed, is missing in `target` too."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    target.mkdir()
    store = _Store(get_artifact_repository(source, tracking_uri=tracking))
    store.fetch(MANIFEST, target, at_most=MAX_MANIFEST_BYTES)
    for name, sealed in sealed_files(target, manifest).items():
        store.fetch(name, target, at_most=sealed.bytes)


class _Store:
    """One place of a store; each of its folders is listed once."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository
        self._listed: dict[str, dict[str, int | None]] = {}

    def fetch(self, name: str, target: Path, *, at_most: int) -> None:
        folder = posixpath.dirname(name)
        if folder not in self._listed:
            listed = self._repository.list_artifacts(folder or None)
            self._listed[folder] = {file.path: file.file_size for file in listed if not file.is_dir}
        files = self._listed[folder]
        if name in files and (files[name] or 0) <= at_most:
            self._repository.download_artifacts(name, str(target))
