"""What a person can set from outside. The only place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Every setting with its default; `from_environment` reads the `COUNTLAB_*` variables."""

    default_model: str = "fruits"
    home: Path = Path.home() / ".countlab"
    """Fetched models and people's own models live below it, in `models/`."""
    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    max_batch: int = 64

    @property
    def models_folder(self) -> Path:
        return self.home / "models"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        found = os.environ if environment is None else environment
        return cls(
            default_model=found.get("COUNTLAB_MODEL", cls.default_model),
            home=Path(found["COUNTLAB_HOME"]).expanduser() if "COUNTLAB_HOME" in found else cls.home,
        )
