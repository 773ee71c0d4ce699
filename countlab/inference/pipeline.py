"""The pipeline: bytes → picture → findings → `Prediction`.

The models are held by `open_models`. Knows nothing of HTTP.
"""

from __future__ import annotations

import time
from dataclasses import replace

from countlab.engines import check_engine
from countlab.imaging.picture import Picture
from countlab.inference.looking import look, reader
from countlab.inference.open_models import OpenedModel, OpenModels
from countlab.inference.prediction import Prediction, check_object
from countlab.inference.receipt import picture_hash
from countlab.models.catalog import Catalog
from countlab.models.evidence import LOWEST
from countlab.models.store import Store
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.deadline import check_deadline


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
        self._models = OpenModels(self.settings, guarded=guarded)
        self._read_picture = reader(self.settings, guarded=guarded)

    @property
    def catalog(self) -> Catalog:
        """As the folders are now: a model dropped into one is there at once."""
        return self._models.catalog

    @property
    def store(self) -> Store:
        """The models' files on this disk."""
        return self._models.store

    @property
    def opened(self) -> list[str]:
        """Names of models."""
        return self._models.names

    @property
    def default_is_open(self) -> bool:
        return (self.engine, self.settings.default_model) in self._models

    def open_default(self) -> None:
        """Opens the model of requests that name none, ahead of the first of them."""
        self.open(PredictOptions(), wait=True)

    def floor(self, options: PredictOptions) -> float:
        """The lowest confidence at which anything is found."""
        return self.open(options).predictor.floor

    def close(self) -> None:
        """Lets go of the models; the next request opens its model again."""
        self._models.clear()

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
        """The model that was asked for; requests to a server do not `wait` until it is fetched."""
        engine = check_engine(options.engine or self.engine)
        return self._models.open(engine, options.model or self.settings.default_model, wait=wait)
