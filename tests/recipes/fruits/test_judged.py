"""Pictures that only judge: chosen once, listed by content, never trained or validated on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from recipes.fruits.evaluation_set import held_back_photos, judged_photos, trained_photos
from recipes.fruits.judged import changed_pictures, judged_names
from recipes.fruits.labels import labeled_photos
from recipes.fruits.settings import Settings, read_settings
from recipes.fruits.split import write_judged, write_split
from recipes.fruits.training_data import held_back, load_training_data


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Twelve tiles of four photos, of one label, and two pictures of another source."""
    rng = np.random.default_rng(1)
    for folder, names in {
        "tiles": [f"p{photo}_{tile}" for photo in range(4) for tile in range(3)],
        "other": ["a", "b"],
    }.items():
        for kind in ("images", "labels"):
            (tmp_path / folder / kind).mkdir(parents=True)
        for name in names:
            noise = rng.integers(0, 255, (8, 10, 3), dtype=np.uint8)
            cv2.imwrite(
                str(tmp_path / folder / "images" / f"{name}.png"), cv2.resize(noise, (60, 60))
            )
            (tmp_path / folder / "labels" / f"{name}.txt").write_text("0 0.5 0.5 0.4 0.5\n")
    (tmp_path / "scene.txt").write_text("p3_0.png\np3_1.png\np3_2.png\n")
    file = tmp_path / "small.toml"
    file.write_text(
        'name = "small"\nlabels = ["apple"]\nto = "made"\nheld_back = "held_back.txt"\n'
        'judged = "judged.csv"\n'
        "anchors = [[10,10],[20,20],[30,30],[40,40],[50,50],[60,60]]\n"
        '[[photos]]\nfolder = "tiles/images"\nlabels = "tiles/labels"\ntiled = true\n'
        'one_scene = "scene.txt"\njudged = 3\nhold_back = 3\n'
        '[[photos]]\nfolder = "other/images"\nlabels = "other/labels"\njudged = -1\n'
        "[schedule]\npictures = 10\nphases = [{ share = 1.0, sizes = [64] }]\n"
    )
    return read_settings(file, root=tmp_path)


def test_judged_pictures_are_chosen_once_and_used_for_nothing_else(settings: Settings) -> None:
    assert write_judged(settings) == 5
    written = settings.judged.read_text(encoding="utf-8")
    assert write_judged(settings) == 5
    assert settings.judged.read_text(encoding="utf-8") == written
    assert write_split(settings) == 3
    judged, held = judged_names(settings.judged), held_back(settings)
    trained = {photo.name for photo in load_training_data(settings).photos}
    assert not judged & held
    assert not (judged | held) & trained
    assert len(trained) == 6
    assert {
        picture.name for source in judged_photos(settings).values() for picture in source
    } == judged
    assert {picture.name for picture in held_back_photos(settings, tiled=True)} == held
    assert {picture.name for picture in trained_photos(settings)} == trained


def test_tiles_of_one_photo_and_photos_of_one_scene_stay_together(settings: Settings) -> None:
    write_judged(settings)
    write_split(settings)
    for names in (judged_names(settings.judged), held_back(settings)):
        photos = {name.split("/")[-1][:2] for name in names if name.startswith("tiles/")}
        assert len(photos) == 1
        assert photos != {"p3"}, "the scene is trained on"


def test_a_scene_weighs_as_much_as_its_limit(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.fruits.training_data.SCENE_PHOTOS", 1)
    photos = load_training_data(settings).photos
    weights = {photo.name.split("/")[-1]: photo.weight for photo in photos}
    assert weights["p3_0.png"] == pytest.approx(weights["p0_0.png"] / 3)


def test_a_changed_picture_is_named(settings: Settings) -> None:
    write_judged(settings)
    pictures = {
        photo.name: photo.path
        for source in settings.photos
        for photo in labeled_photos(source, settings.labels)
    }
    assert changed_pictures(settings.judged, pictures) == []
    changed = pictures["other/images/a.png"]
    changed.write_bytes(changed.read_bytes() + b"\0")
    assert changed_pictures(settings.judged, pictures) == ["other/images/a.png"]


def test_the_shipped_list_is_of_the_pictures_that_are_here(shared_data: Path) -> None:
    if not (shared_data / "fruit_boxed").is_dir():
        pytest.skip("needs ../shared/data/fruit_boxed")
    settings = read_settings()
    pictures = {
        photo.name: photo.path
        for source in settings.photos
        if source.judged
        for photo in labeled_photos(source, settings.labels)
    }
    names = judged_names(settings.judged)
    assert names <= pictures.keys()
    assert changed_pictures(settings.judged, pictures) == []
    assert not names & held_back(settings)
