"""Saved answers, as a file holds them: receipts, whole answers, sweeps, batches, history pages.

Reads what strangers may have written: from regular files of a bounded size, and nothing that
could be read in two ways (a member that comes twice, numbers that are none).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from countlab.errors import CountlabError
from countlab.inference.receipt import picture_hash
from countlab.options import OPTIONS, PredictOptions
from countlab.system.regular_file import read_regular

_MAX_BYTES = 50_000_000
_MAX_ANSWERS = 1_000
_RECEIPT_TEXTS = ("picture_sha256", "model", "engine", "precision", "result_sha256", "version")
_SHOWN = 200  # characters of a reason

Kind = Literal["receipt", "answer", "sweep", "row"]


@dataclass(frozen=True)
class Saved:
    """One of them: the whole document (the receipt itself, where it was saved alone)."""

    document: Mapping[str, Any]
    receipt: Mapping[str, Any]
    options: PredictOptions

    @property
    def kind(self) -> Kind:
        if self.document is self.receipt:
            return "receipt"
        if "stable" in self.document:
            return "sweep"
        return "row" if "picture_sha256" in self.document else "answer"


def read_saved(path: Path, picture: bytes) -> list[Saved]:
    """Of several answers saved together, all about this picture; else the first one."""
    try:
        text = read_regular(path, max_bytes=_MAX_BYTES).decode("utf-8")
        document = json.loads(text, parse_constant=_refuse, object_pairs_hook=_members)
        saved = [_saved(answer) for answer in _answers(document)]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as reason:
        raise CountlabError("not_a_receipt", path=path, reason=_brief(reason)) from reason
    if not saved:
        raise CountlabError("not_a_receipt", path=path, reason="[]")
    digest = picture_hash(picture)
    return [answer for answer in saved if answer.receipt["picture_sha256"] == digest] or saved[:1]


def _answers(document: Any) -> list[Any]:
    """Those of a batch or a page; what else stands there would be read, but not compared."""
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    if "results" in document:
        _check_members(document, {"results"})
        entries = list(document["results"])
        for entry in entries:
            _check_members(entry, {"name", "result" if "result" in entry else "problem"})
        answers = [entry["result"] for entry in entries if "result" in entry]
    elif "rows" in document:
        _check_members(document, {"rows", "next"})
        answers = list(document["rows"])
    else:
        answers = [document]
    if len(answers) > _MAX_ANSWERS:
        raise ValueError(f"more than {_MAX_ANSWERS} answers")
    return answers


def _check_members(entry: Any, known: set[str]) -> None:
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    if unknown := sorted(set(entry) - known):
        raise ValueError(f"unknown member {unknown[0]}")


def _saved(document: Any) -> Saved:
    if not isinstance(document, dict):
        raise ValueError("an answer must be an object")
    receipt = document["receipt"] if isinstance(document.get("receipt"), dict) else document
    for name in _RECEIPT_TEXTS:
        if not isinstance(receipt[name], str) or not receipt[name]:
            raise ValueError(f"{name} is not text")
    files, parameters = receipt["files_sha256"], receipt["parameters"]
    if not isinstance(files, dict) or not isinstance(parameters, dict):
        raise ValueError("files_sha256 and parameters must be objects")
    if unknown := set(parameters) - set(OPTIONS):
        raise ValueError(f"unknown parameter {sorted(unknown)[0]}")
    if document is not receipt:
        for name in ("findings", "warnings"):
            if not isinstance(document.get(name, []), list):
                raise ValueError(f"{name} must be a list")
        if not all(isinstance(finding, dict) for finding in document.get("findings", [])):
            raise ValueError("findings must be objects")
    identity: dict[str, Any] = {name: receipt.get(name) for name in ("model", "engine", "object")}
    try:
        options = PredictOptions(**parameters, **identity)
    except CountlabError as error:
        raise ValueError(str(error)) from error
    return Saved(document, receipt, options)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a member comes twice")
    return document


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _brief(reason: Exception) -> str:
    if isinstance(reason, KeyError):
        return f"{reason} is missing"
    return str(getattr(reason, "strerror", None) or reason)[:_SHOWN]
