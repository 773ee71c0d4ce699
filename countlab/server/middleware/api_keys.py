"""API keys from the settings, held in memory as SHA-256 hashes only.

`COUNTLAB_API_KEYS` is a comma-separated list of `KEY`, `NAME:KEY` or `NAME:sha256:HEX`; the file
of `COUNTLAB_API_KEYS_FILE` has one `NAME:sha256:HEX` per line. Two keys may share a name, so that
one can replace the other without a gap. Knows nothing of HTTP.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from countlab.errors import CountlabError
from countlab.settings import Settings

_NAME = r"(?:([\w.@-]{1,64}):)?"
_HASHED = re.compile(_NAME + "sha256:([0-9a-fA-F]{64})")
_PLAIN = re.compile(_NAME + r"([^\s:]+)")


@dataclass(frozen=True)
class ApiKey:
    name: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True)
class ApiKeys:
    """All keys of a server; without any key the server is open to everybody."""

    keys: tuple[ApiKey, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> ApiKeys:
        path = settings.api_keys_file
        entries = [entry.strip() for entry in settings.api_keys.split(",") if entry.strip()]
        keys = _parse(entries, "COUNTLAB_API_KEYS")
        if path is not None:
            keys += _parse(_read_lines(path), str(path), hashes_only=True)
        if (path or settings.api_keys) and not keys:
            # Removing the last key must not open the server to everybody.
            raise CountlabError("no_keys_left", where=path or "COUNTLAB_API_KEYS")
        return cls(tuple(keys))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def find_name(self, candidates: Iterable[bytes]) -> str | None:
        """The name of the key among the candidates, in constant time whichever key matches.

        One round of SHA-256 is enough for keys that are long and random, as `new_key` makes them.
        """
        name = None
        for candidate in candidates:
            digest = hashlib.sha256(candidate).digest()
            for key in self.keys:
                if hmac.compare_digest(digest, key.digest):
                    name = key.name
        return name


def new_key(name: str) -> tuple[str, str]:
    """A new random key, and the line with its hash for the keys file."""
    key = secrets.token_urlsafe(32)
    line = f"{name}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    _parse([line], "NAME")
    return key, line


def _parse(entries: list[str], where: str, *, hashes_only: bool = False) -> list[ApiKey]:
    keys = []
    for number, entry in enumerate(entries, start=1):
        hashed, plain = _HASHED.fullmatch(entry), _PLAIN.fullmatch(entry)
        if hashed:
            name, digest = hashed[1], bytes.fromhex(hashed[2])
        elif plain and not hashes_only:
            name, digest = plain[1], hashlib.sha256(plain[2].encode()).digest()
        else:
            raise CountlabError("bad_keys", where=where, number=number)  # never shows the key
        keys.append(ApiKey(name or f"key{number}", digest))
    return keys


def _read_lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "UTF-8?"
        raise CountlabError("no_keys_file", path=path, reason=reason) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
