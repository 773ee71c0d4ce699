"""The split: made by content, kept, and never between pictures that look alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from countlab.training.dataset import assign_parts
from countlab.training.lab import read_lab
from countlab.training.material import Form, read_folder
from countlab.training.split import PARTS, read_split, split
from tests.classifiers.conftest import draw

FORM = Form((24, 24), (28, 28))
KINDS = ("discs", "bars", "checks")
SHARES = (0.5, 0.25, 0.25)


def test_near_duplicates_share_a_part(shapes: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        for path in sorted((shapes / kind).iterdir()):
            pixels = np.asarray(cv2.imread(str(path)), np.uint8)
            cv2.imwrite(str(tmp_path / kind / path.name), pixels)
            again = tmp_path / kind / f"{path.stem}-again.jpg"
            cv2.imwrite(str(again), cv2.resize(pixels, (64, 64)), [cv2.IMWRITE_JPEG_QUALITY, 80])
            mirrored = tmp_path / kind / f"{path.stem}-mirrored.png"
            cv2.imwrite(str(mirrored), pixels[:, ::-1])
    examples = read_folder(tmp_path, KINDS, FORM)
    parts = dict(zip((e.name for e in examples), split(examples, SHARES), strict=True))
    for kind in KINDS:
        for number in range(30):
            name = f"{kind}/{number:02}"
            same = {parts[f"{name}{ending}"] for ending in (".png", "-again.jpg", "-mirrored.png")}
            assert len(same) == 1, name


def test_every_part_gets_about_its_share_of_each_class(shapes: Path) -> None:
    examples = read_folder(shapes, KINDS, FORM)
    parts = split(examples, SHARES)
    for part, share in zip(PARTS, SHARES, strict=True):
        for label in range(3):
            pairs = zip(examples, parts, strict=True)
            number = sum(e.label == label and own == part for e, own in pairs)
            assert abs(number - 30 * share) <= 5


def test_names_and_order_do_not_matter(shapes: Path) -> None:
    examples = read_folder(shapes, KINDS, FORM)
    forwards = dict(zip((e.digest for e in examples), split(examples, SHARES), strict=True))
    turned = examples[::-1]
    backwards = dict(zip((e.digest for e in turned), split(turned, SHARES), strict=True))
    assert forwards == backwards


def test_pictures_added_later_move_no_other(shapes: Path, tmp_path: Path) -> None:
    lab = read_lab(tmp_path, classes=KINDS)
    kept = tmp_path / "split.csv"
    examples = read_folder(shapes, KINDS, FORM)
    first = assign_parts(lab, examples, kept, own=tmp_path / "none.csv")
    more = tmp_path / "more"
    for kind in KINDS:
        (more / kind).mkdir(parents=True)
        for number in range(30, 40):
            cv2.imwrite(str(more / kind / f"{number}.png"), draw(kind, number))
    both = [*read_folder(more, KINDS, FORM), *examples]
    second = assign_parts(lab, both, kept, own=tmp_path / "none.csv")
    assert second.parts[30:] == first.parts
    assert len(read_split(kept)) == 120


def test_fingerprints_tell_different_scenes_apart() -> None:
    from countlab.imaging.fingerprint import fingerprint, near_pairs

    random = np.random.default_rng(3)
    scenes = []
    for _ in range(40):
        rough = random.integers(0, 255, (9, 9, 3), np.uint8)
        scene = cv2.resize(rough, (120, 90), interpolation=cv2.INTER_CUBIC)
        scenes.append(np.asarray(scene, np.uint8))
    assert near_pairs([fingerprint(scene) for scene in scenes]) == []


def test_parts_that_a_source_settles_are_kept(shapes: Path) -> None:
    examples = read_folder(shapes, KINDS, FORM)
    wanted = [PARTS[at % 3] for at in range(len(examples))]
    settled = [
        replace(entry, part=part, fingerprint=None)
        for entry, part in zip(examples, wanted, strict=True)
    ]
    assert split(settled, SHARES) == wanted
