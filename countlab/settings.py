"""What a person can set from outside. The only place that reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from countlab.errors import CountlabError
from countlab.messages import Language

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


class Rate(NamedTuple):
    """So many requests in so many seconds."""

    number: int
    seconds: int


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; `from_environment` reads the `COUNTLAB_*` variables."""

    default_model: str = "fruits"
    engine: str = "openvino"
    """The engine for those who name none."""
    home: Path = Path.home() / ".countlab"
    """Fetched models and people's own models live below it, in `models/`."""
    max_bytes: int = 10_000_000
    max_batch_bytes: int = 40_000_000
    """All pictures of one request together; each of them may have `max_bytes`."""
    max_pixels: int = 40_000_000
    max_batch: int = 64
    slots: int = 0
    """Requests that run at the same time; 0 is one more than there are cores."""
    queue: int = 64
    """Requests that may wait for that; the next one hears 503 at once."""
    deadline_s: float = 60
    """From a request's arrival to its answer, waiting and sending included."""
    api_keys: str = field(default="", repr=False)
    api_keys_file: Path | None = None
    """Who may ask; everybody if both are empty. Their form is told in `server/keys.py`."""
    api_key: str = field(default="", repr=False)
    """What our own client sends to a server that asks for a key."""
    rate: Rate | None = None
    """For each key, or each address where there are no keys."""
    origins: tuple[str, ...] = ()
    """Web pages of other addresses whose scripts may ask, such as `https://lab.example.org`."""
    database_url: str | None = field(default=None, repr=False)
    """Where the history goes; `history.sqlite` in the home if nothing is said."""
    history_days: int | None = None
    history_rows: int = 1_000_000
    """Older rows are let go, and the oldest beyond that number."""
    metrics_folder: Path | None = None
    """Where the workers of one server put their figures together."""
    language: Language = "en"
    """What the terminal speaks; a server follows each request's own header."""

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        found = os.environ if environment is None else environment
        home, keys_file = _word(found, "COUNTLAB_HOME"), _word(found, "COUNTLAB_API_KEYS_FILE")
        together = _word(found, "PROMETHEUS_MULTIPROC_DIR")  # the name its library wants
        return cls(
            default_model=_word(found, "COUNTLAB_MODEL") or cls.default_model,
            engine=_word(found, "COUNTLAB_ENGINE") or cls.engine,
            home=Path(home).expanduser() if home else cls.home,
            max_bytes=_whole(found, "COUNTLAB_MAX_BYTES", cls.max_bytes),
            max_batch_bytes=_whole(found, "COUNTLAB_MAX_BATCH_BYTES", cls.max_batch_bytes),
            max_pixels=_whole(found, "COUNTLAB_MAX_PIXELS", cls.max_pixels),
            max_batch=_whole(found, "COUNTLAB_MAX_BATCH", cls.max_batch),
            slots=_whole(found, "COUNTLAB_SLOTS", cls.slots),
            queue=_whole(found, "COUNTLAB_QUEUE", cls.queue, least=0),
            deadline_s=_whole(found, "COUNTLAB_DEADLINE_S", int(cls.deadline_s)),
            api_keys=_word(found, "COUNTLAB_API_KEYS"),
            api_keys_file=Path(keys_file).expanduser() if keys_file else None,
            api_key=_word(found, "COUNTLAB_API_KEY"),
            rate=_rate(found),
            origins=_origins(found),
            database_url=_word(found, "COUNTLAB_DATABASE_URL") or None,
            history_days=_whole(found, "COUNTLAB_HISTORY_DAYS", 0) or None,
            history_rows=_whole(found, "COUNTLAB_HISTORY_ROWS", cls.history_rows),
            metrics_folder=Path(together) if together else None,
            language=terminal_language(found),
        )


def _word(found: Mapping[str, str], variable: str) -> str:
    """A variable that is there but empty, as files of settings have them, says nothing."""
    return found.get(variable, "").strip()


def _whole(found: Mapping[str, str], variable: str, default: int, *, least: int = 1) -> int:
    arrived = _word(found, variable).replace("_", "")
    if not arrived:
        return default
    if not re.fullmatch(r"[0-9]{1,15}", arrived) or int(arrived) < least:
        raise _bad(found, variable, f"{least}, {least + 1}, {least + 2}, …")
    return int(arrived)


def _rate(found: Mapping[str, str]) -> Rate | None:
    arrived = _word(found, "COUNTLAB_RATE").lower()
    if not arrived:
        return None
    parts = re.fullmatch(r"([1-9][0-9]{0,8}) ?/ ?(second|minute|hour|day)", arrived)
    if not parts:
        raise _bad(found, "COUNTLAB_RATE", "10/second, 60/minute, 1000/hour, 5000/day")
    return Rate(int(parts[1]), _SECONDS[parts[2]])


def _origins(found: Mapping[str, str]) -> tuple[str, ...]:
    """Explicit ones only: with `*` every page that a person opens could use their lab."""
    parts = _word(found, "COUNTLAB_ORIGINS").split(",")
    origins = tuple(part.strip().rstrip("/") for part in parts if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
            allowed = "https://lab.example.org, http://127.0.0.1:3000"
            raise _bad(found, "COUNTLAB_ORIGINS", allowed)
    return origins


def _bad(found: Mapping[str, str], variable: str, allowed: str) -> CountlabError:
    return CountlabError("bad_setting", variable=variable, arrived=found[variable], allowed=allowed)


def terminal_language(environment: Mapping[str, str] | None = None) -> Language:
    """Alone, so that a setting that is wrong can be told in it.

    The first of these that is set decides, as it does for other programs of a terminal.
    """
    found = os.environ if environment is None else environment
    named = next((found[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if found.get(name)), "")
    return "es" if named.lower().startswith("es") else "en"
