"""Cut-outs: single objects rendered on a transparent background, pasted into training samples.

    python -m recipes.fruits.scenes.cutouts --count 840 --out recipes/fruits/work/cutouts --seed 1

Writes `<out>/<kind>/NNNN.webp` (RGBA, cropped to the object) for the kinds orange, apple, lemon,
banana, bunch and none (lookalikes). Beside every bunch, `NNNN.json` lists its bananas: the box of
the visible part of each, in pixels [left, top, right, bottom], and the visible share. The kinds
alternate, so an interrupted run is already balanced; existing files are kept, so a second run
continues where the first stopped. Picture N depends on the seed and N alone.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from PIL import Image

from recipes.blender_render import rendered
from recipes.fruits.scenes import fruit, studio
from recipes.fruits.scenes.cycles import drop_subsurface, set_quality
from recipes.fruits.scenes.exposure import expose
from recipes.fruits.scenes.lookalikes import LOOKALIKES
from recipes.fruits.scenes.visibility import visible_parts

# Pictures of each kind in 840: apples and lemons most, because they vary most or are rarest among
# the real photos.
SHARES = {"orange": 150, "apple": 190, "lemon": 190, "banana": 130, "bunch": 60, "none": 120}

RESTING_POSES = {
    "orange": studio.ROLLING,
    "apple": studio.ROLLING,
    "lemon": studio.ROLLING,
    "banana": studio.LYING,
    "bunch": studio.LYING,
    "none": studio.STANDING,
}


@dataclass(frozen=True)
class CutoutJob:
    """A cut-out to render; `index` is its number in the whole run."""

    index: int
    kind: str
    seed: int

    def path(self, out: Path) -> Path:
        return out / self.kind / f"{self.index:04d}.webp"


def plan_jobs(count: int, seed: int) -> list[CutoutJob]:
    """The kinds in turn: always the one that is furthest behind its share."""
    total = sum(SHARES.values())
    made = dict.fromkeys(SHARES, 0)
    result = []
    for index in range(count):
        kind = max(SHARES, key=lambda name: SHARES[name] * (index + 1) / total - made[name])
        made[kind] += 1
        result.append(CutoutJob(index, kind, seed))
    return result


def render_cutout(job: CutoutJob, out: Path, *, size_px: int, samples: int) -> Path:
    """Build, light, render and save one cut-out; returns the picture's path."""
    rng = random.Random(f"{job.seed}-{job.index}")
    studio.clear_scene()
    root, counted = _build(rng, job)
    studio.pose(rng, root, RESTING_POSES[job.kind])
    azimuth = rng.uniform(0, 6.283)
    brightness = studio.light(rng, azimuth)
    studio.table(rng)
    studio.aim_camera(rng, root, azimuth, size_px)
    set_quality(samples)
    drop_subsurface()
    with tempfile.TemporaryDirectory() as scratch:
        light = rendered(Path(scratch) / "frame.exr").astype(np.float64)
        picture = expose(light, brightness, rng.uniform(1.0, 1.35))
        left, top, right, bottom = _alpha_box(picture)
        path = job.path(out)
        path.parent.mkdir(parents=True, exist_ok=True)
        if counted:
            parts = visible_parts(counted, Path(scratch), origin=(left, top))
            path.with_suffix(".json").write_text(json.dumps({"bananas": parts}) + "\n")
    # Written under another name first: a killed run leaves no partial picture behind.
    partial = path.with_suffix(".draft")
    Image.fromarray(picture[top:bottom, left:right]).save(partial, "WEBP", quality=92, method=4)
    return partial.replace(path)


def _build(rng: random.Random, job: CutoutJob) -> tuple[Any, list[Any]]:
    """The root object, and the bananas to box one by one if it is a bunch."""
    if job.kind == "bunch":
        bananas = fruit.bunch(rng, rng.randint(2, 6))
        return bananas[0].parent, bananas
    if job.kind == "none":
        return LOOKALIKES[rng.choice(tuple(LOOKALIKES))](rng), []
    makers = {
        "orange": fruit.orange,
        "apple": fruit.apple,
        "lemon": fruit.lemon,
        "banana": fruit.banana,
    }
    return makers[job.kind](rng), []


def _alpha_box(picture: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows = np.flatnonzero((picture[..., 3] > 8).any(axis=1))
    columns = np.flatnonzero((picture[..., 3] > 8).any(axis=0))
    if rows.size == 0:
        raise RuntimeError("the object is outside the frame: nothing was rendered")
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _integer_from(lowest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or int(text) < lowest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not valid: give a whole number from {lowest} up"
            )
        return int(text)

    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m recipes.fruits.scenes.cutouts")
    parser.add_argument(
        "--count", type=_integer_from(1), default=840, help="pictures in the whole run"
    )
    parser.add_argument("--out", type=Path, default=Path("recipes/fruits/work/cutouts"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=_integer_from(32), default=256, help="longer side in pixels")
    parser.add_argument("--samples", type=_integer_from(1), default=8)
    parser.add_argument("--only", choices=SHARES, help="of the whole run, only this kind")
    options = parser.parse_args(arguments)
    jobs = [
        job
        for job in plan_jobs(options.count, options.seed)
        if options.only in (None, job.kind) and not job.path(options.out).exists()
    ]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    start = time.monotonic()
    for done, job in enumerate(jobs, start=1):
        path = render_cutout(job, options.out, size_px=options.size, samples=options.samples)
        seconds_each = (time.monotonic() - start) / done
        print(f"{done}/{len(jobs)} {path} {seconds_each:.2f} s each", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
