"""Weighted average of two checkpoints of one training run.

    cd recipes/fruits/work
    python -m recipes.fruits.average_checkpoints early.pt late.pt --part 0.35
    python -m recipes.fruits.average_checkpoints start.weights late.pt --part 0.5

The early one may be the exported weights that a run began with. Averaging keeps what the later
checkpoint learned with the stability of the earlier one. The result is work/<name>.pt, which
calibrate and export read. Only the moving averages are mixed; everything else comes from the later
checkpoint, so training can resume from it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from recipes.fruits.checkpoint import start_from, start_run
from recipes.fruits.settings import DEFAULT_CONFIG, read_settings


def average_states(early: dict[str, Any], late: dict[str, Any], *, part: float) -> dict[str, Any]:
    """The later state, its averaged weights mixed in proportion `part` with the earlier one's."""
    if early["cfg"] != late["cfg"]:
        raise ValueError("the checkpoints are of different networks; give two of the same run")
    if not 0 <= part <= 1:
        raise ValueError(f"part is {part:g}; allowed: 0 (all early) to 1 (all late)")
    average = {
        name: torch.lerp(early["average"][name], value, part)
        if value.dtype.is_floating_point
        else value
        for name, value in late["average"].items()
    }
    return {**late, "average": average}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("early", type=Path)
    parser.add_argument("late", type=Path)
    parser.add_argument("--part", type=float, default=0.5, help="of the later one, 0 to 1")
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    arguments = parser.parse_args(argv)
    settings = read_settings(arguments.config)
    late = torch.load(arguments.late, map_location="cpu", weights_only=True)
    if arguments.early.suffix == ".weights":
        run = start_run(late["cfg"], rate=0.0, device=torch.device("cpu"))
        start_from(run, arguments.early, shift=settings.shift)
        early = {"cfg": late["cfg"], "average": run.average.state_dict()}
    else:
        early = torch.load(arguments.early, map_location="cpu", weights_only=True)
    target = settings.work / f"{settings.name}.pt"
    torch.save(average_states(early, late, part=arguments.part), target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
