"""A lab as data: what `lab.toml` says, with a default for everything that it leaves out.

A folder of pictures with no `lab.toml` at all is a lab too: its classes are its folders' names.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from countlab.errors import CountlabError
from countlab.training.architecture import Architecture, named
from countlab.training.lab_sections import (
    Augment,
    Input,
    NetworkChoice,
    Pretext,
    Schedule,
    Source,
)
from countlab.training.material import Form

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Section = TypeVar("Section")


@dataclass(frozen=True)
class Lab:
    """Everything that training one classifier needs to know."""

    name: str
    title: str
    title_es: str
    licence: str
    classes: tuple[str, ...]
    classes_es: tuple[str, ...]
    data: tuple[Source, ...]
    judges: tuple[Source, ...]
    unlike: tuple[Source, ...]
    input: Input
    network: NetworkChoice
    augment: Augment
    schedule: Schedule
    pretext: Pretext
    shares: tuple[float, float, float] = (0.7, 0.1, 0.2)
    false_alarms: float = 0.05
    answer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> Form:
        return Form(self.input.size, self.input.stored, self.input.grey, self.input.crop)

    def architecture(self) -> Architecture:
        choice = self.network
        return named(
            choice.name,
            classes=len(self.classes),
            widths=choice.widths,
            depths=choice.depths,
            stem_stride=choice.stem_stride,
            grey=self.input.grey,
            dropout=choice.dropout,
            drop_path=choice.drop_path,
            flip_average=choice.flip_average,
            norm=choice.norm,
            pooling=choice.pooling,  # type: ignore[arg-type]
            strides=choice.strides,
        )


def read_lab(folder: Path, *, classes: tuple[str, ...] = ()) -> Lab:
    """`classes` stands in where the file names none."""
    path = folder / "lab.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        lab = _lab(table, folder)
    except (OSError, TypeError, ValueError, KeyError, AttributeError) as reason:
        raise CountlabError("bad_lab_file", file=path, reason=reason) from reason
    if classes and lab.classes and set(classes) != set(lab.classes):
        raise CountlabError("other_classes", arrived=list(classes), allowed=list(lab.classes))
    return lab if lab.classes else replace(lab, classes=classes)


def _lab(table: Mapping[str, Any], folder: Path) -> Lab:
    name = str(table.get("name", folder.resolve().name))
    pretext = dict(table.get("pretext", {}))
    pretext["sources"] = _sources(pretext, "sources")
    split = table.get("split", {})
    return Lab(
        name=name,
        title=str(table.get("title", name)),
        title_es=str(table.get("title_es", table.get("title", name))),
        licence=str(table.get("licence", "not stated")),
        classes=tuple(table.get("classes", ())),
        classes_es=tuple(table.get("classes_es", table.get("classes", ()))),
        data=_sources(table, "data") or (Source(),),
        judges=_sources(table, "judge"),
        unlike=_sources(table, "unlike"),
        input=_section(Input, table.get("input", {})),
        network=_section(NetworkChoice, table.get("network", {})),
        augment=_section(Augment, table.get("augment", {})),
        schedule=_section(Schedule, table.get("schedule", {})),
        pretext=_section(Pretext, pretext),
        shares=tuple(split.get("shares", (0.7, 0.1, 0.2))),
        false_alarms=float(table.get("unfamiliar", {}).get("false_alarms", 0.05)),
        answer=table.get("answer", {}),
    )


def _sources(table: Mapping[str, Any], name: str) -> tuple[Source, ...]:
    return tuple(_section(Source, entry) for entry in table.get(name, ()))


def _section(kind: type[Section], table: Mapping[str, Any]) -> Section:
    """Lists become tuples; a name that the section does not know is refused."""
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            raise ValueError(f"“{name}” is not known here; known: {', '.join(sorted(known))}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return kind(**values)
