"""Receipts: hashes of what went in and of what came out.

A receipt says that this picture, through these model files with these parameters, gave this
result. `verify` runs it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from countlab.findings import Finding


def picture_hash(data: bytes) -> str:
    """Of the bytes as they arrived, so that anybody can compare with `sha256sum`."""
    return hashlib.sha256(data).hexdigest()


def result_hash(findings: Iterable[Finding]) -> str:
    """Of the findings as every answer shows them."""
    return findings_hash([finding.as_json() for finding in findings])


def findings_hash(findings: Sequence[Any]) -> str:
    """Of findings as JSON, whatever the order of members or spaces."""
    canonical = json.dumps(findings, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
