"""Who may ask: keys as an operator writes them, held only as hashes.

`COUNTLAB_API_KEYS` is a list with commas of `KEY`, `NAME:KEY` or `NAME:sha256:HEX`; the file of
`COUNTLAB_API_KEYS_FILE` has one `NAME:sha256:HEX` on each line. Two keys may share a name, so
that one can be changed for the other without a gap. Knows nothing of HTTP.
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
class Key:
    name: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True)
class ApiKeys:
    """All keys of a server; an empty one, where no key was ever named, lets everybody in."""

    keys: tuple[Key, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> ApiKeys:
        listed = [entry.strip() for entry in settings.api_keys.split(",") if entry.strip()]
        keys = _understood(listed, "COUNTLAB_API_KEYS")
        if settings.api_keys_file is not None:
            keys += _understood(_lines(settings.api_keys_file), str(settings.api_keys_file), True)
        named = settings.api_keys_file or settings.api_keys
        if named and not keys:  # whoever took the last key away did not mean to let everybody in
            where = settings.api_keys_file or "COUNTLAB_API_KEYS"
            raise CountlabError("no_keys_left", where=where)
        return cls(tuple(keys))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def name_of(self, offered: Iterable[bytes]) -> str | None:
        """Whose key is among those offered; takes as long whether it fits early, late or never.

        One round of SHA-256 is enough for keys that are long and random, as `new_key` makes them.
        """
        found = None
        for candidate in offered:
            digest = hashlib.sha256(candidate).digest()
            for key in self.keys:
                if hmac.compare_digest(digest, key.digest):
                    found = key.name
        return found


def new_key(name: str) -> tuple[str, str]:
    """A key to hand out, and the line that lets it in without telling it."""
    key = secrets.token_urlsafe(32)
    line = f"{name}:sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    _understood([line], "NAME")
    return key, line


def _understood(entries: list[str], where: str, only_hashes: bool = False) -> list[Key]:
    keys = []
    for number, entry in enumerate(entries, start=1):
        hashed, plain = _HASHED.fullmatch(entry), _PLAIN.fullmatch(entry)
        if hashed:
            name, digest = hashed[1], bytes.fromhex(hashed[2])
        elif plain and not only_hashes:
            name, digest = plain[1], hashlib.sha256(plain[2].encode()).digest()
        else:
            raise CountlabError("bad_keys", where=where, number=number)  # never the key itself
        keys.append(Key(name or f"key{number}", digest))
    return keys


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as reason:
        told = getattr(reason, "strerror", None) or "UTF-8?"
        raise CountlabError("no_keys_file", path=path, reason=told) from reason
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
