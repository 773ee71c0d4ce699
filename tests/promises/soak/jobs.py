"""The requests of the soak, valid and invalid, and their expected responses.

The expected responses come from a serial run before the load starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from tests.conftest import ROOT

_PICTURES = ROOT / "images"


@dataclass(frozen=True)
class Job:
    """One request and its expected status."""

    path: str
    files: tuple[tuple[str, bytes], ...]
    status: int = 200

    @property
    def is_valid(self) -> bool:
        return self.status == 200

    def prepared(self, url: str) -> requests.PreparedRequest:
        files = [(field, ("x.jpg", data)) for field, data in self.files]
        return requests.Request("POST", url + self.path, files=files).prepare()


def all_jobs() -> list[Job]:
    """One in four is invalid, about as in a careless class."""
    pictures = [path.read_bytes() for path in sorted(_PICTURES.glob("*.jpg"))]
    paths = ["/countObjects?confidence=0.3", "/countOranges", "/predict/single", "/predict"]
    valid = [Job(path, (("file", picture),)) for picture in pictures for path in paths]
    valid.append(Job("/sweep", (("file", pictures[0]),)))
    valid.append(Job("/countObjects?tiles=auto", (("file", pictures[0]),)))
    valid.append(Job("/predict/batch", tuple(("files", picture) for picture in pictures[:3])))
    picture = pictures[0]
    invalid = [
        Job("/countObjects", (("file", b"not a picture at all"),), 415),
        Job("/countObjects", (("file", b""),), 400),
        Job("/countObjects", (("file", picture[: len(picture) // 2]),), 400),
        Job("/countObjects?object=horse", (("file", picture),), 422),
        Job("/countObjects?param=0.9", (("file", picture),), 422),
        Job("/countObjects?model=yolo9", (("file", picture),), 404),
        Job("/countObjects", (("file", bytes(26_000_000)),), 413),
        Job("/countObjects", (("picture", picture),), 422),
    ]
    return valid + invalid * max(1, round(len(valid) / 3 / len(invalid)))


def comparable(response: requests.Response) -> Any:
    """The parts of a response that are equal each time: all but the durations."""
    if response.headers["content-type"].startswith("image/"):
        return len(response.content), response.headers["x-counts"], response.headers["x-warnings"]
    body = response.json()
    for result in [body, *(entry.get("result", {}) for entry in body.get("results", ()))]:
        result.pop("milliseconds", None)
    return json.dumps(body, sort_keys=True)


def serial_run(jobs: list[Job], url: str) -> dict[Job, Any]:
    expected: dict[Job, Any] = {}
    for job in dict.fromkeys(jobs):
        response = requests.Session().send(job.prepared(url), timeout=60)
        if response.status_code != job.status:
            raise SystemExit(f"{job.path}: {response.status_code} instead of {job.status}")
        expected[job] = comparable(response)
    return expected
