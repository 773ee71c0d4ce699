"""The command `export`: a model as an ONNX file that other programs can run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import stdout_console
from countlab.errors import CountlabError


def export(
    model: Annotated[str, typer.Argument(help="A name from `countlab models`.")],
    onnx: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    """Write a model as an ONNX file that other programs can run.

    In: picture, 1 × 3 × height × width, red green blue from 0 to 1. Out: rows of centre x,
    centre y, width, height (as shares of the picture), objectness, and a confidence per label.

    Example: `countlab export fruits --onnx fruits.onnx`
    """
    from countlab.inference.pipeline import Pipeline
    from countlab.models.graph import graph_of

    pipeline = Pipeline()
    found = pipeline.catalog.find(model)
    files = pipeline.store.files(found)
    if "config" not in files:
        raise CountlabError("not_darknet", model=model, files=sorted(files))
    graph = graph_of(found, files)
    try:
        onnx.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(graph, bytes):
            onnx.write_bytes(graph)
        else:
            shutil.copyfile(graph, onnx)
    except OSError as reason:
        raise CountlabError("cannot_write", path=onnx, reason=reason.strerror) from reason
    size = "{} × {}".format(*(found.input or ()))
    stdout_console().print(
        f"{onnx}: {found.name} for pictures of {size}, {len(found.labels)} labels"
    )
