"""How well the detector finds, counts and reads: python -m recipes.octagons.evaluate

On designs that taught nothing, through the pipeline that serves, at confidence 0.5.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from countlab.evaluation.class_metrics import interval
from countlab.findings import Box, Finding
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.settings import Settings
from recipes.octagons.model import NAME, TO
from recipes.octagons.truth import Picture, TrueOctagon, read_part

_MATCHES = 0.5  # intersection over union
_FOUND_FROM, _READ_FROM = 24, 48
_LAB = Path("octagons")


def figures(pictures: Sequence[Picture], findings: Sequence[Sequence[Finding]]) -> dict[str, Any]:
    """Shares as (right, of how many), one for each promise."""
    pairs = [
        (octagon, _match(octagon, found))
        for picture, found in zip(pictures, findings, strict=True)
        for octagon in picture.octagons
    ]
    large = [found for octagon, found in pairs if octagon.side >= _FOUND_FROM]
    read = [(o, found) for o, found in pairs if o.side >= _READ_FROM and found]
    misled = [
        len(f) for p, f in zip(pictures, findings, strict=True) if p.lookalikes and not p.octagons
    ]
    with_octagons = [
        (len(p.octagons), len(f)) for p, f in zip(pictures, findings, strict=True) if p.octagons
    ]
    counts = [(len(p.octagons), len(f)) for p, f in zip(pictures, findings, strict=True)]
    return {
        "octagons of 24 px and more found": _share(found is not None for found in large),
        "counts exact": _share(a == b for a, b in counts),
        "counts exact where there is one at least": _share(a == b for a, b in with_octagons),
        "kind right from 48 px on": _share(o.kind == f.label for o, f in read if f),
        "silent on misleading shapes": _share(number == 0 for number in misled),
    }


def _share(answers: Any) -> dict[str, Any]:
    listed = list(answers)
    right = sum(listed)
    low, high = interval(right, len(listed))
    return {
        "right": right,
        "of": len(listed),
        "share": right / max(1, len(listed)),
        "interval": [low, high],
    }


def _match(octagon: TrueOctagon, found: Sequence[Finding]) -> Finding | None:
    box = Box(*(int(v) for v in octagon.box))
    best = max(found, key=lambda f: f.box.iou(box) if f.box else 0, default=None)
    return best if best and best.box and best.box.iou(box) >= _MATCHES else None


def look(folder: Path, pictures: Sequence[Picture]) -> list[tuple[Finding, ...]]:
    """What the model in `folder` finds, through the pipeline."""
    pipeline = Pipeline(replace(Settings(), home=folder.parent.parent, engine="onnxruntime"))
    options = PredictOptions(model=NAME)
    return [pipeline.predict(picture.path.read_bytes(), options).findings for picture in pictures]


def main() -> None:
    home = Settings.from_environment().home / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=_LAB, help="a folder, or its name in COUNTLAB_HOME/data"
    )
    parser.add_argument("--part", default="test")
    parser.add_argument("--model", type=Path, default=TO)
    arguments = parser.parse_args()
    pictures = read_part(
        arguments.data if arguments.data.is_dir() else home / arguments.data, arguments.part
    )
    measured = figures(pictures, look(arguments.model, pictures))
    for name, share in measured.items():
        low, high = share["interval"]
        text = f"{share['share']:7.1%}  {share['right']:4d} of {share['of']:4d}"
        print(f"{text}  ({low:.1%} to {high:.1%})  {name}")
    if arguments.data.name == _LAB.name:  # what the model's card tells
        (arguments.model / "evaluation.json").write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
