"""`RemotePipeline`: the pipeline of a server whose models are open in other processes, on Ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from ray.exceptions import RayActorError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from countlab.engines import check_engine
from countlab.errors import CountlabError
from countlab.findings import CountWarning
from countlab.imaging.picture import Picture, Pixels
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.deadline import check_deadline, remaining_s

OTHER_MODELS = "other-models"
"""The deployment of models that have none of their own, such as one dropped into the folder."""
_MOST_TRIES = 2
_RETRY_AFTER_S = 2
_LONGEST_S = 600.0  # without a deadline, such as when a model is opened ahead

_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


class UndecodedPicture(Picture):
    """A picture whose pixels stayed where it was looked at; decoded here if it is to be drawn."""

    def __init__(self, data: bytes, seen: SeenPicture, read: Callable[[bytes], Picture]) -> None:
        self.__dict__ |= {
            "format": seen.format,
            "warnings": seen.warnings,
            "_size": seen.size,
            "_decode": partial(read, data),
        }

    @cached_property
    def pixels(self) -> Pixels:
        decode: Callable[[], Picture] = self.__dict__["_decode"]
        return decode().pixels

    @property
    def width(self) -> int:
        return int(self.__dict__["_size"][0])

    @property
    def height(self) -> int:
        return int(self.__dict__["_size"][1])


@dataclass(frozen=True)
class SeenPicture:
    """What a replica says of a picture beside its findings."""

    size: tuple[int, int]
    format: str
    warnings: tuple[CountWarning, ...]


def without_pixels(prediction: Prediction) -> tuple[Prediction, SeenPicture]:
    """Megabytes that most answers have no use for stay where they are."""
    picture = prediction.picture
    seen = SeenPicture((picture.width, picture.height), picture.format, picture.warnings)
    return replace(prediction, picture=replace(picture, pixels=_NO_PIXELS)), seen


class RemotePipeline(Pipeline):
    """Catalog and settings are here; pictures go to the deployment of their model and come back as
    predictions."""

    def __init__(
        self, settings: Settings, handles: Mapping[str, Any], *, engine: str | None = None
    ) -> None:
        super().__init__(settings, engine=engine, guarded=True)
        self._handles = handles
        self._answered: set[str] = set()

    @property
    def opened(self) -> list[str]:
        """Those that have answered."""
        return sorted(self._answered)

    @property
    def default_is_open(self) -> bool:
        return self.settings.default_model in self._answered

    def open_default(self) -> None:
        self.floor(PredictOptions())

    def floor(self, options: PredictOptions) -> float:
        floor: float = self._ask(options, lambda handle: handle.floor.remote(options))
        return floor

    def predict(self, data: bytes, options: PredictOptions | None = None) -> Prediction:
        asked = options or PredictOptions()
        prediction, seen = self._ask(asked, lambda handle: handle.predict.remote(data, asked))
        picture = UndecodedPicture(data, seen, self.read_picture)
        answer: Prediction = replace(prediction, picture=picture)
        return answer

    def _ask(self, options: PredictOptions, send: Callable[[Any], Any]) -> Any:
        """The answer of a replica. One that ends at work is replaced, and asked once more."""
        check_engine(options.engine or self.engine)
        name = options.model or self.settings.default_model
        self.catalog.find(name)
        handle = self._handles.get(name) or self._handles[OTHER_MODELS]
        for tries in range(1, _MOST_TRIES + 1):
            check_deadline()
            try:
                answer = send(handle).result(timeout_s=remaining_s(default=_LONGEST_S))
            except BackPressureError as full:
                raise CountlabError(
                    "too_busy", inside=full.args[0], retry_after_s=_RETRY_AFTER_S
                ) from full
            except DeploymentUnavailableError as reason:
                raise CountlabError("still_loading", retry_after_s=_RETRY_AFTER_S) from reason
            except TimeoutError as reason:
                check_deadline()
                raise CountlabError("still_loading", retry_after_s=_RETRY_AFTER_S) from reason
            except RayActorError as reason:
                if tries == _MOST_TRIES:
                    raise CountlabError("picture_ended_process", status="-") from reason
            except RayTaskError as reason:
                raise reason.cause from reason
            else:
                if isinstance(answer, CountlabError):
                    raise answer
                self._answered.add(name)
                return answer
        raise AssertionError
