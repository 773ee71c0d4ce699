"""The command `export`: a model as an ONNX file that other programs can run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.texts import say
from countlab.errors import CountlabError


def export(
    model: Annotated[str, typer.Argument(help=say("model_name"))],
    onnx: Annotated[Path, typer.Option(help=say("export_onnx"))],
) -> None:
    """Write a model as an ONNX file that other programs can run."""
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
    print(say("exported", path=onnx, model=found.name, size=size, labels=len(found.labels)))
