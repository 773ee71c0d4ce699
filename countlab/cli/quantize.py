"""The command `quantize`: a faster model in eight-bit integers, unless it answers worse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import print_error
from countlab.cli.texts import say
from countlab.settings import Settings


def quantize(
    model: Annotated[str, typer.Argument(help=say("model_name"))],
    calibrate: Annotated[Path, typer.Option(help=say("quantize_calibrate"))],
    max_difference: Annotated[
        float, typer.Option(min=0, help=say("quantize_max_difference"))
    ] = 0.1,
) -> None:
    """Make a faster model in eight-bit integers, unless it answers worse."""
    from countlab.evaluation.quantize import quantize as make
    from countlab.imaging.files import find_pictures
    from countlab.inference.pipeline import Pipeline

    pipeline = Pipeline(Settings.from_environment())
    found = pipeline.catalog.find(model)
    pictures, missing = find_pictures(_folders(calibrate))
    for absent in missing:
        print_error(absent)
    made = make(found, pictures, pipeline, max_difference=max_difference)
    print(
        say(
            "quantized_classes" if found.task == "classify" else "quantized",
            model=made.model.name,
            folder=made.model.folder,
            calibrated_on=made.calibrated_on,
            judged_on=made.judged_on,
            same_answers=made.same_answers,
            mean_difference=f"{made.mean_difference:.3f}",
            pictures=calibrate,
        )
    )


def _folders(calibrate: Path) -> list[str]:
    """A classifier's pictures often lie in a folder for each class."""
    inner = sorted(path for path in calibrate.glob("*") if path.is_dir())
    direct = any(path.is_file() for path in calibrate.glob("*"))
    return [str(path) for path in inner] if inner and not direct else [str(calibrate)]
