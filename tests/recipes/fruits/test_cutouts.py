"""Rendered cut-outs: the kinds are balanced, and a small run is complete and reproducible."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="needs Blender's Python module (make test-scenes)")

import numpy as np
import numpy.typing as npt
from PIL import Image

pytestmark = pytest.mark.scenes

ROOT = (
    Path(__file__).resolve().parents[3]
)  # not from conftest: Blender's environment lacks countlab


def read_rgba(path: Path) -> npt.NDArray[np.int64]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGBA")).astype(np.int64)


def render(out: Path, count: int) -> list[Path]:
    """Render in a separate process: Blender keeps one scene per process."""
    command = [sys.executable, "-m", "recipes.fruits.scenes.cutouts", "--count", str(count)]
    command += ["--out", str(out), "--size", "64", "--samples", "4"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr
    return sorted(out.rglob("*.webp"), key=lambda path: path.stem)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The first six: one of each kind, as `test_kinds_alternate` shows."""
    return render(tmp_path_factory.mktemp("cutouts"), 6)


def test_kinds_alternate() -> None:
    code = (
        "from recipes.fruits.scenes.cutouts import SHARES, plan_jobs;"
        "kinds = [job.kind for job in plan_jobs(420, 1)];"
        "assert all(abs(kinds.count(k) - n / 2) <= 1 for k, n in SHARES.items()), kinds;"
        "assert set(kinds[:6]) == set(SHARES), kinds[:6]"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


def test_object_fills_its_picture(pictures: list[Path]) -> None:
    assert len(pictures) == 6
    for path in pictures:
        pixels = read_rgba(path)
        alpha = pixels[..., 3]
        assert 32 <= max(alpha.shape) <= 64
        assert 0.2 < (alpha > 128).mean() < 0.95, path
        for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
            assert (edge > 8).any(), f"{path.name} is not cropped to the object"
        assert pixels[alpha > 200][:, :3].std() > 4, f"{path.name} has no shading"


def test_each_banana_of_a_bunch_has_a_box_inside_the_picture(pictures: list[Path]) -> None:
    (bunch,) = (path for path in pictures if path.parent.name == "bunch")
    height, width = read_rgba(bunch).shape[:2]
    bananas = json.loads(bunch.with_suffix(".json").read_text())["bananas"]
    assert 2 <= len(bananas) <= 6
    for banana in bananas:
        left, top, right, bottom = banana["box"]
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert 0 < banana["visible"] <= 1
    assert max(banana["visible"] for banana in bananas) > 0.5


def test_same_seed_renders_the_same_picture(pictures: list[Path], tmp_path: Path) -> None:
    (again,) = render(tmp_path, 1)
    first = read_rgba(pictures[0])
    second = read_rgba(again)
    assert again.parent.name == pictures[0].parent.name
    assert first.shape == second.shape
    assert np.abs(first - second).mean() < 0.5


def test_second_run_keeps_existing_pictures(pictures: list[Path]) -> None:
    out = pictures[0].parent.parent
    before = {path: path.stat().st_mtime_ns for path in pictures}
    assert {path: path.stat().st_mtime_ns for path in render(out, 6)} == before
