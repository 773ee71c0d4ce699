"""A receipt checked: the same picture counted again, and everything that differs told.

Reads receipts, whole saved answers and pages of the history: all of them hold receipts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from countlab.asked import Asked
from countlab.errors import CountlabError
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.receipt import picture_hash, result_hash_of_answer


class Parameters(BaseModel):
    confidence: float
    nms: float | None = None
    tiles: str | int | None = None


class Receipt(BaseModel):
    """As `Prediction.receipt` writes it; what a file holds may be anything."""

    picture_sha256: str
    model: str
    files_sha256: dict[str, str]
    engine: str
    precision: str
    parameters: Parameters
    object: str | None = None
    result_sha256: str
    version: str


@dataclass(frozen=True)
class Difference:
    """What was one thing then and is another one now."""

    what: str
    then: str
    now: str

    @property
    def matters(self) -> bool:
        """A newer version that counts the same keeps the receipt true."""
        return self.what != "version"


class Saved(BaseModel):
    """A receipt, and the findings where a whole answer was saved."""

    receipt: Receipt
    findings: list[dict[str, Any]] | None = None


def read_saved(path: Path, picture: bytes) -> Saved:
    """Of several saved together (a batch, a page of the history), the one about this picture."""
    try:
        found = [_saved(answer) for answer in _answers(json.loads(path.read_text("utf-8")))]
    except (OSError, ValueError, TypeError) as reason:
        raise CountlabError("not_a_receipt", path=path, reason=_brief_reason(reason)) from reason
    if not found:
        raise CountlabError("not_a_receipt", path=path, reason="[]")
    digest = picture_hash(picture)
    same = [saved for saved in found if saved.receipt.picture_sha256 == digest]
    return [*same, *found][0]


def _answers(document: Any) -> list[Any]:
    if "results" in document:
        return [entry["result"] for entry in document["results"] if "result" in entry]
    return list(document["rows"]) if "rows" in document else [document]


def _saved(answer: Any) -> Saved:
    if "receipt" not in answer:
        return Saved(receipt=Receipt.model_validate(answer))
    swept = "stable" in answer  # its findings are those of every confidence
    return Saved.model_validate({**answer, "findings": None} if swept else answer)


def _brief_reason(reason: Exception) -> str:
    if isinstance(reason, ValidationError):
        first = reason.errors()[0]
        return f"{'.'.join(map(str, first['loc']))} ({first['msg']})"
    return getattr(reason, "strerror", None) or str(reason)


def verify(saved: Saved, picture: bytes, pipeline: Pipeline) -> list[Difference]:
    """Nothing, when this picture still gives this result; else what differs."""
    receipt = saved.receipt
    given = receipt.parameters.model_dump(exclude_none=True)
    asked = {"model": receipt.model, "engine": receipt.engine, **given}
    now = pipeline.predict(picture, **cast(Asked, asked))
    if receipt.object:
        now = now.of(receipt.object)
    plain = ("picture_sha256", "engine", "precision", "version")
    pairs = [
        (name.removesuffix("_sha256"), getattr(receipt, name), now.receipt[name]) for name in plain
    ]
    pairs += [
        (f"model file ({role})", receipt.files_sha256.get(role, "–"), digest)
        for role, digest in now.files_sha256.items()
    ]
    differences = [Difference(what, then, new) for what, then, new in pairs if then != new]
    return differences + _about_result(saved, now)


def _about_result(saved: Saved, now: Prediction) -> list[Difference]:
    told, new = saved.receipt.result_sha256, now.receipt["result_sha256"]
    differences = []
    if saved.findings is not None:
        written = result_hash_of_answer(saved.findings)
        if written != told:
            differences.append(Difference("saved findings (changed since)", told, written))
        differences += _about_findings(saved.findings, [f.as_json() for f in now.findings])
    if told != new and not differences:
        differences.append(Difference("result", told, new))
    return differences


def _about_findings(then: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[Difference]:
    gone = [_brief(finding) for finding in then if finding not in now]
    new = [_brief(finding) for finding in now if finding not in then]
    return [Difference("finding", finding, "–") for finding in gone] + [
        Difference("finding", "–", finding) for finding in new
    ]


def _brief(finding: dict[str, Any]) -> str:
    return f"{finding.get('label')} {finding.get('confidence')} {finding.get('box')}"
