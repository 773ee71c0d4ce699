"""What a right server would have answered, under the student's own names.

The client notebook is run against it where the student's server may be wrong: its routes are
those of the student's OpenAPI document, its counts those of the reference model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.judging.count_checks import Counter
from countlab.grading.judging.names import CONFIDENCE, NAMES_OF
from countlab.grading.judging.response_numbers import put_number
from countlab.grading.judging.routes import Route, is_count
from countlab.grading.judging.server_response import Answer
from countlab.grading.pictures.reference import Reference

_JSON = {"content-type": "application/json"}


class ReferenceServer:
    """Answers as an `Upstream` of the recorder."""

    def __init__(
        self,
        reference: Reference,
        routes: Sequence[Route],
        counter: Counter | None,
        shape: Any = None,
        openapi: bytes = b"{}",
    ) -> None:
        self._reference, self._counter = reference, counter
        self._routes = routes
        self._shape, self._openapi = shape, openapi

    def __call__(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        _body: bytes,
        _headers: Mapping[str, str],
        picture: bytes | None,
    ) -> Answer:
        if picture is None:
            if path == "/openapi.json":
                return Answer(200, self._openapi, _JSON)
            return Answer(200, b'{"status": "ok"}', _JSON) if method == "GET" else _problem(422)
        confidence = confidence_of(path, query, self._routes)
        try:
            prediction = self._reference.predict(picture, 0.5 if confidence is None else confidence)
        except CountlabError as error:
            return _problem(415, str(error))
        if self._is_count(path):
            wanted = self._object(path, query)
            counts = dict.fromkeys(NAMES_OF, 0)
            for finding in prediction.findings:
                counts[finding.label] = counts.get(finding.label, 0) + 1
            return Answer(
                200, json.dumps(self._shaped(counts[wanted], wanted, counts)).encode(), _JSON
            )
        return Answer(200, prediction.drawn, {"content-type": prediction.picture.media_type})

    def _is_count(self, path: str) -> bool:
        if self._counter is None:
            return is_count(path)
        return self._counter.route.parameters_in(path) is not None

    def _object(self, path: str, query: Mapping[str, str]) -> str:
        words = " ".join((path, *query.values())).lower()
        named = (kind for kind, names in NAMES_OF.items() if any(name in words for name in names))
        return next(named, self._counter.object if self._counter else "orange")

    def _shaped(self, count: int, wanted: str, counts: Mapping[str, int]) -> Any:
        """As the student's own server answers, with the right number in its place."""
        if self._shape is not None and self._counter is not None:
            return put_number(self._shape, self._counter.place, count)
        return {"count": count, "object": wanted, "counts": counts}


def confidence_of(
    path: str, parameters: Mapping[str, str], routes: Sequence[Route]
) -> float | None:
    """The confidence a request states under the name that its server knows."""
    names: Sequence[str] = CONFIDENCE
    stated = dict(parameters)
    for route in routes:
        in_path = route.parameters_in(path)
        if in_path is not None and route.confidence:
            names, stated = (route.confidence.name,), stated | in_path
            break
    for name in names:
        if name in stated:
            try:
                return float(stated[name])
            except ValueError:
                return None
    return None


def _problem(status: int, detail: str = "no picture arrived") -> Answer:
    return Answer(status, json.dumps({"detail": detail}).encode(), _JSON)
