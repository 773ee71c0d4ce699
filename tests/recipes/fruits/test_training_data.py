"""Training data: boxes as in the label files, and nothing that is held back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from recipes.fruits.labels import IGNORED, labeled_photos
from recipes.fruits.settings import ROOT, PhotoSource, Settings, read_settings
from recipes.fruits.split import choose, write_split
from recipes.fruits.training_data import held_back, load_training_data

LABELS = ("apple", "pear")
HEADER = "picture,action,label,x1,y1,x2,y2\n"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six photos of noise, 100 x 80, each with one YOLO box."""
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(6):
        noise = rng.integers(0, 255, (8, 10, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"p{number}.png"), cv2.resize(noise, (100, 80)))
        (folder / f"p{number}.txt").write_text(f"{number % 2} 0.5 0.5 0.4 0.5\n")
    return folder


def source(folder: Path, *mended: Path, only_mended: bool = False) -> PhotoSource:
    return PhotoSource(folder, mended, (), only_mended, hold_back=2, share=1.0)


def test_yolo_boxes_are_converted_to_pixels(photos: Path) -> None:
    first = labeled_photos(source(photos), LABELS)[0]
    assert first.rows == [(0, 30.0, 20.0, 70.0, 60.0)]


def test_voc_boxes_are_read_unchanged(photos: Path) -> None:
    (photos / "p0.xml").write_text(
        "<annotation><size><width>0</width></size><object><name>pear</name><bndbox><xmin>1</xmin>"
        "<ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )
    assert labeled_photos(source(photos), LABELS)[0].rows == [(1, 1.0, 2.0, 30.0, 40.0)]


def test_hidden_fruit_of_a_rendered_scene_is_ignored(photos: Path) -> None:
    (photos / "p0.txt").write_text("pear 1 2 30 40 1.000\napple 5 6 7 8 0.120\n")
    rows = labeled_photos(source(photos), LABELS)[0].rows
    assert rows == [(1, 1, 2, 30, 40), (IGNORED, 5, 6, 7, 8)]


def test_corrections_replace_the_boxes_of_a_photo(photos: Path, tmp_path: Path) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text(
        HEADER + "p0.png,box,pear,1,2,3,4\np0.png,ignore,,5,6,7,8\np1.png,skip,,,,,\n"
    )
    rows_by_name = {
        photo.path.name: photo.rows for photo in labeled_photos(source(photos, mended), LABELS)
    }
    assert rows_by_name["p0.png"] == [(1, 1, 2, 3, 4), (IGNORED, 5, 6, 7, 8)]
    assert "p1.png" not in rows_by_name
    assert len(rows_by_name) == 5
    corrected_only = labeled_photos(source(photos, mended, only_mended=True), LABELS)
    assert [photo.path.name for photo in corrected_only] == ["p0.png"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("p0.png,boxx,pear,1,2,3,4", "allowed: box, ignore, skip, lookalike"),
        ("p0.png,box,plum,1,2,3,4", "the labels are apple, pear"),
    ],
)
def test_invalid_correction_is_refused_with_the_allowed_values(
    photos: Path, tmp_path: Path, line: str, message: str
) -> None:
    mended = tmp_path / "mended.csv"
    mended.write_text(HEADER + line + "\n")
    with pytest.raises(ValueError, match=message):
        labeled_photos(source(photos, mended), LABELS)


def small_settings(tmp_path: Path, extra: str = "") -> Settings:
    """The settings of a small configuration file beside the photos."""
    file = tmp_path / "small.toml"
    file.write_text(
        'name = "small"\nlabels = ["apple", "pear"]\nto = "made"\nheld_back = "held_back.txt"\n'
        "anchors = [[10,10],[20,20],[30,30],[40,40],[50,50],[60,60]]\n"
        '[[photos]]\nfolder = "photos"\nhold_back = 2\n'
        "[schedule]\npictures = 10\nphases = [{ share = 1.0, sizes = [64] }]\n" + extra
    )
    return read_settings(file, root=tmp_path)


@pytest.mark.usefixtures("photos")
def test_held_back_photos_are_not_loaded(tmp_path: Path) -> None:
    settings = small_settings(tmp_path)
    assert len(load_training_data(settings).photos) == 6
    assert write_split(settings) == 2
    assert write_split(settings) == 0, "the split is made once"
    names = {photo.name for photo in load_training_data(settings).photos}
    assert len(names) == 4
    assert not names & held_back(settings)


def test_photos_of_bunches_weigh_more(photos: Path, tmp_path: Path) -> None:
    two_boxes = "0 0.5 0.5 0.4 0.5\n{label} 0.55 0.5 0.4 0.5\n"
    (photos / "p0.txt").write_text(two_boxes.format(label=0))
    (photos / "p1.txt").write_text(two_boxes.format(label=1))  # an apple beside a pear is no bunch
    settings = small_settings(tmp_path)
    (source,) = settings.photos
    weighted = replace(settings, photos=(replace(source, bunched=3.0),))
    weights = [photo.weight for photo in load_training_data(weighted).photos]
    assert weights == pytest.approx([3 / 8] + [1 / 8] * 5)


def test_near_duplicates_are_held_back_together(photos: Path) -> None:
    twin = cv2.imread(str(photos / "p0.png"))
    assert twin is not None
    cv2.imwrite(str(photos / "p9.png"), np.clip(twin.astype(int) + 3, 0, 255).astype(np.uint8))
    (photos / "p9.txt").write_text("0 0.5 0.5 0.4 0.5\n")
    boxed = labeled_photos(source(photos), LABELS)
    for seed in range(8):
        names = {name.split("/")[-1] for name in choose(boxed, 3, seed=seed)}
        assert len(names & {"p0.png", "p9.png"}) in (0, 2)


@pytest.mark.usefixtures("photos")
def test_bunch_has_a_box_for_each_visible_fruit(tmp_path: Path) -> None:
    folder = tmp_path / "cut" / "cluster"
    folder.mkdir(parents=True)
    cutout = np.full((640, 320, 4), 255, np.uint8)
    cutout[0] = 0  # a WebP without transparency keeps no alpha
    cv2.imwrite(str(folder / "0000.webp"), cutout)
    fruits = [{"box": [0, 0, 100, 200], "visible": 1}, {"box": [9, 9, 99, 99], "visible": 0.1}]
    (folder / "0000.json").write_text(json.dumps({"pears": fruits}))
    settings = small_settings(
        tmp_path,
        '[[cutouts]]\nfolder = "cut"\nbunches = { cluster = "pear" }\n'
        "share = 0.4\nbunch_share = 0.9\n",
    )
    (bunch,) = load_training_data(settings).cutouts
    assert bunch.weight == 0.9
    assert bunch.label == 1
    assert bunch.parts.tolist() == [[0, 0, 50, 100]], "reduced with the picture"


@pytest.mark.usefixtures("photos")
def test_picture_listed_as_not_empty_is_no_background(tmp_path: Path) -> None:
    folder = tmp_path / "grounds"
    (folder / "shelf").mkdir(parents=True)
    for name in ("a", "b"):
        cv2.imwrite(str(folder / "shelf" / f"{name}.jpg"), np.zeros((20, 20, 3), np.uint8))
    (tmp_path / "not_empty.txt").write_text("# shows a pear\nshelf/b.jpg\n")
    entry = '[[empty]]\nfolder = "grounds"\nbut = "not_empty.txt"\n'
    backgrounds = load_training_data(small_settings(tmp_path, entry)).backgrounds
    assert [background.name for background in backgrounds] == [
        f"{tmp_path.name}/grounds/shelf/a.jpg"
    ]


def test_missing_configuration_keys_are_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('name = "x"\nlabels = ["a"]\n')
    with pytest.raises(ValueError, match="lacks photos, schedule, to"):
        read_settings(file)


def test_default_configuration_is_valid() -> None:
    settings = read_settings()
    assert settings.labels == ("apple", "banana", "orange", "lemon")
    assert abs(sum(phase.share for phase in settings.schedule.phases) - 1) < 1e-9
    assert settings.to == ROOT / "countlab" / "models" / "data" / "fruits"
