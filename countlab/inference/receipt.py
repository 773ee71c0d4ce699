"""What proves an answer later: hashes of what went in and of what came out.

A receipt says that this picture, through these model files with these parameters, gave this
result. Knows nothing of how a result is made: `verify` runs it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from countlab.findings import Finding


def picture_hash(data: bytes) -> str:
    """Of the bytes as they arrived, so that anybody can compare with `sha256sum`."""
    return hashlib.sha256(data).hexdigest()


def result_hash(findings: Iterable[Finding]) -> str:
    """Of the findings as every answer shows them, whatever the order of members or spaces."""
    return result_hash_of_answer([finding.as_json() for finding in findings])


def result_hash_of_answer(findings: list[dict[str, Any]]) -> str:
    canonical = json.dumps(findings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
