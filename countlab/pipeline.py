"""The corridor of every request: bytes → picture → findings → `Prediction`.

Holds the engines that are loaded, one for each model. Knows nothing of HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from typing_extensions import Unpack

from countlab import __version__
from countlab.asked import Asked, AskedAtAny
from countlab.catalogue import Catalogue, Model, read_catalogue
from countlab.doubts import doubts_about
from countlab.draw import draw
from countlab.engines import Engine, check_engine, open_engine
from countlab.errors import CountlabError, closest
from countlab.findings import Doubt, Finding, count_by_label
from countlab.images import Picture, read_picture, write_picture
from countlab.likely import CountingError, Interval
from countlab.patience import still_wanted
from countlab.receipts import picture_hash, result_hash
from countlab.saved_error import counting_error
from countlab.settings import Settings
from countlab.store import Store
from countlab.texts import Language
from countlab.tiles import check_tiles, look, tiles_worth


@dataclass(frozen=True)
class Prediction:
    """One picture, what was found in it, and everything needed to judge or repeat that."""

    picture: Picture
    findings: tuple[Finding, ...]
    model: Model
    engine: str
    precision: str
    floor: float
    confidence: float
    nms: float
    milliseconds: Mapping[str, float]
    picture_sha256: str = ""
    files_sha256: Mapping[str, str] = field(default_factory=dict)
    tiles_asked: str = "off"
    tiles: int = 0
    """So many were looked at, beside the whole picture."""
    object: str | None = None
    error: CountingError | None = None
    """What was measured of this model, if anything was."""

    def of(self, label: str) -> Prediction:
        """The same prediction, only the findings of one label."""
        check_object(self.model, label)
        found = tuple(finding for finding in self.findings if finding.label == label)
        return replace(self, findings=found, object=label)

    def at(self, confidence: float) -> Prediction:
        """What a pass at this higher confidence would have found."""
        found = tuple(finding for finding in self.findings if finding.confidence > confidence)
        return replace(self, findings=found, confidence=confidence)

    @property
    def count(self) -> int:
        return len(self.findings)

    @property
    def likely(self) -> Interval | None:
        """Between which counts the truth lies nine times in ten; None where nobody measured it."""
        if self.error is None or self.tiles:
            return None  # measured on whole pictures
        confidence = max(self.confidence, self.floor)
        return self.error.likely(
            self.object, confidence=confidence, nms=self.nms, counted=self.count
        )

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        doubts = doubts_about(
            self.findings, picture=self.picture, confidence=self.confidence, floor=self.floor
        )
        if not self.tiles and tiles_worth(self.findings, self.picture.pixels, self.model.input):
            doubts += (Doubt("small_objects"),)
        return doubts

    @cached_property
    def drawn(self) -> bytes:
        """The picture with boxes, in the format it came in."""
        return write_picture(draw(self.picture.pixels, self.findings), self.picture.format)

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        return {
            "object": self.object,
            "count": self.count,
            **({"likely": list(self.likely)} if self.likely else {}),
            "counts": count_by_label(self.findings),
            "findings": [finding.as_json() for finding in self.findings],
            "warnings": [doubt.as_json(language) for doubt in self.doubts],
            "confidence": self.confidence,
            **self.circumstances(),
            "receipt": self.receipt,
        }

    @property
    def parameters(self) -> dict[str, Any]:
        """What was asked for, with what stood in for what was left out."""
        return {"confidence": self.confidence, "nms": self.nms, "tiles": self.tiles_asked}

    @cached_property
    def receipt(self) -> dict[str, Any]:
        """What `countlab verify` needs to run this again and compare."""
        return {
            "picture_sha256": self.picture_sha256,
            "model": self.model.name,
            "files_sha256": dict(self.files_sha256),
            "engine": self.engine,
            "precision": self.precision,
            "parameters": self.parameters,
            "object": self.object,
            "result_sha256": result_hash(self.findings),
            "version": __version__,
        }

    def circumstances(self) -> dict[str, Any]:
        """Who found it, in what, and how long that took: the same at every confidence."""
        return {
            "model": self.model.name,
            "engine": self.engine,
            "precision": self.precision,
            "nms": self.nms,
            "width": self.picture.width,
            "height": self.picture.height,
            "tiles": self.tiles,
            "milliseconds": dict(self.milliseconds),
        }


class Pipeline:
    """Opens each model once for an engine, when first asked for; answers from many threads."""

    def __init__(self, settings: Settings | None = None, *, engine: str | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.engine = check_engine(engine or self.settings.engine)
        self.store = Store()
        self._engines: dict[tuple[str, str], Engine] = {}
        self._hashes: dict[str, Mapping[str, str]] = {}
        self._errors: dict[tuple[str, str], CountingError | None] = {}
        self._opening: dict[tuple[str, str], threading.Lock] = {}

    @property
    def catalogue(self) -> Catalogue:
        """Read anew each time: a folder dropped into the models folder is there at once."""
        return read_catalogue(self.settings.models_folder)

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

    def predict(self, data: bytes, **asked: Unpack[Asked]) -> Prediction:
        """Finds the objects in one picture."""
        tiles = check_tiles(asked.get("tiles"))
        model, engine = self._asked_for(asked)
        confidence, nms = asked.get("confidence", 0.5), asked.get("nms")
        still_wanted()
        start = time.perf_counter()
        picture = read_picture(
            data, max_bytes=self.settings.max_bytes, max_pixels=self.settings.max_pixels
        )
        decoded = time.perf_counter()
        still_wanted()
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
        model = self.catalogue.find(asked.get("model") or self.settings.default_model)
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
                    self._errors[key] = counting_error(model, opened.precision, home)
                    self._engines[key] = opened
        return self._engines[key]


def check_object(model: Model, label: str) -> str:
    """A label that the model does not know is refused, the nearest one named first."""
    if label not in model.labels:
        near = closest(label, model.labels)
        known = sorted(model.labels, key=lambda other: (other != near, other))
        raise CountlabError("unknown_object", model=model.name, arrived=label, known=known)
    return label
