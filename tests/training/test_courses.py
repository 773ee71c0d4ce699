"""A training of several courses: which comes when, at what rate, with what pictures."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

from training.material import Material, Photo
from training.settings import DEFAULT, Course, Phase, Settings, read_settings
from training.train import feed, place, rate_at, scaled

pytestmark = pytest.mark.training


def course(pictures: int, size: int, *, rate: float = 0.002, strict: bool = False) -> Course:
    phases = (Phase(0.5, (size,), calm=False), Phase(0.5, (size + 32,), calm=True))
    return Course(pictures, 4, phases, rate, strict)


TWO = (course(16, 64), course(8, 128, rate=0.001, strict=True))


@pytest.fixture
def settings() -> Settings:
    return replace(read_settings(), schedule=TWO)


@pytest.fixture
def material() -> Material:
    rows = np.array([[0, 20, 20, 60, 60]], np.float32)
    return Material((Photo("p", np.full((80, 80, 3), 90, np.uint8), rows, 1.0),), (), ())


def test_courses_follow_each_other() -> None:
    assert [place(TWO, done) for done in (0, 15, 16, 23, 24)] == [
        (TWO[0], 0),
        (TWO[0], 15),
        (TWO[1], 0),
        (TWO[1], 7),
        (TWO[1], 8),
    ]


def test_the_rate_falls_once_in_each_course() -> None:
    long = [replace(one, pictures=100_000) for one in TWO]
    for one in long:
        rates = [rate_at(one, done) for done in range(0, 100_001, 500)]
        top = int(np.argmax(rates))
        assert 0 < top < 20, "warmed up before"
        assert rates[top] == pytest.approx(one.rate, rel=0.02)
        assert all(np.diff(rates[top:]) < 0)
        assert rates[-1] == pytest.approx(one.rate / 100)


@pytest.mark.parametrize("done", [0, 4, 12, 16, 20])
def test_a_run_goes_on_with_the_pictures_of_its_place(
    settings: Settings, material: Material, done: int
) -> None:
    all_sizes = [64, 64, 96, 96, 128, 160]
    batches = list(feed(material, settings, done=done, workers=0))
    assert [pictures.shape[1] for pictures, _ in batches] == all_sizes[done // 4 :]


def test_another_number_of_pictures_keeps_the_proportions(
    settings: Settings, material: Material
) -> None:
    longer = replace(settings, schedule=scaled(TWO, 48))
    assert [one.pictures for one in longer.schedule] == [32, 16]
    first = next(islice(feed(material, longer, done=32, workers=0), 1))
    assert first[0].shape == (4, 128, 128, 3)


def test_a_single_schedule_is_told_how_to_be_written(tmp_path: Path) -> None:
    file = tmp_path / "old.toml"
    text = DEFAULT.read_text(encoding="utf-8").split("[[schedule]]")[0]
    file.write_text(text + "[schedule]\npictures = 10\nphases = []\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"write \[\[schedule\]\]"):
        read_settings(file)
