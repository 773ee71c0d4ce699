"""Verification of a saved answer: the same picture counted again, and everything that differs.

Compared is every member at every depth, in both directions: what the answer says and this count
does not, and the other way round. Not compared are what only that day knew: how long it took, and
in rows of the history who asked, when, and what the file was called.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from countlab.findings import CountWarning
from countlab.inference.lab_members import lab_members
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.receipt import findings_hash
from countlab.inference.saved_answers import Saved
from countlab.inference.sweep import Sweep
from countlab.messages import LANGUAGES
from countlab.models.lab_answer import LabAnswer

_ABSENT = object()
_OF_THAT_DAY = {"id", "time", "request_id", "key_name", "filename"}  # of a row
_ESSENTIAL = {"count", "counts", "findings", "confidence", "model", "stable", "steps", "steady"}
_LOST_ROW = "not_recorded"  # a warning about the disk of that day
_SHOWN = 200  # characters of a value
_REPR = reprlib.Repr()
_REPR.maxdict = _REPR.maxlist = 20
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = _SHOWN


@dataclass(frozen=True)
class Difference:
    """A value that was one thing then and is another now."""

    what: str
    then: str
    now: str
    matters: bool = True
    """A newer version that counts the same keeps the receipt true."""


@dataclass(frozen=True)
class _Now:
    """What the same picture gives now, in the shape of what was saved."""

    document: Mapping[str, Any]
    receipt: Mapping[str, Any]
    warnings: Sequence[CountWarning]
    findings: Sequence[Any]


def verify(saved: Iterable[Saved], picture: bytes, pipeline: Pipeline) -> list[Difference]:
    """Nothing, when this picture still gives these answers; else what differs."""
    counted: dict[object, Prediction] = {}
    differences: dict[Difference, None] = {}
    for answer in saved:
        options = answer.options
        if answer.kind == "sweep":
            options = replace(options, confidence=pipeline.floor(options))
        if options not in counted:
            counted[options] = pipeline.predict(picture, options)
        differences.update(dict.fromkeys(_differences(answer, counted[options])))
    return list(differences)


def _differences(saved: Saved, prediction: Prediction) -> Iterator[Difference]:
    now = _now(saved, prediction)
    same_version = saved.receipt["version"] == now.receipt["version"]
    yield from _in_receipt(saved.receipt, now.receipt)
    findings = list(_in_findings(saved, now))
    yield from findings
    old_result, new_result = (each.receipt["result_sha256"] for each in (saved, now))
    if old_result != new_result and not findings:
        yield Difference("result", _shown(old_result), _shown(new_result))
    another_picture = saved.receipt["picture_sha256"] != now.receipt["picture_sha256"]
    if saved.kind == "receipt" or another_picture:  # of another picture all would differ
        return
    then = saved.document
    shown = {"receipt", "warnings"} | ({"findings"} if saved.kind != "row" else set())
    for name in sorted({*then, *now.document} - shown):
        old, new = then.get(name, _ABSENT), now.document.get(name, _ABSENT)
        if saved.kind == "row" and name in _OF_THAT_DAY:
            continue
        if name == "milliseconds":
            if not _are_durations(old, new):
                yield Difference(name, _shown(old), _shown(new))
        elif not _equal(old, new):
            # An older version did not say everything that this one says.
            older = not same_version and old in (_ABSENT, None) and name not in _ESSENTIAL
            yield Difference(name, _shown(old), _shown(new), matters=not older)
    if not _same_warnings(saved, now.warnings, texts=same_version):
        codes = sorted(warning.code for warning in now.warnings)
        yield Difference("warnings", _shown(then.get("warnings", _ABSENT)), _shown(codes))


def _now(saved: Saved, prediction: Prediction) -> _Now:
    sweep = Sweep(prediction) if saved.kind == "sweep" else None
    counted = sweep.at_stable if sweep else prediction
    document: dict[str, Any] = dict(sweep.as_json() if sweep else prediction.as_json())
    findings = document["findings"]
    if saved.kind == "row":
        document = _row(prediction, document)
    elif prediction.classification and set(saved.document) - set(document):
        names = prediction.model.answer or LabAnswer()
        document |= lab_members(names, prediction)
        if _is_duration(saved.document.get(names.seconds)):
            document[names.seconds] = saved.document[names.seconds]
    document, receipt = (json.loads(json.dumps(each)) for each in (document, counted.receipt))
    return _Now(document, receipt, counted.warnings, json.loads(json.dumps(findings)))


def _row(prediction: Prediction, answer: Mapping[str, Any]) -> dict[str, Any]:
    """As the history keeps it."""
    kept = ("model", "engine", "precision", "object", "count", "counts", "milliseconds")
    return {
        **{name: answer[name] for name in kept},
        "picture_sha256": prediction.picture_sha256,
        "parameters": prediction.options.parameters,
        "likely": prediction.likely,
        "mean_confidence": prediction.mean_confidence,
    }


def _in_receipt(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    files = "files_sha256"
    for name in sorted({*then, *now} - {files, "result_sha256"}):
        old, new = then.get(name, _ABSENT), now.get(name, _ABSENT)
        if not _equal(old, new):
            what = name.removesuffix("_sha256")
            yield Difference(what, _shown(old), _shown(new), matters=name != "version")
    for role in sorted({*then[files], *now[files]}):
        old, new = then[files].get(role, _ABSENT), now[files].get(role, _ABSENT)
        if not _equal(old, new):
            yield Difference(f"model file ({_shown(role)})", _shown(old), _shown(new))


def _in_findings(saved: Saved, now: _Now) -> Iterator[Difference]:
    if saved.kind in ("receipt", "row"):
        return
    then: Any = saved.document.get("findings", _ABSENT)
    if then is _ABSENT:
        yield Difference("findings", _shown(then), str(len(now.findings)))
        return
    stated, written = saved.receipt["result_sha256"], findings_hash(then)
    if saved.kind != "sweep" and written != stated:
        yield Difference("saved findings (changed since)", _shown(stated), written)
    if _equal(then, now.findings):
        return
    gone = [finding for finding in then if not _holds(now.findings, finding)]
    come = [finding for finding in now.findings if not _holds(then, finding)]
    for finding in gone[:_SHOWN]:
        yield Difference("finding", _finding(finding), "–")
    for finding in come[:_SHOWN]:
        yield Difference("finding", "–", _finding(finding))
    if not gone and not come:  # one comes twice, or they are in another order
        yield Difference("findings", _shown(then), _shown(now.findings))


def _holds(findings: Sequence[Any], finding: Any) -> bool:
    return any(_equal(finding, other) for other in findings)


def _same_warnings(saved: Saved, now: Sequence[CountWarning], *, texts: bool) -> bool:
    """Codes in rows, else the sentences too, all in one language; other versions word them anew."""
    then = saved.document.get("warnings")
    codes = [warning.code for warning in now]
    if saved.kind == "row":
        return _equal(then, codes)
    if not isinstance(then, list) or not all(isinstance(entry, dict) for entry in then):
        return False
    if not texts:
        return _equal(
            [entry.get("code") for entry in then if entry.get("code") != _LOST_ROW], codes
        )
    lost = CountWarning(_LOST_ROW)
    return any(
        _equal(then, expected) or _equal(then, [*expected, lost.as_json(language)])
        for language in LANGUAGES
        for expected in [[warning.as_json(language) for warning in now]]
    )


def _are_durations(then: Any, now: Any) -> bool:
    """Times differ; they are the same ones, and numbers."""
    return (
        isinstance(then, dict)
        and isinstance(now, dict)
        and then.keys() == now.keys()
        and all(map(_is_duration, then.values()))
    )


def _is_duration(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < math.inf


def _equal(then: Any, now: Any) -> bool:
    """As JSON: `true` is not 1, 3 is 3.0, and members have no order."""
    if isinstance(then, dict) and isinstance(now, dict):
        return then.keys() == now.keys() and all(_equal(then[name], now[name]) for name in now)
    if isinstance(then, list) and isinstance(now, list):
        return len(then) == len(now) and all(map(_equal, then, now))
    if isinstance(then, bool) or isinstance(now, bool):
        return then is now
    return bool(then == now)


def _finding(finding: Any) -> str:
    if not isinstance(finding, dict):
        return _shown(finding)
    return _shown(" ".join(_shown(finding.get(name)) for name in ("label", "confidence", "box")))


def _shown(value: Any) -> str:
    """Short, and without characters that do something to a terminal."""
    if value is _ABSENT or value is None:
        return "–"
    text = value[: _SHOWN + 1] if isinstance(value, str) else _REPR.repr(value)
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
