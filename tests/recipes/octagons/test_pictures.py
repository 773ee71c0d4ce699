"""The lab's pictures: the same everywhere, with the truth beside them, split by design."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from recipes.octagons import fonts
from recipes.octagons.designs import PARTS, design, parts
from recipes.octagons.explain import share_inside
from recipes.octagons.lookalikes import SHAPES
from recipes.octagons.photograph import PIXELS, photograph
from recipes.octagons.pictures import CLASSES, Order, render
from recipes.octagons.truth import Picture, TrueOctagon, read_part
from recipes.octagons.warning_labels import COUNTRIES, KINDS, Country, warning_label

missing = fonts.missing_packages()
pytestmark = pytest.mark.skipif(
    bool(missing), reason=f"fonts of {', '.join(missing)} are missing (make system-packages)"
)
DESIGNS = 6
SAMPLE = Path(__file__).parents[3] / "labs" / "octagons" / "sample"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("octagons")
    assert render(Order(out, designs=DESIGNS), say=lambda _: None) == 2 * DESIGNS
    return out


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digests(folder: Path) -> dict[str, str]:
    paths = sorted((folder / "pictures").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_the_same_numbers_make_the_same_pictures(rendered: Path, tmp_path: Path) -> None:
    render(Order(tmp_path, designs=DESIGNS), processes=2, say=lambda _: None)
    assert digests(tmp_path) == digests(rendered)


def test_what_is_there_is_not_rendered_again(rendered: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (rendered / "pictures").iterdir()}
    (rendered / "truth" / "d0004.json").unlink()
    assert render(Order(rendered, designs=DESIGNS), say=lambda _: None) == 2 * DESIGNS
    changed = {p.name for p, then in before.items() if p.stat().st_mtime_ns != then}
    assert changed == {"d0004-0.jpg", "d0004-1.jpg"}


def test_boxes_lie_on_octagons(rendered: Path) -> None:
    """Black ink with white words: dark in the middle of the range, and never one flat colour."""
    pictures = [p for part in PARTS for p in read_part(rendered, part) if p.octagons]
    assert pictures
    for picture in pictures:
        grey = cv2.imread(str(picture.path), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        assert grey.shape == (PIXELS, PIXELS)
        for octagon in picture.octagons:
            left, top, right, bottom = (round(v) for v in octagon.box)
            inner = grey[top:bottom, left:right]
            assert np.median(inner) < 120, (picture.path.name, octagon)
            assert inner.std() > 12


def test_labels_say_what_the_boxes_say(rendered: Path) -> None:
    for row in rows_of(rendered):
        text = (rendered / "boxes" / f"{Path(row['file']).stem}.txt").read_text()
        assert len(text.splitlines()) == int(row["octagons"])
        assert row["label"] == CLASSES[row["octagons"] == "0"]


def test_no_design_straddles_the_split(rendered: Path) -> None:
    found = defaultdict(set)
    for row in rows_of(rendered):
        found[row["group"]].add(row["part"])
    assert all(len(its) == 1 for its in found.values())


def test_the_split_is_stratified_and_does_not_change() -> None:
    found = parts(1200)
    shares = Counter(found)
    assert shares["train"] == 840
    assert shares["validation"] == shares["test"] == 180
    assert sum(part == "test" for part in found[::5]) == 36
    assert found == parts(1200)


def test_one_design_in_five_has_octagons_and_some_mislead() -> None:
    designs = [design(number, seed=19) for number in range(400)]
    assert all(bool(one.kinds) == (one.number % 5 == 0) for one in designs)
    assert {kind for one in designs for kind in one.kinds} == set(KINDS)
    assert {shape for one in designs for shape in one.lookalikes} == set(SHAPES)
    assert 0.25 < np.mean([bool(one.lookalikes) for one in designs]) < 0.5


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.name)
def test_every_label_is_an_octagon_with_words(country: Country) -> None:
    for kind in country.nutrients:
        label = warning_label(country, kind, 0, fonts.WARNING[0])
        opaque = np.asarray(label)[:, :, 3] > 127
        assert 0.80 < opaque.mean() < 0.86  # an octagon fills 83 % of its square
        assert not opaque[0, 0]


def test_an_octagon_is_seen_in_each_picture_of_its_design() -> None:
    for number in (0, 5, 10):
        taken = photograph(design(number, seed=77), 0)
        assert taken.octagons
        assert all(o.side >= 13 and o.hidden <= 0.5 for o in taken.octagons)


def test_missing_fonts_are_named_with_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts._files.cache_clear()
    try:
        with pytest.raises(SystemExit, match=r"apt-get install .*fonts-liberation"):
            fonts.require_fonts()
    finally:
        fonts._files.cache_clear()


def test_the_sample_is_a_dataset() -> None:
    from countlab.datasets.labels import labels_that_hold

    labels = Counter(row.label for row in labels_that_hold(SAMPLE).values())
    assert labels == {"con_octogono": 12, "sin_octogono": 48}
    assert all((SAMPLE / row["file"]).is_file() for row in rows_of(SAMPLE))


def test_the_share_of_a_map_within_the_boxes() -> None:
    octagon = TrueOctagon("fat octagon", (100, 100, 200, 200))
    picture = Picture(Path("a"), (octagon,), (), "white", "box")
    inside = np.zeros((50, 50))
    inside[13:17, 13:17] = 1
    assert share_inside(inside, picture, (500, 500)) > 0.95
    assert share_inside(np.ones((50, 50)), picture, (500, 500)) == pytest.approx(0.04, abs=0.01)
    assert share_inside(-np.ones((50, 50)), picture, (500, 500)) == 0
