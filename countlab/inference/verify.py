"""Verification of a saved answer: the same picture counted again, and everything that differs.

Reads receipts, whole saved answers, sweeps, batches and pages of the history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.inference.answer import CountJson, SweepJson
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.receipt import findings_hash, picture_hash
from countlab.inference.sweep import Sweep
from countlab.options import OPTIONS, PredictOptions

_MAX_BYTES = 50_000_000
_RECEIPT_TEXTS = ("picture_sha256", "model", "engine", "precision", "result_sha256", "version")
_NOT_COMPARED = {"milliseconds", "receipt", "warnings"}  # warnings are compared by their codes
_SHOWN = 200  # characters of a value


@dataclass(frozen=True)
class Saved:
    """A receipt, and the answer that held it (empty where the receipt was saved alone)."""

    receipt: Mapping[str, Any]
    options: PredictOptions
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """A value that was one thing then and is another now."""

    what: str
    then: str
    now: str

    @property
    def matters(self) -> bool:
        """A newer version that counts the same keeps the receipt true."""
        return self.what != "version"


def read_saved(path: Path, picture: bytes) -> Saved:
    """Of several answers saved together, the one about this picture."""
    try:
        if not path.is_file():
            raise ValueError("not a regular file")
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES} bytes")
        document = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
        saved = [_saved(answer) for answer in _answers(document)]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as reason:
        raise CountlabError("not_a_receipt", path=path, reason=_brief(reason)) from reason
    if not saved:
        raise CountlabError("not_a_receipt", path=path, reason="[]")
    digest = picture_hash(picture)
    return next((one for one in saved if one.receipt["picture_sha256"] == digest), saved[0])


def verify(saved: Saved, picture: bytes, pipeline: Pipeline) -> list[Difference]:
    """Nothing, when this picture still gives this answer; else what differs."""
    swept = "stable" in saved.answer
    options = saved.options
    if swept:
        options = replace(options, confidence=pipeline.floor(options))
    prediction = pipeline.predict(picture, options)
    sweep = Sweep(prediction) if swept else None
    prediction = sweep.at_stable if sweep else prediction
    answer = sweep.as_json() if sweep else prediction.as_json()
    differences = _in_receipt(saved.receipt, prediction)
    if saved.receipt["picture_sha256"] == prediction.picture_sha256:  # else all would differ
        differences += _in_answer(saved.answer, {**answer, **_row(prediction)})
    return differences + _in_findings(saved, answer)


def _in_receipt(saved: Mapping[str, Any], now: Prediction) -> list[Difference]:
    names = ("picture_sha256", "model", "engine", "precision", "object", "parameters", "version")
    pairs = [
        (name.removesuffix("_sha256"), saved.get(name), now.receipt[name])
        for name in names
        if name in saved
    ]
    files = now.files_sha256
    pairs += [
        (f"model file ({role})", saved["files_sha256"].get(role), files.get(role))
        for role in sorted({*files, *saved["files_sha256"]})
    ]
    return [Difference(name, _shown(then), _shown(new)) for name, then, new in pairs if then != new]


def _in_answer(saved: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Every member that the saved answer has, but its times and its findings."""
    compared = {name for name in saved if name in now} - _NOT_COMPARED - {"findings"}
    missing = _members(saved) - saved.keys()
    differences = [
        Difference(name, _shown(saved[name]), _shown(now[name]))
        for name in sorted(compared)
        if saved[name] != now[name]
    ]
    differences += [Difference(name, "–", _shown(now[name])) for name in sorted(missing)]
    then, new = _codes(saved.get("warnings", now["warnings"])), _codes(now["warnings"])
    if then != new:
        differences.append(Difference("warnings", _shown(then), _shown(new)))
    return differences


def _members(saved: Mapping[str, Any]) -> set[str]:
    """What an answer of its kind always has; none of a receipt that was saved alone."""
    if not saved:
        return set()
    if "stable" in saved:
        return {"model"}
    row = "picture_sha256" in saved
    return {"count", "counts", "model"} | (set() if row else {"findings", "confidence"})


def _in_findings(saved: Saved, now: CountJson | SweepJson) -> list[Difference]:
    differences = []
    stated, new = saved.receipt["result_sha256"], now["receipt"]["result_sha256"]
    then = saved.answer.get("findings")
    if then is not None:
        written = findings_hash(then)
        if "stable" not in saved.answer and written != stated:
            differences.append(Difference("saved findings (changed since)", stated, written))
        differences += [
            Difference("finding", _finding(finding), "–")
            for finding in then
            if finding not in now["findings"]
        ]
        differences += [
            Difference("finding", "–", _finding(finding))
            for finding in now["findings"]
            if finding not in then
        ]
        if not differences and len(then) != len(now["findings"]):
            differences.append(Difference("findings", str(len(then)), str(len(now["findings"]))))
    if stated != new and not differences:
        differences.append(Difference("result", stated, new))
    return differences


def _row(prediction: Prediction) -> dict[str, Any]:
    """What a row of the history says beside the members of an answer."""
    return {
        "picture_sha256": prediction.picture_sha256,
        "parameters": prediction.options.parameters,
    }


def _answers(document: Any) -> list[Any]:
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if "results" in document:
        entries = [entry for entry in document["results"] if isinstance(entry, dict)]
        return [entry["result"] for entry in entries if "result" in entry]
    return list(document["rows"]) if "rows" in document else [document]


def _saved(answer: Any) -> Saved:
    if not isinstance(answer, dict):
        raise ValueError("an answer must be an object")
    whole = isinstance(answer.get("receipt"), dict)
    receipt = answer["receipt"] if whole else answer
    for name in _RECEIPT_TEXTS:
        if not isinstance(receipt[name], str) or not receipt[name]:
            raise ValueError(f"{name} is not text")
    files, parameters = receipt["files_sha256"], receipt["parameters"]
    if not isinstance(files, dict) or not isinstance(parameters, dict):
        raise ValueError("files_sha256 and parameters must be objects")
    if unknown := set(parameters) - set(OPTIONS):
        raise ValueError(f"unknown parameter {sorted(unknown)[0]}")
    for name in ("findings", "warnings"):
        if whole and not isinstance(answer.get(name, []), list):
            raise ValueError(f"{name} must be a list")
    if whole and not all(isinstance(finding, dict) for finding in answer.get("findings", [])):
        raise ValueError("findings must be objects")
    identity: dict[str, Any] = {name: receipt.get(name) for name in ("model", "engine", "object")}
    try:
        options = PredictOptions(**parameters, **identity)
    except CountlabError as error:
        raise ValueError(str(error)) from error
    return Saved(receipt, options, answer if whole else {})


def _codes(warnings: Any) -> list[str]:
    """Those about the count; `not_recorded` was about the disk of that day."""
    codes = [entry.get("code") if isinstance(entry, dict) else entry for entry in warnings]
    return sorted(str(code) for code in codes if code != "not_recorded")


def _finding(finding: Any) -> str:
    if not isinstance(finding, dict):
        return _shown(finding)
    return _shown(f"{finding.get('label')} {finding.get('confidence')} {finding.get('box')}")


def _shown(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _brief(reason: Exception) -> str:
    if isinstance(reason, KeyError):
        return f"{reason} is missing"
    return str(getattr(reason, "strerror", None) or reason)[:_SHOWN]
