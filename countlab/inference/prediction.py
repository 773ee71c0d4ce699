"""`Prediction`: what was found in one picture, and all that is needed to judge or repeat it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from countlab import __version__
from countlab.errors import CountlabError
from countlab.findings import CountWarning, Finding, count_by_label
from countlab.imaging.annotate import draw
from countlab.imaging.heatmap import Map, normalize_map, overlay_map
from countlab.imaging.picture import Picture, Pixels, write_picture
from countlab.inference.answer import CountJson
from countlab.inference.receipt import result_hash
from countlab.inference.tiling import useful_tiles
from countlab.inference.warnings import count_warnings, label_warnings
from countlab.messages import Language
from countlab.models.alarms import Alarms
from countlab.models.catalog import Model
from countlab.models.error_profile import ErrorProfile, Interval
from countlab.models.labels import label_for
from countlab.options import PredictOptions
from countlab.tasks.classification import Classification


@dataclass(frozen=True)
class Prediction:
    """The result of looking at one picture once."""

    picture: Picture
    findings: tuple[Finding, ...]
    model: Model
    engine: str
    precision: str
    floor: float
    options: PredictOptions
    """What was asked, with the model's own values where nothing was said."""
    milliseconds: Mapping[str, float]
    input_size: tuple[int, int] = (416, 416)
    picture_sha256: str = ""
    files_sha256: Mapping[str, str] = field(default_factory=dict)
    tiles: int = 0
    """How many tiles were looked at, beside the whole picture."""
    error_profile: ErrorProfile | None = None
    """How far off this model's counts were where the truth was known, if that was measured."""
    classification: Classification | None = None
    """What a classifier said of every label; None from a detector."""
    seen: tuple[Finding, ...] = ()
    """Of every label, what nearly passed too; empty where no error profile asks for it."""

    @property
    def confidence(self) -> float:
        return self.options.confidence

    @property
    def nms(self) -> float:
        return self.model.nms if self.options.nms is None else self.options.nms

    def of(self, label: str) -> Prediction:
        """The same prediction with the findings of one label."""
        label = check_object(self.model, label)
        findings = tuple(finding for finding in self.findings if finding.label == label)
        return replace(self, findings=findings, options=replace(self.options, object=label))

    def at(self, confidence: float) -> Prediction:
        """What a pass at this higher confidence would have found."""
        findings = tuple(finding for finding in self.findings if finding.confidence > confidence)
        options = replace(self.options, confidence=confidence)
        return replace(self, findings=findings, options=options)

    @property
    def count(self) -> int:
        return len(self.findings)

    @property
    def mean_confidence(self) -> float | None:
        """Of the findings; None where there are none."""
        if not self.findings:
            return None
        return sum(finding.confidence for finding in self.findings) / len(self.findings)

    @cached_property
    def likely(self) -> Interval | None:
        """Between which counts the truth lies nine times in ten; None where nobody measured it."""
        if self.error_profile is None or self.tiles:
            return None  # measured on whole pictures
        return self.error_profile.likely(
            self.options.object,
            confidence=max(self.confidence, self.floor),
            nms=self.nms,
            seen=self.seen,
        )

    @property
    def warnings(self) -> tuple[CountWarning, ...]:
        warnings = count_warnings(
            self.findings, picture=self.picture, confidence=self.confidence, floor=self.floor
        )
        if self._is_unfamiliar:
            warnings += (CountWarning("unfamiliar_picture"),)
        warnings += label_warnings(self.findings, self._alarms, self.model.names)
        size = self.picture.width, self.picture.height
        if not self.tiles and useful_tiles(self.findings, size, self.input_size):
            warnings += (CountWarning("small_objects"),)
        return warnings

    @property
    def _is_unfamiliar(self) -> bool:
        if self.classification is None:
            return not self.tiles and self._alarms.is_unfamiliar(self.seen)
        limit = self.model.unfamiliar_distance
        distance = self.classification.distance
        return limit is not None and distance is not None and distance > limit

    @property
    def _alarms(self) -> Alarms:
        return self.error_profile.alarms if self.error_profile else Alarms()

    @cached_property
    def drawn(self) -> bytes:
        """The picture with boxes, in the format it came in where that is one we write."""
        return write_picture(draw(self.picture.pixels, self.findings), self.picture.answer_format)

    def as_json(self, language: Language = "en") -> CountJson:
        answer = {
            "object": self.options.object,
            "count": self.count,
            **({"likely": list(self.likely)} if self.likely else {}),
            "counts": count_by_label(self.findings),
            **({"probabilities": self.probabilities} if self.classification else {}),
            "findings": [finding.as_json() for finding in self.findings],
            "warnings": [warning.as_json(language) for warning in self.warnings],
            "confidence": self.confidence,
            **self.circumstances(),
            "receipt": self.receipt,
        }
        return cast(CountJson, answer)

    def circumstances(self) -> dict[str, Any]:
        """What found it, in what, and how long that took: the same at every confidence."""
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

    @cached_property
    def receipt(self) -> dict[str, Any]:
        """What `countlab verify` needs to run this again and compare."""
        return {
            "picture_sha256": self.picture_sha256,
            "model": self.model.name,
            **({"model_version": self.model.version} if self.model.version else {}),
            "files_sha256": dict(self.files_sha256),
            "engine": self.engine,
            "precision": self.precision,
            "parameters": self.options.parameters,
            "object": self.options.object,
            "result_sha256": result_hash(self.findings),
            "version": __version__,
        }

    @property
    def probabilities(self) -> dict[str, float]:
        """Of every label, the likeliest first; empty from a detector."""
        values = self.classification.probabilities if self.classification else {}
        return {label: round(value, 6) for label, value in values.items()}

    def explain(self) -> Explanation:
        """Where the picture speaks for a label: that of the options, or the likeliest."""
        found = self.classification
        if found is None or found.class_maps is None:
            raise CountlabError("nothing_to_explain", model=self.model.name)
        label = self.options.object or next(iter(found.probabilities))
        values = found.class_maps[self.model.labels.index(label)]
        pixels = self.picture.pixels if found.view is None else found.view
        return Explanation(
            label, found.probabilities[label], values, pixels, whole_picture=found.view is None
        )


@dataclass(frozen=True)
class Explanation:
    """A classifier's heat map for one label."""

    label: str
    probability: float
    values: Map
    pixels: Pixels
    """What the network was shown."""
    whole_picture: bool = True

    def drawn(self, format: str) -> bytes:
        return write_picture(overlay_map(self.pixels, self.values), format)

    def as_json(self) -> dict[str, Any]:
        values = normalize_map(self.values)
        return {
            "label": self.label,
            "probability": round(self.probability, 6),
            "whole_picture": self.whole_picture,
            "map": [[round(float(value), 4) for value in row] for row in values],
        }


def check_object(model: Model, word: str) -> str:
    """The label that a word means; what the model does not know is refused, the nearest first."""
    return label_for(model, word)
