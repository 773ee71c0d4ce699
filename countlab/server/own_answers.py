"""Earlier answers of this server, sent back to it: told from others by their signature."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.server.middleware.form import FormRequest, FormRoute
from countlab.server.signatures import Signer

MAX_ANSWER_BYTES = 600_000
_MAX_FINDINGS = 2000


@dataclass(frozen=True)
class OwnAnswer:
    """What this server once answered about a picture."""

    content: dict[str, Any]

    @property
    def findings(self) -> tuple[Finding, ...]:
        entries = self.content["findings"]
        seconds = self.content.get("second_labels") or [None] * len(entries)
        return tuple(
            Finding(
                entry["label"],
                entry["confidence"],
                entry["box"] and Box(*entry["box"]),
                second and (second["label"], second["confidence"]),
            )
            for entry, second in zip(entries, seconds, strict=True)
        )

    @property
    def floor(self) -> float:
        """The lowest confidence of its findings."""
        steps = self.content.get("steps")
        return float(steps[0]["confidence"] if steps else self.content["confidence"])

    def is_about(self, picture_sha256: str) -> bool:
        return bool(self.content["receipt"]["picture_sha256"] == picture_sha256)


def read_own_answer(request: Request, answer: str, signature: str) -> OwnAnswer:
    """The answer, if it is signed by this server; `answer_not_signed` otherwise."""
    signer: Signer = request.app.state.signer
    if not signer.is_own(answer.encode("utf-8", "replace"), signature):
        raise CountlabError("answer_not_signed")
    own = OwnAnswer(json.loads(answer))
    number = len(own.content["findings"])
    if number > _MAX_FINDINGS:
        raise CountlabError("answer_too_large", arrived=number, allowed=_MAX_FINDINGS)
    return own


class _AnswerRequest(FormRequest):
    max_field_bytes = MAX_ANSWER_BYTES


class AnswerRoute(FormRoute):
    """For forms with an answer as one of their fields."""

    request_class = _AnswerRequest
