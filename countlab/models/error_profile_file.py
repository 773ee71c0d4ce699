"""The counting error that was measured of a model, kept as a file beside it.

A measurement belongs to the very files it was made with: another network, other weights or other
labels of the same name inherit nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.models.download import sha256_of
from countlab.models.error_profile import ErrorProfile, Steps


def load_error_profile(model: Model, precision: str, home: Path) -> ErrorProfile | None:
    """What was measured of this very model: by the person here, or else what came with it."""
    for path in (
        home / "errors" / f"{model.name}-{precision}.json",
        model.folder / f"counting-error-{precision}.json",
    ):
        error = _read(path, path.stat().st_mtime_ns) if path.is_file() else None
        if error and error.precision == precision and error.files == files_of(model):
            return error
    return None


def save(error: ErrorProfile, model: Model, home: Path) -> Path:
    """Beside a person's own model; for any other model in the person's home."""
    own = model.folder / f"counting-error-{error.precision}.json"
    path = (
        own if model.origin == "own" else home / "errors" / f"{model.name}-{error.precision}.json"
    )
    text = json.dumps(error.as_json(), indent=1, ensure_ascii=False)
    in_lines = re.sub(
        r"\[\s+\[.*?\]\s+\]", lambda found: re.sub(r"\s", "", found[0]), text, flags=re.S
    )
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(in_lines + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as reason:
        raise CountlabError("cannot_write", path=path, reason=reason.strerror) from reason
    return path


def files_of(model: Model) -> dict[str, str]:
    """The SHA-256 of everything that decides a count: the network, its weights, its labels."""
    stated = {model.folder / file.name: file.sha256 for file in model.files.values()}
    return {
        path.name: sha256 or _sha256_now(path)
        for path, sha256 in {**stated, model.labels_file: stated.get(model.labels_file)}.items()
    }


def _sha256_now(path: Path) -> str:
    if not path.is_file():
        return "not here"
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=64)
def _read(path: Path, _mtime_ns: int) -> ErrorProfile | None:
    """A file that is damaged measured nothing: counting goes on without it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return ErrorProfile(
            model=found["model"],
            precision=found["precision"],
            nms=found["nms"],
            files=found["files"],
            measured_on=found["measured_on"],
            pictures=found["pictures"],
            labels={label: _steps(steps) for label, steps in found["labels"].items()},
            everything=_steps(found["everything"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _steps(found: Mapping[str, Sequence[Sequence[int]]]) -> Steps:
    return {
        float(step): tuple((int(seen), int(true), int(number)) for seen, true, number in tallies)
        for step, tallies in found.items()
    }
