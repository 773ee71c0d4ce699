"""The commands that make another file of a model: `export` and `quantize`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import results, tell
from countlab.errors import CountlabError
from countlab.settings import Settings

_Name = Annotated[str, typer.Argument(help="A name from `countlab models`.")]


def export(
    model: _Name,
    onnx: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    """Write a model as an ONNX file that other programs can run.

    In: picture, 1 × 3 × height × width, red green blue from 0 to 1. Out: rows of centre x,
    centre y, width, height (as shares of the picture), objectness, and a confidence per label.

    Example: `countlab export fruits --onnx fruits.onnx`
    """
    from countlab.darknet.converted import converted
    from countlab.pipeline import Pipeline

    pipeline = Pipeline()
    found = pipeline.catalogue.find(model)
    files = pipeline.store.files(found)
    if "config" not in files:
        raise CountlabError("not_darknet", model=model, files=sorted(files))
    graph = converted(files, width=found.input[0], height=found.input[1])
    try:
        onnx.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(graph, bytes):
            onnx.write_bytes(graph)
        else:
            shutil.copyfile(graph, onnx)
    except OSError as reason:
        raise CountlabError("cannot_write", path=onnx, reason=reason.strerror) from reason
    size = "{} × {}".format(*found.input)
    results().print(f"{onnx}: {found.name} for pictures of {size}, {len(found.labels)} labels")


def quantize(
    model: _Name,
    calibrate: Annotated[
        Path, typer.Option(help="A folder of pictures like those to be counted, 12 at least.")
    ],
    max_difference: Annotated[
        float,
        typer.Option(
            min=0,
            help="Refuse it when counts differ by more than this a picture.",
        ),
    ] = 0.1,
) -> None:
    """Make a faster model in eight-bit integers, unless it counts worse.

    Two thirds of the pictures set its ranges; on the others its counts are held against those
    of the model as it is. What passes is installed as MODEL-int8 among your own models.

    Example: `countlab quantize fruits --calibrate images`
    """
    from countlab.cli.pictures import find_pictures
    from countlab.pipeline import Pipeline
    from countlab.quantize import quantize as make

    pipeline = Pipeline(Settings.from_environment())
    found = pipeline.catalogue.find(model)
    pictures, missing = find_pictures([str(calibrate)])
    for absent in missing:
        tell(absent)
    made = make(found, pictures, pipeline, max_difference=max_difference)
    results().print(
        f"{made.model.name} is here: {made.model.folder}\n"
        f"Calibrated on {made.calibrated_on} pictures. Of {made.judged_on} others "
        f"{made.same_counts} have the same counts as in f32; "
        f"mean difference {made.mean_difference:.3f}.\n"
        f"Use it: countlab count {calibrate} --model {made.model.name}",
        soft_wrap=True,
    )
