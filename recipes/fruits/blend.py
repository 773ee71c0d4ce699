"""Averages two checkpoints of one run: the later one's learning, the earlier one's steadiness.

    cd recipes/fruits/work
    python -m recipes.fruits.blend early.pt late.pt --part 0.35

The result is work/<name>.pt, which calibrate and export read. The moving averages are what is
averaged; the rest is the later checkpoint's, so that training goes on from there.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from recipes.fruits.settings import DEFAULT, read_settings


def blended(early: dict[str, Any], late: dict[str, Any], *, part: float) -> dict[str, Any]:
    """The later state with `part` of its average and the rest of the earlier one's."""
    if early["cfg"] != late["cfg"]:
        raise ValueError("the two checkpoints are of different networks; only one run's will do")
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
    parser.add_argument("--config", type=Path, default=DEFAULT)
    said = parser.parse_args(argv)
    settings = read_settings(said.config)
    states = [
        torch.load(path, map_location="cpu", weights_only=True) for path in (said.early, said.late)
    ]
    to = settings.work / f"{settings.name}.pt"
    torch.save(blended(states[0], states[1], part=said.part), to)
    print(f"wrote {to}")


if __name__ == "__main__":
    main()
