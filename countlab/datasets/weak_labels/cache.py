"""Answers that were paid for, kept by picture, model and question: nothing is asked twice."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import NamedTuple

from countlab.datasets.lines import append_line, read_lines

ANSWERS = ".answers.ndjson"


class Answer(NamedTuple):
    """What a model said, and the tokens that it took."""

    said: str
    tokens_in: int = 0
    tokens_out: int = 0


class AnswerCache:
    """A file in the dataset's folder; each answer is on disk before the next is asked for."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / ANSWERS, threading.Lock()
        self._answers = {
            line["key"]: Answer(line["said"], line["tokens_in"], line["tokens_out"])
            for line in read_lines(self._path)
        }

    def get(self, key: str) -> Answer | None:
        return self._answers.get(key)

    def put(self, key: str, answer: Answer) -> None:
        with self._lock:
            self._answers[key] = answer
            append_line(self._path, {"key": key, **answer._asdict()})


def answer_key(picture: bytes, model: str, instruction: str) -> str:
    parts = (hashlib.sha256(picture).hexdigest(), model, instruction)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
