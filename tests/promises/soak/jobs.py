"""What the clients ask for, good and bad, and what each answer must be.

The truth is asked once for each job, one after the other, before there is any load.
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
    """One request; `good` ones count, the others must be refused with this status."""

    path: str
    files: tuple[tuple[str, bytes], ...]
    status: int = 200

    @property
    def good(self) -> bool:
        return self.status == 200

    def prepared(self, url: str) -> requests.PreparedRequest:
        files = [(field, ("x.jpg", data)) for field, data in self.files]
        return requests.Request("POST", url + self.path, files=files).prepare()


def all_jobs() -> list[Job]:
    """As many bad ones as a careless class sends: one in four."""
    pictures = [path.read_bytes() for path in sorted(_PICTURES.glob("*.jpg"))]
    paths = ["/countObjects?confidence=0.3", "/countOranges", "/predict/single", "/predict"]
    good = [Job(path, (("file", picture),)) for picture in pictures for path in paths]
    good.append(Job("/sweep", (("file", pictures[0]),)))
    good.append(Job("/countObjects?tiles=auto", (("file", pictures[0]),)))
    good.append(Job("/predict/batch", tuple(("files", picture) for picture in pictures[:3])))
    whole = pictures[0]
    bad = [
        Job("/countObjects", (("file", b"not a picture at all"),), 415),
        Job("/countObjects", (("file", b""),), 400),
        Job("/countObjects", (("file", whole[: len(whole) // 2]),), 400),
        Job("/countObjects?object=horse", (("file", whole),), 422),
        Job("/countObjects?param=0.9", (("file", whole),), 422),
        Job("/countObjects?model=yolo9", (("file", whole),), 404),
        Job("/countObjects", (("file", bytes(11_000_000)),), 413),
        Job("/countObjects", (("picture", whole),), 422),
    ]
    return good + bad * max(1, round(len(good) / 3 / len(bad)))


def essence(answer: requests.Response) -> Any:
    """What must be the same each time: everything but how long it took."""
    if answer.headers["content-type"].startswith("image/"):
        return len(answer.content), answer.headers["x-counts"], answer.headers["x-warnings"]
    told = answer.json()
    for one in [told, *(entry.get("result", {}) for entry in told.get("results", ()))]:
        one.pop("milliseconds", None)
    return json.dumps(told, sort_keys=True)


def serial_truth(jobs: list[Job], url: str) -> dict[Job, Any]:
    truth: dict[Job, Any] = {}
    for job in dict.fromkeys(jobs):
        answer = requests.Session().send(job.prepared(url), timeout=60)
        if answer.status_code != job.status:
            raise SystemExit(f"{job.path}: {answer.status_code} instead of {job.status}")
        truth[job] = essence(answer)
    return truth
