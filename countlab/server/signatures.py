"""Signatures of answers, by which the page's routes tell this server's own answers.

The page counts and draws again what an answer found. From anybody else's hand such an answer could
hold anything; signed, it holds what this server has seen in a picture, byte for byte. The key is
random, and the same in all workers of one server (`COUNTLAB_SIGNING_KEY` for several machines).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.responses import Response

from countlab.settings import Settings

SIGNATURE = "X-Signature"


class Signer:
    """HMAC-SHA256 over the bytes of an answer."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.signing_key.encode() or secrets.token_bytes(32)

    def sign(self, answer: bytes) -> str:
        return hmac.new(self._key, answer, hashlib.sha256).hexdigest()

    def is_own(self, answer: bytes, signature: str) -> bool:
        expected = self.sign(answer).encode()
        return hmac.compare_digest(expected, signature.encode("utf-8", "replace"))

    def add_to(self, response: Response) -> None:
        response.headers[SIGNATURE] = self.sign(bytes(response.body))
