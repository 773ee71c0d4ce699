"""One version of a registered model, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countlab.models.version_folder import Sealed

MANIFEST_TAG = "countlab.manifest"


@dataclass(frozen=True)
class Version:
    """One version of a registered model."""

    name: str
    number: str
    source: str
    run_id: str
    manifest: str
    made_at: float
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.name, self.number, self.manifest)


def version_of(found: Any, aliases: Mapping[str, list[str]] | None = None) -> Version:
    number = str(found.version)
    marked = aliases.get(number, []) if aliases is not None else found.aliases
    return Version(
        name=found.name,
        number=number,
        source=found.source,
        run_id=found.run_id or "",
        manifest=found.tags.get(MANIFEST_TAG, ""),
        made_at=found.creation_timestamp / 1000,
        tags=dict(found.tags),
        aliases=tuple(sorted(marked)),
    )
