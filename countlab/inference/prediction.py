"""What one look at a picture gave: the picture, the findings, and all that was asked and used.

Knows nothing of how it came about: that is the pipeline's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from countlab import __version__
from countlab.errors import CountlabError, closest
from countlab.findings import CountWarning, Finding, count_by_label
from countlab.imaging.annotate import draw
from countlab.imaging.picture import Picture, write_picture
from countlab.inference.receipt import result_hash
from countlab.inference.tiling import useful_tiles
from countlab.inference.warnings import count_warnings
from countlab.messages import Language
from countlab.models.catalog import Model
from countlab.models.error_profile import ErrorProfile, Interval


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
    error: ErrorProfile | None = None
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
    def doubts(self) -> tuple[CountWarning, ...]:
        doubts = count_warnings(
            self.findings, picture=self.picture, confidence=self.confidence, floor=self.floor
        )
        if not self.tiles and useful_tiles(self.findings, self.picture.pixels, self.model.input):
            doubts += (CountWarning("small_objects"),)
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


def check_object(model: Model, label: str) -> str:
    """A label that the model does not know is refused, the nearest one named first."""
    if label not in model.labels:
        near = closest(label, model.labels)
        known = sorted(model.labels, key=lambda other: (other != near, other))
        raise CountlabError("unknown_object", model=model.name, arrived=label, known=known)
    return label
