"""The pipeline: bytes → picture → findings → `Prediction`.

Holds the models that are open. Knows nothing of HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from countlab.engines import check_engine
from countlab.errors import CountlabError
from countlab.imaging.picture import Picture
from countlab.inference.looking import look, reader
from countlab.inference.model_probe import probe_model
from countlab.inference.prediction import Prediction, check_object
from countlab.inference.predictor import Predictor
from countlab.inference.receipt import picture_hash
from countlab.models.catalog import Catalog, Model, read_catalog
from countlab.models.error_profile import ErrorProfile, load_error_profile
from countlab.models.evidence import LOWEST
from countlab.models.store import Store, file_stamps
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.deadline import check_deadline, remaining_s

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


class Pipeline:
    """Opens each model once for an engine, when it is first needed; safe in many threads."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: str | None = None,
        guarded: bool = False,
    ) -> None:
        """`guarded` is for servers: what strangers send or drop is first opened in processes
        whose memory and time are limited, and a model is fetched while others work."""
        self.settings = settings or Settings.from_environment()
        self.engine = check_engine(engine or self.settings.engine)
        self.store = Store()
        self._guarded = guarded
        self._read_picture = reader(self.settings, guarded=guarded)
        self._opened: dict[tuple[str, str], OpenedModel] = {}
        self._refused: dict[tuple[str, str], Stamps] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._check_at: dict[tuple[str, str], float] = {}

    @property
    def catalog(self) -> Catalog:
        """As the folders are now: a model dropped into one is there at once."""
        return read_catalog(self.settings.models_folder)

    @property
    def opened(self) -> list[str]:
        return sorted({model for _, model in self._opened})

    @property
    def default_is_open(self) -> bool:
        return (self.engine, self.settings.default_model) in self._opened

    def open_default(self) -> None:
        """Opens the model of requests that name none, ahead of the first of them."""
        self.open(PredictOptions(), wait=True)

    def floor(self, options: PredictOptions) -> float:
        """The lowest confidence at which anything is found."""
        return self.open(options).predictor.floor

    def close(self) -> None:
        """Lets go of the models; the next request opens its model again."""
        self._opened.clear()

    def predict(self, data: bytes, options: PredictOptions | None = None) -> Prediction:
        """What is in one picture."""
        options = options or PredictOptions()
        opened = self.open(options)
        options = replace(
            options,
            model=opened.model.name,
            engine=opened.predictor.name,
            nms=opened.model.nms if options.nms is None else options.nms,
        )
        if options.object is not None:
            options = replace(options, object=check_object(opened.model, options.object))
        check_deadline()
        start = time.perf_counter()
        picture = self._read_picture(data)
        decoded = time.perf_counter()
        check_deadline()
        lowest = LOWEST if opened.error_profile else None
        view = look(opened.model, opened.predictor, picture, options, lowest=lowest)
        done = time.perf_counter()
        prediction = Prediction(
            picture=picture,
            findings=view.findings,
            seen=view.seen,
            model=opened.model,
            engine=opened.predictor.name,
            precision=opened.predictor.precision,
            floor=opened.predictor.floor,
            options=options,
            milliseconds={
                "decode": round((decoded - start) * 1000, 1),
                "find": round((done - decoded) * 1000, 1),
            },
            input_size=opened.predictor.input_size,
            tiles=view.tiles,
            picture_sha256=picture_hash(data),
            files_sha256=opened.files_sha256,
            error_profile=opened.error_profile,
            classification=view.classification,
        )
        return prediction if options.object is None else prediction.of(options.object)

    def read_picture(self, data: bytes) -> Picture:
        """Decodes a picture within the same bounds as `predict`."""
        return self._read_picture(data)

    def open(self, options: PredictOptions, *, wait: bool = False) -> OpenedModel:
        """The model that was asked for, as its files are now.

        A server's requests do not wait for a model that is being fetched, unless they say so.

        Files that changed are read anew and swapped in together; until they are whole, the model
        that is open goes on answering, under the hashes of the files it was made of.
        """
        engine = check_engine(options.engine or self.engine)
        key = engine, options.model or self.settings.default_model
        opened = self._opened.get(key)
        if opened and time.monotonic() < self._check_at.get(key, 0.0):
            return opened  # looking into folders takes as long as drawing: not for every picture
        model = self._find(key[1], opened)
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
            log.warning("%s goes on from the files it was opened with: %s", key[1], error)
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
