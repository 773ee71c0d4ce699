"""Weighted average of two checkpoints of one training run.

    cd recipes/fruits/work
    python -m recipes.fruits.average_checkpoints early.pt late.pt --part 0.35

Averaging keeps what the later checkpoint learned with the stability of the earlier one. The result
is work/<name>.pt, which calibrate and export read. Only the moving averages are mixed; everything
else comes from the later checkpoint, so training can resume from it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

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
    states = [
        torch.load(path, map_location="cpu", weights_only=True)
        for path in (arguments.early, arguments.late)
    ]
    target = settings.work / f"{settings.name}.pt"
    torch.save(average_states(states[0], states[1], part=arguments.part), target)
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
