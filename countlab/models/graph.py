"""A model's graph: its own file, or its Darknet files converted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from countlab.errors import CountlabError
from countlab.models.darknet.cache import load_or_convert
from countlab.models.entry import Model


def graph_of(model: Model, files: Mapping[str, Path]) -> Path | bytes:
    """What an engine loads: a path, or bytes where nothing can be written beside the weights."""
    if "graph" in files:
        return files["graph"]
    if missing := {"config", "weights"} - files.keys():
        reason = f"neither a graph nor both Darknet files are described (no {', '.join(missing)})"
        raise CountlabError("model_damaged", model=model.name, reason=reason)
    width, height = model.input or (416, 416)
    return load_or_convert(files, width=width, height=height)
