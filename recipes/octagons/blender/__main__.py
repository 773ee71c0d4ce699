"""Pictures of packages as bodies in space: python -m recipes.octagons.blender

Needs Blender's module (make .venv-scenes/ready). The same designs in the same parts as the
composed pictures, and the same kind of dataset. What is finished is kept: the same command goes
on after an interruption. What judges comes first.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from countlab.settings import Settings
from recipes.octagons.blender.photograph import photograph
from recipes.octagons.blender.plan import Shot, shots
from recipes.octagons.designs import parts
from recipes.octagons.fonts import require_fonts
from recipes.octagons.pictures import DESIGNS, keep, others, write_tables

_BESIDE = 60
"""Other products on a shelf have numbers as near as this."""
_FIRST = ("test", "validation", "train")
_EVERY = 10  # pictures between two writings of the tables


def render(out: Path, number: int, *, samples: int, say: Callable[[str], object] = print) -> int:
    """Renders what is missing and writes the tables; returns the number of pictures."""
    for name in ("pictures", "boxes", "truth"):
        (out / name).mkdir(parents=True, exist_ok=True)
    planned = sorted(shots(number), key=lambda shot: _FIRST.index(shot.part))
    found, start = parts(DESIGNS), time.monotonic()
    waiting = [shot for shot in planned if not _truth(out, shot).is_file()]
    for at, shot in enumerate(waiting, 1):
        beside = others(shot.design, found, near=_BESIDE)
        taken = photograph(shot.design, shot.view, beside, samples=samples)
        if taken is None:
            say(f"{shot.name}: its octagons cannot be seen well enough")
            continue
        row = keep(out, shot.design, shot.part, shot.view, taken)
        part = _truth(out, shot).with_suffix(".part")
        part.write_text(json.dumps([row]))
        part.replace(_truth(out, shot))
        if at % _EVERY == 0:
            _write(out, planned)
        each = (time.monotonic() - start) / at
        say(f"{number - len(waiting) + at}/{number} pictures, {each:.1f} s each")
    return _write(out, planned)


def _truth(out: Path, shot: Shot) -> Path:
    return out / "truth" / f"{shot.name}.json"


def _write(out: Path, planned: Sequence[Shot]) -> int:
    done = [_truth(out, shot) for shot in planned if _truth(out, shot).is_file()]
    rows: list[dict[str, Any]] = [
        row for path in sorted(done) for row in json.loads(path.read_text())
    ]
    return write_tables(out, rows)


def main() -> None:
    home = Settings.from_environment().home
    parser = argparse.ArgumentParser(prog="python -m recipes.octagons.blender", description=__doc__)
    parser.add_argument("--out", type=Path, default=home / "data" / "octagons-blender")
    parser.add_argument("--number", type=int, default=400, help="pictures")
    parser.add_argument("--samples", type=int, default=4, help="rays for each pixel")
    asked = parser.parse_args()
    require_fonts()
    number = render(asked.out, asked.number, samples=asked.samples)
    print(f"{number} pictures in {asked.out}")


if __name__ == "__main__":
    main()
