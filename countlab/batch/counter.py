"""The counter of a worker: an address, or bytes, becomes a row; what ends a run is raised."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

from countlab.batch import storage
from countlab.batch.rows import Row, about_run, error_row, row_of
from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.receipt import picture_hash
from countlab.models.labels import label_for
from countlab.options import PredictOptions
from countlab.settings import Settings


class PictureCounter:
    """One model, opened once. What strangers' files may do is bounded as in a server."""

    def __init__(self, options: PredictOptions, settings: Settings) -> None:
        self._settings = settings
        self._pipeline = Pipeline(settings, guarded=True)
        opened = self._pipeline.open(options, wait=True)
        if options.object:
            options = replace(options, object=label_for(opened.model, options.object))
        self._options = replace(options, model=opened.model.name)
        self._receipt: dict[str, Any] | None = None
        self.facts = {
            "model": opened.model.name,
            "engine": opened.predictor.name,
            "precision": opened.predictor.precision,
            "files_sha256": dict(opened.files_sha256),
        }
        """What all pictures of a run must have been counted with."""

    def read(self, address: str) -> bytes | CountlabError:
        """A picture that is not there is a row like others; a storage that is away ends the run."""
        try:
            return storage.read(address, most=self._settings.max_bytes + 1)
        except OSError as reason:
            error = CountlabError("no_such_file", path=address)
            error.__cause__ = reason
            return error

    def count(self, name: str, data: bytes | CountlabError) -> Row:
        if isinstance(data, CountlabError):
            return self._failed(name, data, b"")
        try:
            prediction = self._pipeline.predict(data, self._options)
            if dict(prediction.files_sha256) != self.facts["files_sha256"]:
                raise CountlabError("model_changing", model=self.facts["model"], retry_after_s=1)
            if self._receipt is None:
                self._receipt = about_run(prediction)
            return row_of(name, prediction)
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            return self._failed(name, error, data)
        except Exception as reason:  # a fault of ours with one picture does not end ten million
            text = f"{type(reason).__name__}: {reason}"
            return self._failed(name, CountlabError("picture_failed", reason=text), data)

    def _failed(self, name: str, error: CountlabError, data: bytes) -> Row:
        sha256 = picture_hash(data) if 0 < len(data) <= self._settings.max_bytes else ""
        return error_row(name, error, sha256=sha256, language=self._settings.language)

    def receipt(self) -> dict[str, Any]:
        """What the receipts of all pictures have in common, from a picture made for that."""
        if self._receipt is None:
            import numpy as np

            from countlab.imaging.picture import write_picture

            blank = write_picture(np.full((32, 32, 3), 255, np.uint8), "JPEG")
            self._receipt = about_run(self._pipeline.predict(blank, self._options))
        return self._receipt


def packed(row: Row) -> bytes:
    return pickle.dumps(row, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Row:
    row: Row = pickle.loads(data)
    return row
