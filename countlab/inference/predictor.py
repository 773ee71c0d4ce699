"""An opened model: an engine and a decoder behind one door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from countlab.engines import WholeDetector, open_engine
from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.imaging.digit_crop import crop_digit
from countlab.imaging.picture import Pixels
from countlab.imaging.resize import Placement, resize_to_input
from countlab.models.catalog import Model
from countlab.tasks import Decoder, main_output
from countlab.tasks.classification import Classification, Classifier, top_finding


class Finder(Protocol):
    """What tiling and sweeping need of a detector."""

    @property
    def floor(self) -> float:
        """Nothing below this confidence is ever found."""
        ...

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]: ...


class Predictor:
    """One model in one engine; safe to use from any number of threads."""

    def __init__(self, engine_name: str, model: Model, files: Mapping[str, Path]) -> None:
        self._engine = open_engine(engine_name, model, files)
        self._model = model
        self.name, self.precision = self._engine.name, self._engine.precision
        self.input_size = self._engine.input_size

    @property
    def floor(self) -> float:
        if isinstance(self._engine, WholeDetector):
            return self._engine.floor
        return self._engine.decoder.floor

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]:
        """The objects in a picture; what lies below the floor is never found."""
        engine = self._engine
        if isinstance(engine, WholeDetector):
            return engine.find(pixels, confidence=confidence, nms=nms)
        decoder = engine.decoder
        if isinstance(decoder, Classifier):
            return top_finding(self.classify(pixels).probabilities, confidence)
        small, placement = self._resized(pixels, decoder)
        (output,) = engine.run(small).values()
        return decoder.decode(
            output,
            self._model,
            placement,
            confidence=max(confidence, decoder.floor),
            nms=nms,
        )

    def classify(self, pixels: Pixels) -> Classification:
        """What a classifier says of the picture."""
        engine = self._engine
        if isinstance(engine, WholeDetector) or not isinstance(engine.decoder, Classifier):
            raise TypeError(f"{self._model.name} is not a classifier")
        view = self._cropped(pixels)
        small, _ = self._resized(view, engine.decoder)
        outputs = dict(engine.run(small))
        main = main_output(engine.outputs)
        assert main is not None
        if not np.isfinite(outputs[main.name]).all():
            raise CountlabError("graph_output_not_finite", model=self._model.name)
        distance, maps = outputs.get("distance"), outputs.get("cam")
        return Classification(
            probabilities=engine.decoder.decode(outputs[main.name], self._model.labels),
            distance=None if distance is None else float(distance.ravel()[0]),
            class_maps=None if maps is None else maps[0],
            view=None if view is pixels else view,
        )

    def tensor(self, pixels: Pixels) -> NDArray[Any]:
        """A picture as the numbers that the graph takes, for calibrating it."""
        engine = self._engine
        if isinstance(engine, WholeDetector):
            raise TypeError(f"{self.name} keeps its network to itself")
        small, _ = self._resized(self._cropped(pixels), engine.decoder)
        return engine.tensor(small)

    @property
    def decoder_name(self) -> str:
        return "yolov3" if isinstance(self._engine, WholeDetector) else self._engine.decoder.name

    def _cropped(self, pixels: Pixels) -> Pixels:
        if self._model.preprocessing.crop != "digit":
            return pixels
        return np.repeat(crop_digit(pixels)[:, :, None], 3, axis=2)

    def _resized(self, pixels: Pixels, decoder: Decoder) -> tuple[Pixels, Placement]:
        mode = self._model.preprocessing.resize or decoder.resize
        return resize_to_input(pixels, self.input_size, mode)
