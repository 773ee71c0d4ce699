"""The pipeline of a server, plus optional storage of uploads."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from countlab.errors import CountlabError
from countlab.imaging.picture import Picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.sweep import Sweep
from countlab.models.catalog import Model
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.private_files import make_private_folder, write_private_file

if TYPE_CHECKING:
    from countlab.server.rollout import Rollout

_KEPT_AT_MOST = 100
_KEPT = re.compile(r"\d{8}-\d{6}-\d{9}-[0-9a-f]{12}\.[a-z]+")
_COMPILED_WITHIN_S = 5.0

log = logging.getLogger("countlab.lab")


class Lab:
    """`lab.predict(data, options)` is the whole work of a counting route."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: str | None = None,
        keep: Path | None = None,
    ) -> None:
        self.pipeline = Pipeline(settings, engine=engine, guarded=True)
        self._not_loaded = CountlabError("still_loading", retry_after_s=2)
        self._loading: threading.Thread | None = None
        self.rollout: Rollout | None = None
        self._keep = keep
        self._keeping = threading.Lock()

    def load(self) -> None:
        """Begins to open the model of those who name none, so that the first of them waits less."""
        self._loading = threading.Thread(target=self._load, name="loading", daemon=True)
        self._loading.start()

    def close(self) -> None:
        """Lets go of the models: what OpenVINO still holds when a process ends can crash it.

        What is being compiled is waited for; fetching a model, which may take minutes, is not.
        """
        if self._loading is not None:
            self._loading.join(_COMPILED_WITHIN_S)
        if self.rollout is not None:
            self.rollout.close()
        self.pipeline.close()

    def _load(self) -> None:
        try:
            self.pipeline.open_default()
        except CountlabError as error:
            self._not_loaded = error

    @property
    def not_ready(self) -> CountlabError | None:
        """Why the model of those who name none cannot be used yet."""
        return None if self.pipeline.default_is_open else self._not_loaded

    def find_model(self, options: PredictOptions) -> Model:
        """The model that the options name, or the default one."""
        return self.pipeline.catalog.find(options.model or self.pipeline.settings.default_model)

    def predict(self, data: bytes, options: PredictOptions | None = None) -> Prediction:
        predict = self.rollout.predict if self.rollout else self.pipeline.predict
        prediction = predict(data, options)
        if self._keep is not None:
            self._keep_picture(data, prediction.picture, self._keep)
        return prediction

    def sweep(self, data: bytes, options: PredictOptions | None = None) -> Sweep:
        """The count at every confidence, from one pass at the engine's floor."""
        options = options or PredictOptions()
        floor = self.pipeline.floor(options)
        return Sweep(self.predict(data, replace(options, confidence=floor)))

    def _keep_picture(self, data: bytes, picture: Picture, folder: Path) -> None:
        """Under a name of our own making; what a client calls its file is never a path here.

        Only such names are ever deleted again: the folder may be one in which a person has more.
        """
        kind = picture.format.lower()
        digest = hashlib.sha256(data).hexdigest()[:12]
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**9:09d}-{digest}.{kind}"
        try:
            with self._keeping:
                make_private_folder(folder)
                write_private_file(folder / name, data)
                kept = sorted(path for path in folder.iterdir() if _KEPT.fullmatch(path.name))
                for oldest in kept[:-_KEPT_AT_MOST]:
                    oldest.unlink(missing_ok=True)
        except OSError as reason:  # the count is right all the same
            log.warning("a picture could not be kept: %s", reason)
