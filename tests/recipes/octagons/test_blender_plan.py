"""Packages as bodies in space, as far as no Blender is needed: the plan, shapes and prints."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recipes.octagons import fonts
from recipes.octagons.artwork import Artwork
from recipes.octagons.blender.bodies import Body, body, box
from recipes.octagons.blender.plan import shots
from recipes.octagons.blender.prints import around, with_sticker
from recipes.octagons.designs import FORMS, PARTS, parts
from recipes.octagons.packages import FRONTS
from recipes.octagons.pictures import DESIGNS

RANDOM = np.random.default_rng
FRONT = Artwork(
    np.full((60, 42, 3), 200, np.uint8), np.zeros((60, 42), np.uint8), (180, 40, 40)
)  # fmt: skip
FRONT.numbers[4:14, 28:38] = 1


def test_each_picture_is_in_its_designs_part() -> None:
    found = parts(DESIGNS)
    assert all(shot.part == found[shot.design.number] for shot in shots(1000))


def test_half_of_what_teaches_and_the_labs_share_of_what_judges_has_octagons() -> None:
    planned = shots(400)
    count = Counter((shot.part, bool(shot.design.kinds)) for shot in planned)
    assert [count[part, True] for part in PARTS] == [120, 8, 24]
    assert [count[part, False] for part in PARTS] == [120, 32, 96]


def test_asking_for_more_pictures_keeps_those_planned_before() -> None:
    assert shots(900)[:400] == shots(400)
    assert len({shot.name for shot in shots(900)}) == 900


@pytest.mark.parametrize("form", FORMS)
def test_a_body_stands_on_the_ground_as_high_as_asked(form: str) -> None:
    shape = body(form, 0.25, RANDOM(3))
    low, high = shape.points.min(0), shape.points.max(0)
    assert low[2] == pytest.approx(0, abs=0.004)
    assert high[2] == pytest.approx(0.25, abs=0.004)
    assert np.allclose((low + high)[0], 0, atol=0.01)
    assert "print" in shape.slots


def print_scale(shape: Body) -> tuple[float, float]:
    """Meters of a share of the print to the right and upward, in the middle of the front."""
    (patch,) = (patch for patch in shape.patches if patch.slot == "print")
    row, column = (side // 2 for side in patch.points.shape[:2])
    row = min(row, len(patch.points) - 2)
    here, right, up = (
        (patch.points[r, c], patch.uv[r, c])
        for r, c in ((row, column), (row, column + 1), (row + 1, column))
    )
    across = np.linalg.norm(right[0] - here[0]) / (right[1] - here[1])[0]
    upward = np.linalg.norm(up[0] - here[0]) / (up[1] - here[1])[1]
    return float(across), float(upward)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("bag", "bar")])
def test_an_octagon_is_as_wide_as_high_on_the_body(form: str) -> None:
    wide, high = FRONTS[form]
    for seed in range(4):
        shape = body(form, 0.25, RANDOM(seed))
        across, upward = print_scale(shape)
        assert across * shape.front / wide == pytest.approx(upward / high, rel=0.09)


def test_the_front_looks_toward_the_camera() -> None:
    patch = box(0.2, 0.1, 0.3).patches[0]
    middle = np.abs(patch.uv[0, :, 0] - 0.5).argmin()
    assert patch.points[0, middle] == pytest.approx((0, -0.05, 0), abs=1e-6)
    left = np.abs(patch.uv[0, :, 0] - 0.3).argmin()
    assert patch.points[0, left, 0] < 0


def test_a_print_around_keeps_its_front_in_the_middle() -> None:
    for form in ("box", "tin"):
        printed = around(FRONT, form, 0.4, RANDOM(1))
        assert printed.numbers.shape == printed.rgb.shape[:2] == (60, 105)
        left = (105 - 42) // 2
        assert np.array_equal(printed.numbers[:, left : left + 42], FRONT.numbers)
        assert printed.numbers.sum() == FRONT.numbers.sum()
        assert np.array_equal(printed.rgb[:, left : left + 42], FRONT.rgb)


@pytest.mark.skipif(bool(fonts.missing_packages()), reason="fonts are missing")
def test_a_sticker_hides_part_of_an_octagon_that_is_still_known_whole() -> None:
    printed = around(FRONT, "bag", 1.0, RANDOM(1))
    hidden = [with_sticker(printed, RANDOM(seed)) for seed in range(8)]
    assert all(np.array_equal(one.whole, FRONT.numbers) for one in hidden)
    assert all(0 <= one.numbers.sum() <= 100 for one in hidden)
    assert any(0 < one.numbers.sum() < 100 for one in hidden)
