"""The corridor of every request: bytes → picture → findings → `Prediction`.

Holds the engines that are loaded, one for each model. Knows nothing of HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from typing_extensions import Unpack

from countlab.asked import Asked, AskedAtAny
from countlab.engines import Engine, check_engine, open_engine
from countlab.imaging.picture import read_picture
from countlab.inference.prediction import Prediction
from countlab.inference.receipt import picture_hash
from countlab.inference.tiling import check_tiles, look
from countlab.models.catalog import Catalog, Model, read_catalog
from countlab.models.error_profile import ErrorProfile
from countlab.models.error_profile_file import load_error_profile
from countlab.models.store import Store
from countlab.settings import Settings
from countlab.system.deadline import check_deadline

_LOOK_AGAIN_S = 1.0


class Pipeline:
    """Opens each model once for an engine, when first asked for; answers from many threads."""

    def __init__(self, settings: Settings | None = None, *, engine: str | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.engine = check_engine(engine or self.settings.engine)
        self.store = Store()
        self._engines: dict[tuple[str, str], Engine] = {}
        self._hashes: dict[str, Mapping[str, str]] = {}
        self._errors: dict[tuple[str, str], ErrorProfile | None] = {}
        self._opening: dict[tuple[str, str], threading.Lock] = {}
        self._seen, self._look_again = Catalog({}), 0.0

    @property
    def catalog(self) -> Catalog:
        """As the folders are now: a model dropped into one is there at once."""
        return read_catalog(self.settings.models_folder)

    @property
    def opened(self) -> list[str]:
        return sorted({model for _, model in self._engines})

    @property
    def default_is_open(self) -> bool:
        return (self.engine, self.settings.default_model) in self._engines

    def open_default(self) -> None:
        """Opens the model of those who name none, ahead of the first request."""
        self._asked_for({})

    def floor(self, **asked: Unpack[AskedAtAny]) -> float:
        """The lowest confidence at which anything is found."""
        return self._asked_for(asked)[1].floor

    def close(self) -> None:
        """Lets go of the models; who asks again opens them again."""
        self._engines.clear()

    def predict(self, data: bytes, **asked: Unpack[Asked]) -> Prediction:
        """Finds the objects in one picture."""
        tiles = check_tiles(asked.get("tiles"))
        model, engine = self._asked_for(asked)
        confidence, nms = asked.get("confidence", 0.5), asked.get("nms")
        check_deadline()
        start = time.perf_counter()
        picture = read_picture(
            data, max_bytes=self.settings.max_bytes, max_pixels=self.settings.max_pixels
        )
        decoded = time.perf_counter()
        check_deadline()
        overlap = model.nms if nms is None else nms
        found, tiles_used = look(
            engine,
            picture.pixels,
            confidence=confidence,
            nms=overlap,
            tiles=tiles,
            network=model.input,
        )
        done = time.perf_counter()
        return Prediction(
            picture=picture,
            findings=tuple(found),
            model=model,
            engine=engine.name,
            precision=engine.precision,
            floor=engine.floor,
            confidence=confidence,
            nms=overlap,
            milliseconds={
                "decode": round((decoded - start) * 1000, 1),
                "find": round((done - decoded) * 1000, 1),
            },
            tiles_asked=tiles,
            tiles=tiles_used,
            picture_sha256=picture_hash(data),
            files_sha256=self._hashes[model.name],
            error=self._errors[engine.name, model.name],
        )

    def _asked_for(self, asked: AskedAtAny) -> tuple[Model, Engine]:
        name = asked.get("model") or self.settings.default_model
        now = time.monotonic()
        if name not in self._seen.models or now > self._look_again:
            # Looking into the folders takes as long as drawing the boxes: not for every picture.
            self._seen, self._look_again = self.catalog, now + _LOOK_AGAIN_S
        model = self._seen.find(name)
        return model, self._open(asked.get("engine") or self.engine, model)

    def _open(self, engine: str, model: Model) -> Engine:
        key = check_engine(engine), model.name
        if key not in self._engines:
            with self._opening.setdefault(key, threading.Lock()):  # may fetch for minutes
                if key not in self._engines:
                    files = self.store.files(model)
                    self._hashes[model.name] = self.store.hashes(model)
                    opened = open_engine(engine, model, files)
                    home = self.settings.home
                    self._errors[key] = load_error_profile(model, opened.precision, home)
                    self._engines[key] = opened
        return self._engines[key]
