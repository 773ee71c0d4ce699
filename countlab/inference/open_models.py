"""The models that are open: each once for an engine, and as its files are now.

Knows nothing of pictures. Whoever asks gets a model with everything that was read together with
it; files that change are swapped in between two requests.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from countlab.errors import CountlabError
from countlab.inference.model_probe import probe_model
from countlab.inference.predictor import Predictor
from countlab.models.catalog import Catalog, Model, read_catalog
from countlab.models.error_profile import ErrorProfile, load_error_profile
from countlab.models.store import Store, file_stamps
from countlab.settings import Settings
from countlab.system.deadline import remaining_s

_CHECK_FILES_EVERY_S = 1.0
_OPENED_WITHIN_S = 30.0  # while another request opens the same model

log = logging.getLogger("countlab.pipeline")
Stamps = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class OpenedModel:
    """A model with everything that was read together with it; swapped as one value."""

    model: Model
    predictor: Predictor
    files_sha256: Mapping[str, str]
    error_profile: ErrorProfile | None
    stamps: Stamps


class OpenModels:
    """Safe in many threads. `guarded` as in `Pipeline`."""

    def __init__(self, settings: Settings, *, guarded: bool) -> None:
        self.settings, self.store = settings, Store()
        self._guarded = guarded
        self._opened: dict[tuple[str, str], OpenedModel] = {}
        self._refused: dict[tuple[str, str], Stamps] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._check_at: dict[tuple[str, str], float] = {}

    def __contains__(self, key: tuple[str, str]) -> bool:
        """Of an engine and a model's name."""
        return key in self._opened

    @property
    def catalog(self) -> Catalog:
        """As the folders are now: a model dropped into one is there at once."""
        return read_catalog(self.settings.models_folder)

    @property
    def names(self) -> list[str]:
        return sorted({model for _, model in self._opened})

    def clear(self) -> None:
        self._opened.clear()

    def open(self, engine: str, name: str, *, wait: bool) -> OpenedModel:
        """The model of that name, as its files are now.

        A server's requests do not wait for a model that is being fetched, unless they say so.

        Files that changed are read anew and swapped in together; until they are whole, the model
        that is open goes on answering, under the hashes of the files it was made of.
        """
        key = engine, name
        opened = self._opened.get(key)
        if opened and time.monotonic() < self._check_at.get(key, 0.0):
            return opened  # looking into folders takes as long as drawing: not for every picture
        model = self._find(name, opened)
        self._check_at[key] = time.monotonic() + _CHECK_FILES_EVERY_S
        stamps = file_stamps(model)
        if opened and stamps in (opened.stamps, self._refused.get(key)):
            return opened
        lock = self._locks.setdefault(key, threading.Lock())
        if not lock.acquire(timeout=remaining_s(default=_OPENED_WITHIN_S) if not opened else 0):
            if opened:
                return opened
            raise CountlabError("still_loading", retry_after_s=2)
        try:
            current = self._opened.get(key)
            if current is None or current.stamps != stamps:
                self._opened[key] = self._read(engine, replace(model), stamps, wait=wait)
        except CountlabError as error:
            if opened is None:
                raise
            self._refused[key] = stamps
            log.warning("%s goes on from the files it was opened with: %s", name, error)
            return opened
        finally:
            lock.release()
        return self._opened[key]

    def _find(self, name: str, opened: OpenedModel | None) -> Model:
        try:
            return self.catalog.find(name)
        except CountlabError:
            if opened is None:
                raise
            return opened.model  # its folder is being replaced, or is gone

    def _read(self, engine: str, model: Model, stamps: Stamps, *, wait: bool) -> OpenedModel:
        """The model with all that belongs to it, from files that stayed the same meanwhile."""
        try:
            opened = self._open_files(engine, model, wait=wait)
        except Exception as reason:  # engines and systems raise classes of their own
            if model.origin != "published" and file_stamps(model) != stamps:
                raise CountlabError("model_changing", model=model.name, retry_after_s=1) from reason
            if isinstance(reason, OSError | RuntimeError):
                raise CountlabError("model_damaged", model=model.name, reason=reason) from reason
            raise
        if model.origin == "published":  # those are fetched meanwhile, and are known by SHA-256
            return replace(opened, stamps=file_stamps(model))
        if file_stamps(model) != stamps:
            raise CountlabError("model_changing", model=model.name, retry_after_s=1)
        return replace(opened, stamps=stamps)

    def _open_files(self, engine: str, model: Model, *, wait: bool) -> OpenedModel:
        files = self.store.files(model, wait=wait or not self._guarded)
        digests = self.store.hashes(model)
        if self._guarded and model.origin == "own" and model.version is None:
            probe_model(engine, model, files)
        predictor = Predictor(engine, model, files)
        profile = load_error_profile(model, predictor.precision, self.settings.home)
        return OpenedModel(model, predictor, digests, profile, stamps=())
