"""The command `quantize`: a faster model in eight-bit integers, unless it counts worse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import print_error, stdout_console
from countlab.settings import Settings


def quantize(
    model: Annotated[str, typer.Argument(help="A name from `countlab models`.")],
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
    from countlab.evaluation.quantize import quantize as make
    from countlab.imaging.files import find_pictures
    from countlab.inference.pipeline import Pipeline

    pipeline = Pipeline(Settings.from_environment())
    found = pipeline.catalog.find(model)
    pictures, missing = find_pictures([str(calibrate)])
    for absent in missing:
        print_error(absent)
    made = make(found, pictures, pipeline, max_difference=max_difference)
    stdout_console().print(
        f"{made.model.name} is here: {made.model.folder}\n"
        f"Calibrated on {made.calibrated_on} pictures. Of {made.judged_on} others "
        f"{made.same_counts} have the same counts as in f32; "
        f"mean difference {made.mean_difference:.3f}.\n"
        f"Use it: countlab count {calibrate} --model {made.model.name}",
        soft_wrap=True,
    )
